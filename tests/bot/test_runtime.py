"""Two machines' workers and senders on one database: everybody is answered once, in order."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import pytest

from bot import delivery
from bot.channels.base import ChannelDownError, Received
from bot.pace import Pace
from bot.runtime import Runtime
from intents.knowledge import Knowledge
from intents.turn import Inbound, Kind, Reply
from storage.migrate import upgrade
from storage.records import EventName
from storage.unit_of_work import Storage
from tests.bot.parts import BOT, CHANNEL, DISHES, ERASE, FAREWELL, KEYS, RETENTION, Clock, answered, said

PEOPLE = [f"person {number}" for number in range(20)]
MOST_SECONDS = 60.0
"""Far more than it takes: reached only when something hangs."""


class Mailbox:
    """A channel that keeps what each person got, and tells when enough arrived; both processes share it."""

    name = CHANNEL
    bot = BOT

    def __init__(self, enough: int) -> None:
        self.got: dict[str, list[str]] = defaultdict(list)
        self.expect(enough)

    def expect(self, enough: int) -> None:
        self.left = enough
        self.all_arrived = asyncio.Event()

    async def send(self, address: Mapping[str, str], reply: Reply, skip: int = 0) -> None:
        await asyncio.sleep(0)
        self.got[address["chat"]].append(reply.text.partition("\n\n")[0])
        self.left -= 1
        if not self.left:
            self.all_arrived.set()

    async def complete(self) -> None:
        async with asyncio.timeout(MOST_SECONDS):
            await self.all_arrived.wait()


def fast() -> Pace:
    return Pace(10_000, 10_000)


Start = Callable[[str], Awaitable[Runtime]]


@pytest.fixture
async def start(tiny: Knowledge) -> AsyncIterator[Start]:
    """Return what opens one machine's share of the work on a database."""
    opened: list[Storage] = []

    async def start(url: str) -> Runtime:
        await upgrade(url)
        opened.append(Storage(url))
        owner = f"machine-{len(opened)}:1:run"
        return Runtime(storage=opened[-1], knowledge=tiny, keys=KEYS, retention=RETENTION, owner=owner)

    yield start
    for storage in opened:
        await storage.close()


async def say(runtime: Runtime, user: str, text: str, message_id: str) -> bool:
    message = Received(CHANNEL, BOT, message_id, user, {"chat": user}, Inbound(Kind.TEXT, text))
    return await runtime.intake.accept(message)


async def test_200_messages_of_20_people_through_two_processes(start: Start, database_url: str) -> None:
    one, two = await start(database_url), await start(database_url)
    mailbox = Mailbox(len(PEOPLE) * len(DISHES))
    chance = random.Random(20)  # noqa: S311 - the same order in every run

    async def ask(user: str) -> None:
        for dish in DISHES:
            door = chance.choice((one, two))
            assert await say(door, user, said(dish), f"{user} {dish}")
            if chance.random() < 0.2:
                assert not await say(one if door is two else two, user, said(dish), f"{user} {dish}")

    async with one.running([(mailbox, fast())]), two.running([(mailbox, fast())]):
        await asyncio.gather(*(ask(user) for user in PEOPLE))
        await mailbox.complete()
    assert dict(mailbox.got) == {user: [answered(dish) for dish in DISHES] for user in PEOPLE}
    assert await counts(one) == {EventName.PERSON_STARTED: 20, EventName.TURN_ANSWERED: 200}


async def counts(runtime: Runtime) -> dict[EventName, int]:
    async with runtime.storage.reading() as unit:
        names = await unit.journal.counts(runtime.clock() - RETENTION, runtime.clock() + RETENTION)
    return {name: number for name, number in names.items() if name is not EventName.RETENTION_PURGED}


async def test_who_stops_hands_over_at_once(start: Start, sqlite_url: str) -> None:
    one, two = await start(sqlite_url), await start(sqlite_url)
    standing = Clock()
    one.clock = two.clock = standing
    for runtime, dish in ((one, 1), (two, 2)):
        mailbox = Mailbox(1)
        async with runtime.running([(mailbox, fast())]):
            await say(runtime, "an", said(dish), f"{dish}")
            await mailbox.complete()
        assert mailbox.got == {"an": [answered(dish)]}


class Rough(Mailbox):
    """A channel that is down the first time each text is sent."""

    def __init__(self, enough: int) -> None:
        super().__init__(enough)
        self.failed: set[tuple[str, str]] = set()

    async def send(self, address: Mapping[str, str], reply: Reply, skip: int = 0) -> None:
        sent = (address["chat"], reply.text)
        if sent not in self.failed:
            self.failed.add(sent)
            raise ChannelDownError
        await super().send(address, reply, skip)


async def test_a_rough_channel_changes_neither_number_nor_order(
    start: Start, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "FIRST_WAIT", 0)
    runtime = await start(sqlite_url)
    mailbox = Rough(12)
    chance = random.Random(1)  # noqa: S311 - the same order in every run
    asked = [(user, dish) for user in PEOPLE[:3] for dish in range(4)]
    chance.shuffle(asked)
    async with runtime.running([(mailbox, fast())]):
        for user, dish in asked:
            await say(runtime, user, said(dish), f"{user} {dish}")
        await mailbox.complete()
    expected: dict[str, list[str]] = defaultdict(list)
    for user, dish in asked:
        expected[user].append(answered(dish))
    assert mailbox.got == expected


async def test_somebody_is_erased_amid_the_bustle(start: Start, sqlite_url: str) -> None:
    runtime = await start(sqlite_url)
    mailbox = Mailbox(5)
    async with runtime.running([(mailbox, fast())]):
        for user in PEOPLE[:5]:
            await say(runtime, user, said(1), f"{user} 1")
        await mailbox.complete()
        mailbox.expect(1)
        await say(runtime, PEOPLE[0], ERASE, "erase")
        await mailbox.complete()
    assert mailbox.got[PEOPLE[0]] == [answered(1), FAREWELL]
    async with runtime.storage.reading() as unit:
        found = [await unit.conversations.find(KEYS.key(CHANNEL, BOT, user)) for user in PEOPLE[:5]]
    assert [one is None for one in found] == [True, False, False, False, False]
