"""One message after the other: what a turn stores, what a crash leaves, and what an erasure does not."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing

import pytest

from bot.channels.base import Received
from bot.conversation import LEASE, MAX_ATTEMPTS, REPLY
from bot.jobs import SOON, Jobs
from intents.turn import DialogueState, Inbound, Kind
from storage.db import parse_url
from storage.errors import DatabaseUnavailableError
from storage.records import ClaimedConversation, EventName
from storage.unit_of_work import Storage, UnitOfWork
from tests.bot.parts import (
    BOT,
    CHANNEL,
    ERASE,
    FAREWELL,
    KEYS,
    POISON,
    SECOND,
    House,
    Scripted,
    answered,
    bytes_on_disk,
    delivers,
    said,
)


class Interrupted(Storage):
    """A storage that something happens to between the claim and the storing of what was decided."""

    def __init__(self, url: str, happens: Callable[[], Awaitable[None]]) -> None:
        super().__init__(url)
        self.happens = happens
        self.units = 0

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[UnitOfWork]:
        self.units += 1
        if self.units == 2:
            await self.happens()
        async with super().writing() as unit:
            yield unit


class Failing(Storage):
    """A storage that goes away when the given commit is asked for."""

    def __init__(self, url: str, fails_at: int) -> None:
        super().__init__(url)
        self.fails_at = fails_at
        self.commits = 0

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[UnitOfWork]:
        self.commits += 1
        async with super().writing() as unit:
            yield unit if self.commits != self.fails_at else _Lost(unit)


class _Lost(UnitOfWork):
    def __init__(self, unit: UnitOfWork) -> None:
        super().__init__(unit._connection)  # noqa: SLF001 - the same unit, but for its commit

    async def commit(self) -> None:
        raise DatabaseUnavailableError("the database went away")


class Occupied(Storage):
    """A storage whose readers are in the way of clearing."""

    readers = True

    async def scrub(self) -> bool:
        return not self.readers and await super().scrub()


async def claim(house: House, owner: str) -> ClaimedConversation | None:
    async with house.storage.writing() as unit:
        claimed = await unit.conversations.claim(owner, house.clock(), LEASE)
        await unit.commit()
    return claimed[0] if claimed else None


async def replies(house: House) -> list[str]:
    """Send all that is due and return its texts in the order of sending."""
    channel = Scripted()
    sender = house.sender(channel)
    while await delivers(sender):
        pass
    await sender.lease.release()
    return channel.texts


async def state(house: House) -> DialogueState | None:
    """Read the state as the next worker finds it."""
    await house.receives("tin sau", first=99)
    claimed = await claim(house, "reader")
    assert claimed is not None
    async with house.storage.writing() as unit:
        await unit.conversations.release([claimed])
        await unit.commit()
    return DialogueState(**json.loads(claimed.state)) if claimed.state else None


def without_intro(texts: list[str]) -> list[str]:
    return [text.partition("\n\n")[0] for text in texts]


# A turn


async def test_nothing_waits(house: House) -> None:
    assert not await house.worker().work()
    assert house.woken == []


async def test_a_message_is_answered_and_the_senders_are_told(house: House) -> None:
    await house.receives(said(1))
    assert await house.worker().work()
    assert house.woken == ["workers", "senders"]
    (reply,) = await house.due()
    assert REPLY.validate_json(reply.body).text.startswith(answered(1))
    assert not await house.worker().work()


async def test_a_turn_is_journalled_with_its_outcome_and_without_its_text(
    house: House, sqlite_url: str
) -> None:
    await house.receives(said(1), "nhảy lò cò quanh sân", "thả diều")
    await house.worker().work()
    assert await house.counts() == {
        EventName.PERSON_STARTED: 1,
        EventName.TURN_ANSWERED: 1,
        EventName.TURN_NOT_UNDERSTOOD: 2,
    }
    with closing(sqlite3.connect(parse_url(sqlite_url).database or "")) as database:
        rows = database.execute(
            "SELECT name, topic, value, inbox_id, data FROM journal ORDER BY id"
        ).fetchall()
    assert [row[:4] for row in rows] == [
        ("person:started", "", "", None),
        ("turn:answered", "dish-1", "1", 1),
        ("turn:not_understood", "", "1", 2),
        ("turn:not_understood", "", "1", 3),
    ]
    assert all(set(json.loads(row[4])) <= {"ms", "score"} for row in rows)


async def test_state_goes_from_message_to_message_within_one_claim(house: House) -> None:
    await house.receives(said(1), said(2), said(3))
    assert await house.worker().work()
    texts = await replies(house)
    assert without_intro(texts) == [answered(1), answered(2), answered(3)]
    introduction = house.knowledge.say("intro", **house.knowledge.figures)
    assert [introduction in text for text in texts] == [True, False, False]
    kept = await state(house)
    assert kept is not None
    assert (kept.introduced, kept.topic) == (True, "dish-3")


async def test_state_goes_from_claim_to_claim(house: House) -> None:
    for number in (1, 2):
        await house.receives(said(number), first=number)
        await house.worker().work()
    assert "\n\n" not in (await replies(house))[1]


async def test_a_state_of_another_form_is_forgotten_and_no_obstacle(house: House) -> None:
    await house.receives(said(1))
    claimed = await claim(house, "an older version")
    assert claimed is not None
    async with house.storage.writing() as unit:
        await unit.conversations.save({claimed: '{"introduced": "perhaps", "aspect": "gone"}'})
        await unit.commit()
    await house.worker().work()
    assert await replies(house) == [answered(1)]


async def test_whose_message_waits_longest_is_answered_first(house: House) -> None:
    for user in ("an", "bình", "an"):
        await house.receives(said(1), user=user, first=len(house.woken))
    await house.worker().work()
    await house.worker().work()
    assert not await house.worker().work()
    channel = Scripted()
    sender = house.sender(channel)
    while await delivers(sender):
        pass
    assert sorted(user for user, _ in channel.sent) == ["an", "an", "bình"]


# One commit


async def test_all_that_waits_is_one_claim_and_one_commit(house: House, sqlite_url: str) -> None:
    for user in ("an", "bình", "chi"):
        await house.receives(said(1), said(2), user=user)
    counted = Failing(sqlite_url, fails_at=0)
    await house.worker(counted).work()
    assert counted.commits == 2, "the claim, and six turns of three people"
    assert len(await replies(house)) == 6
    await counted.close()


async def test_a_turn_that_was_not_committed_left_nothing_and_is_done_again(
    house: House, sqlite_url: str
) -> None:
    await house.receives(said(1))
    failing = Failing(sqlite_url, fails_at=2)
    with pytest.raises(DatabaseUnavailableError):
        await house.worker(failing).work()
    await failing.close()
    assert await house.due() == ()
    assert await house.counts() == {EventName.PERSON_STARTED: 1}
    assert await house.worker().work(), "the conversation was released"
    assert without_intro(await replies(house)) == [answered(1)]
    assert (await house.counts())[EventName.TURN_ANSWERED] == 1


async def test_who_lost_the_lease_drops_the_turn(house: House, sqlite_url: str) -> None:
    await house.receives(said(1))

    async def taken_over() -> None:
        house.clock.now += LEASE
        assert await claim(house, "somebody else")

    slow = Interrupted(sqlite_url, taken_over)
    assert await house.worker(slow).work()
    await slow.close()
    assert await house.due() == ()
    assert await house.counts() == {EventName.PERSON_STARTED: 1}
    house.clock.now += LEASE
    await house.worker().work()
    assert without_intro(await replies(house)) == [answered(1)]


# Messages that break something


async def test_a_message_that_cannot_be_decided_gets_an_apology_and_stops_nobody(house: House) -> None:
    await house.receives(POISON, said(2))
    assert await house.worker().work()
    assert await replies(house) == [house.knowledge.say("busy"), *_first(answered(2), house)]
    counts = await house.counts()
    assert (counts[EventName.TURN_FAILED], counts[EventName.TURN_ANSWERED]) == (1, 1)


def _first(text: str, house: House) -> list[str]:
    return [f"{text}\n\n{house.knowledge.say('intro', **house.knowledge.figures)}"]


async def test_an_unknown_kind_gets_an_apology(house: House) -> None:
    await house.intake.accept(
        Received(CHANNEL, BOT, "1", "an", {"chat": "an"}, Inbound("dance", "x"))  # type: ignore[arg-type] # a newer version's
    )
    await house.worker().work()
    assert await replies(house) == [house.knowledge.say("busy")]


async def test_a_message_that_ended_its_workers_three_times_is_given_up(house: House) -> None:
    await house.receives(said(1))
    for crash in range(MAX_ATTEMPTS):
        assert await claim(house, f"worker {crash}"), "claimed, and never seen again"
        house.clock.now += LEASE
    assert await house.worker().work()
    assert await replies(house) == [house.knowledge.say("busy")]
    assert (await house.counts())[EventName.TURN_FAILED] == 1
    assert not await house.worker().work()


async def test_a_message_that_waited_through_two_crashes_is_answered(house: House) -> None:
    await house.receives(said(1))
    for crash in range(MAX_ATTEMPTS - 1):
        assert await claim(house, f"worker {crash}")
        house.clock.now += LEASE
    await house.worker().work()
    assert without_intro(await replies(house)) == [answered(1)]


async def test_nobody_works_on_a_conversation_that_is_held(house: House) -> None:
    await house.receives(said(1))
    assert await claim(house, "one")
    assert not await house.worker(owner="two").work()
    house.clock.now += LEASE - SECOND
    assert not await house.worker(owner="two").work()
    house.clock.now += SECOND
    assert await house.worker(owner="two").work()


# Being forgotten


async def test_who_is_erased_gets_a_farewell_and_the_files_hold_nothing(
    house: House, sqlite_url: str
) -> None:
    jobs = Jobs(house.storage, house.clock)
    await jobs.work()
    await house.receives("món 7 của bà Trần Thị Mơ", user="884422")
    await house.works()
    assert len(await replies(house)) == 1
    await house.receives(ERASE, user="884422", first=2)
    await house.works()
    assert house.woken.count("jobs") == 0
    assert without_intro(await replies(house)) == [FAREWELL]
    assert house.woken.count("jobs") == 1, "all goes with the farewell"
    await jobs.work()
    remains = bytes_on_disk(sqlite_url)
    for word in ("Trần Thị Mơ", ERASE, FAREWELL, KEYS.key(CHANNEL, BOT, "884422"), answered(7)):
        assert word.encode() not in remains
    assert await house.conversation("884422") is None
    counts = await house.counts()
    assert counts[EventName.PERSON_ERASED] == 1


async def test_remains_that_could_not_be_cleared_are_cleared_soon(house: House, sqlite_url: str) -> None:
    occupied = Occupied(sqlite_url)
    jobs = Jobs(occupied, house.clock)
    await jobs.work()
    await house.receives("món 7 của bà Trần Thị Mơ", ERASE)
    await house.works()
    await replies(house)
    await jobs.work()
    async with house.storage.reading() as unit:
        assert await unit.jobs.next_due() == house.clock() + SOON
    occupied.readers = False
    house.clock.now += SOON
    await jobs.work()
    assert "Trần Thị Mơ".encode() not in bytes_on_disk(sqlite_url)
    await occupied.close()


async def test_who_was_erased_may_come_back_as_a_stranger(house: House) -> None:
    await house.receives(said(1), ERASE)
    await house.works()
    await house.receives(said(2), first=3)
    await house.works()
    texts = await replies(house)
    assert texts[-1] == _first(answered(2), house)[0], "introduced anew"
    assert (await house.counts())[EventName.PERSON_STARTED] == 2


async def test_an_erased_message_that_is_delivered_again_stays_a_repeat(house: House) -> None:
    await house.receives(ERASE)
    await house.works()
    repeat = Received(CHANNEL, BOT, "an-1", "an", {"chat": "an"}, Inbound(Kind.TEXT, ERASE))
    assert not await house.intake.accept(repeat)
    assert await house.conversation() is None


async def test_an_erasure_drops_replies_that_were_not_sent_yet(house: House) -> None:
    await house.receives(said(1), ERASE)
    await house.works()
    assert without_intro(await replies(house)) == [FAREWELL]


async def test_four_workers_share_the_work_of_ten_people(storage: Storage, house: House) -> None:
    house.storage = storage
    for user in range(10):
        await house.receives(said(1), said(2), user=f"user {user}")
    workers = [house.worker(owner=f"worker {number}") for number in range(4)]

    async def until_nothing_waits(number: int) -> None:
        while await workers[number].work():
            pass

    await asyncio.gather(*(until_nothing_waits(number) for number in range(4)))
    counts = await house.counts()
    assert counts[EventName.TURN_ANSWERED] == 20
    assert len(await replies(house)) == 20
