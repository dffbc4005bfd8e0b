"""The same dialogues through the whole house: intake, inbox, worker, journal, outbox, delivery, a channel."""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from bot.channels.base import Received
from bot.pace import Pace
from bot.runtime import Runtime
from intents.redact import MASK
from intents.turn import Inbound, Kind, Outcome, Reply
from storage.migrate import upgrade
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage
from tests.conversations.dialogues import Dialogue, Heard, Transcript, dialogues
from tests.real import real_knowledge

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.wired]

MORNING = dt.datetime(2026, 9, 1, 1, 0, tzinfo=dt.UTC)
PATIENCE = 10.0
"""Seconds until silence is a failure."""


@dataclass(slots=True)
class Recorder:
    """A channel that keeps what it is asked to send."""

    name: str = "recorder"
    bot: str = "bot"
    sent: asyncio.Queue[tuple[str, Reply]] = field(default_factory=asyncio.Queue)

    async def send(self, address: Mapping[str, str], reply: Reply, skip: int = 0) -> None:
        await self.sent.put((address["chat"], reply))


@dataclass(slots=True, repr=False)
class House:
    """Everything behind a channel, on a database of its own."""

    runtime: Runtime
    recorder: Recorder
    database: Path

    async def ask(self, person: str, number: int, inbound: Inbound) -> Reply:
        """Send a message in and return the one reply that comes out."""
        address = {"chat": person}
        received = Received("recorder", "bot", f"{person}#{number}", person, address, inbound)
        assert await self.runtime.intake.accept(received)
        to, reply = await asyncio.wait_for(self.recorder.sent.get(), PATIENCE)
        assert to == person
        return reply

    def turns_after(self, event: int) -> list[sqlite3.Row]:
        """Return what the journal says of turns since an event."""
        query = "SELECT * FROM journal WHERE id > ? AND name LIKE 'turn:%' ORDER BY id"
        with sqlite3.connect(self.database) as connection:
            connection.row_factory = sqlite3.Row
            rows = connection.execute(query, (event,)).fetchall()
        connection.close()
        return rows


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    database = tmp_path_factory.mktemp("wired") / "bot.db"
    url = f"sqlite+aiosqlite:///{database}"
    await upgrade(url)
    storage = Storage(url)
    keys = PersonKeys("a secret of the tests")
    runtime = Runtime(
        storage=storage,
        knowledge=real_knowledge(),
        keys=keys,
        retention=dt.timedelta(days=30),
        clock=lambda: MORNING,
    )
    recorder = Recorder()
    async with runtime.running([(recorder, Pace(10_000, 10_000))]):
        yield House(runtime, recorder, database)
    await storage.close()


async def test_a_message_that_comes_twice_is_answered_once(house: House) -> None:
    inbound = Inbound(Kind.TEXT, "đăng ký khai sinh")
    received = Received("recorder", "bot", "twice#0", "twice", {"chat": "twice"}, inbound)
    assert await house.runtime.intake.accept(received)
    assert not await house.runtime.intake.accept(received)
    await asyncio.wait_for(house.recorder.sent.get(), PATIENCE)
    await house.ask("twice", 1, Inbound(Kind.TEXT, "phí bao nhiêu"))
    assert house.recorder.sent.empty()


async def test_no_personal_number_and_no_address_reaches_the_database(house: House) -> None:
    text = "làm hộ chiếu, số tôi 0912345678, căn cước 001099012345"
    await house.ask("chat-4711", 0, Inbound(Kind.TEXT, text))
    with sqlite3.connect(house.database) as connection:
        stored = "\n".join(connection.iterdump())
    connection.close()
    assert MASK in stored
    assert not [secret for secret in ("0912345678", "001099012345", '"chat-4711"') if secret in stored]


@pytest.mark.parametrize("dialogue", [case for case in dialogues() if "(khong dau)" not in case.id])
async def test_dialogue(dialogue: Dialogue, house: House) -> None:
    transcript = Transcript(real_knowledge())
    event = max((row["id"] for row in house.turns_after(0)), default=0)
    for number, turn in enumerate(dialogue.turns):
        reply = await house.ask(dialogue.name, number, transcript.next(turn))
        told = house.turns_after(event)
        transcript.judge(turn, heard(reply, told))
        event = max((row["id"] for row in told), default=event)
    assert house.recorder.sent.empty()


def heard(reply: Reply, told: list[sqlite3.Row]) -> Heard:
    if not told:  # an erased person leaves no turn behind
        return Heard(Outcome.ANSWERED, reply.text, reply.buttons, (), None, "privacy")
    (row,) = told
    outcome = Outcome(row["name"].removeprefix("turn:"))
    offered = (button.payload.split(":") for button in reply.buttons)
    shown = tuple(parts[1] for parts in offered if parts[0] == "service")
    codes = (row["service"],) if outcome is Outcome.ANSWERED and row["service"] else shown
    return Heard(outcome, reply.text, reply.buttons, codes, row["aspect"] or None, row["topic"] or None)
