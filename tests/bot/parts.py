"""What most tests of `bot` begin with: content of a few topics, a clock that stands, a channel that obeys."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from bot.channels.base import Received
from bot.conversation import Conversation
from bot.delivery import Delivery
from bot.intake import Intake
from bot.known import Known
from bot.leases import Lease
from bot.pace import Pace
from content.files import ROOT, Reader
from content.models import Catalogue, Content, Places, Tones, Topic, Vocabulary
from intents.knowledge import Knowledge, prepare
from intents.tone import ASKED
from intents.turn import Inbound, Kind, Reply
from storage.records import EventName, OutgoingReply
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage

NOW = dt.datetime(2026, 7, 20, 1, 0, tzinfo=dt.UTC)
SECOND, DAY = dt.timedelta(seconds=1), dt.timedelta(days=1)
RETENTION = 30 * DAY
KEYS = PersonKeys("a secret of the tests")
CHANNEL, BOT = "scripted", "a_bot"
ERASE, FAREWELL = "xóa dữ liệu của tôi", "Đã xóa hết."
POISON = "món hỏng"
"""Deciding about it raises: its text asks for a figure that nobody has."""
DISHES = range(10)


def said(dish: int) -> str:
    return f"món {dish}"


def answered(dish: int) -> str:
    return f"Đây là món {dish}."


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> dt.datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds * SECOND


class Scripted:
    """A channel that sends to a list, or raises what its script says for a text, in turn."""

    name = CHANNEL
    bot = BOT

    def __init__(self, script: Mapping[str, list[Exception]] | None = None) -> None:
        self.script = {text: list(errors) for text, errors in (script or {}).items()}
        self.sent: list[tuple[str, str]] = []
        self.skipped: list[int] = []

    async def send(self, address: Mapping[str, str], reply: Reply, skip: int = 0) -> None:
        errors = self.script.get(reply.text)
        if errors:
            raise errors.pop(0)
        self.sent.append((address["chat"], reply.text))
        self.skipped.append(skip)

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.sent]


def tiny_knowledge() -> Knowledge:
    """Prepare a content of a few topics, with the real words and answers around them."""
    reader = Reader(ROOT)
    answers = {key: str(text) for key, text in reader.merged("answers/*.yaml").items()}
    vocabulary = reader.value(Vocabulary, reader.merged("vocabulary/*.yaml"), ROOT / "vocabulary")
    assert vocabulary is not None
    topics = [
        *(Topic(f"dish-{dish}", said(dish), answered(dish), (said(dish),)) for dish in DISHES),
        Topic("broken", POISON, "{a_figure_that_nobody_has}", (POISON,)),
        Topic("erased", "Xóa", FAREWELL, (ERASE,)),
    ]
    content = Content(
        catalogue=Catalogue("Cổng thử", dt.date(2026, 7, 17), {}),
        texts=(),
        families=(),
        topics={topic.id: topic for topic in topics},
        missing=(),
        places=Places({}, ()),
        answers=answers,
        vocabulary=vocabulary,
        tones=Tones(kinds=(ASKED,), bias=(0.0,), weights={}),
    )
    return prepare(content, RETENTION.days)


@dataclasses.dataclass(slots=True)
class House:
    """One storage with a door, a clock, and workers when they are called."""

    storage: Storage
    knowledge: Knowledge
    clock: Clock
    woken: list[str]

    @property
    def intake(self) -> Intake:
        return Intake(self.storage, KEYS, self.clock, RETENTION, lambda: self.woken.append("workers"))

    async def receives(self, *texts: str, user: str = "an", first: int = 1) -> None:
        for number, text in enumerate(texts, first):
            assert await self.intake.accept(a_message(text, f"{user}-{number}", user=user))

    def worker(self, storage: Storage | None = None, owner: str = "worker") -> Conversation:
        return Conversation(
            storage=storage or self.storage,
            known=Known(storage or self.storage, self.knowledge),
            clock=self.clock,
            owner=owner,
            retention=RETENTION,
            wake=lambda channels: self.woken.extend("senders" for _ in channels),
            tidy=lambda: self.woken.append("jobs"),
        )

    async def works(self) -> None:
        """Handle all that waits."""
        worker = self.worker()
        while await worker.work():
            pass

    def sender(self, channel: Scripted, storage: Storage | None = None, pace: Pace | None = None) -> Delivery:
        return Delivery(
            storage=storage or self.storage,
            keys=KEYS,
            clock=self.clock,
            channel=channel,
            lease=self.lease("sender"),
            pace=pace or Pace(10**9, 10**9),
            tidy=lambda: self.woken.append("jobs"),
            jitter=lambda: 1.0,
        )

    def lease(self, name: str, owner: str = "one") -> Lease:
        return Lease(self.storage, self.clock, name, owner)

    async def due(self) -> tuple[OutgoingReply, ...]:
        async with self.storage.reading() as unit:
            return await unit.outbox.due(CHANNEL, BOT, self.clock(), 100)

    async def conversation(self, user: str = "an") -> int | None:
        async with self.storage.reading() as unit:
            return await unit.conversations.find(KEYS.key(CHANNEL, BOT, user))

    async def counts(self) -> dict[EventName, int]:
        async with self.storage.reading() as unit:
            return await unit.journal.counts(NOW - DAY, NOW + 365 * DAY)


async def delivers(sender: Delivery) -> bool:
    """Let a sender begin what is due and wait until it is done; False when nothing was due."""
    busy = await sender.work()
    await sender.finish()
    return busy


def a_message(text: str, message_id: str = "1", *, user: str = "an", payload: str = "") -> Received:
    inbound = Inbound(Kind.BUTTON if payload else Kind.TEXT, text, payload)
    return Received(CHANNEL, BOT, message_id, user, {"chat": user}, inbound)


def bytes_on_disk(url: str) -> bytes:
    """Read all of what SQLite keeps in files."""
    file = Path(url.partition(":///")[2])
    return b"".join(part.read_bytes() for part in file.parent.glob(f"{file.name}*"))
