"""From the outbox to the people: what each answer of a channel leads to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Mapping

import pytest

from bot.channels.base import (
    ChannelBlockedError,
    ChannelBusyError,
    ChannelDownError,
    ChannelRefusedError,
)
from bot.conversation import REPLY
from bot.delivery import BATCH, LONGEST_WAIT, MAX_TRIES, Pace
from intents.turn import Reply
from storage.errors import DatabaseUnavailableError
from storage.records import EventName, NewReply
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage, UnitOfWork
from tests.bot.parts import BOT, CHANNEL, RETENTION, House, Scripted, a_message

WAITS = (2, 8, 32, 128, 512, 2048, LONGEST_WAIT)
"""Seconds between the tries of a reply while its channel is down."""
assert len(WAITS) == MAX_TRIES - 1


async def answer(house: House, *texts: str, user: str = "an") -> None:
    """Put replies to a person into the outbox, as a turn does."""
    await house.intake.accept(a_message("hỏi", f"{user}-0", user=user))
    conversation = await house.conversation(user)
    assert conversation is not None
    now = house.clock()
    bodies = [REPLY.dump_json(Reply(text)).decode() for text in texts]
    async with house.storage.writing() as unit:
        await unit.outbox.add(
            *(NewReply(conversation, CHANNEL, BOT, body, now, now + RETENTION) for body in bodies)
        )
        await unit.commit()


async def unsent(house: House) -> bool:
    async with house.storage.reading() as unit:
        return await unit.outbox.oldest_unsent() is not None


async def failures(house: House) -> int:
    return (await house.counts()).get(EventName.DELIVERY_FAILED, 0)


async def test_replies_go_out_in_order_one_of_a_conversation_at_a_time(house: House) -> None:
    await answer(house, "một", "hai", "ba")
    channel = Scripted()
    sender = house.sender(channel)
    assert await sender.work()
    assert channel.sent == [("an", "một")]
    while await sender.work():
        pass
    assert channel.texts == ["một", "hai", "ba"]
    assert not await unsent(house)


async def test_many_conversations_are_served_at_once(house: House) -> None:
    users = [f"user {number}" for number in range(BATCH)]
    for user in users:
        await answer(house, "trả lời", user=user)
    channel = Scripted()
    assert await house.sender(channel).work()
    assert sorted(user for user, _ in channel.sent) == sorted(users)


async def test_busy_waits_as_long_as_it_was_told(house: House) -> None:
    await answer(house, "một")
    channel = Scripted({"một": [ChannelBusyError(17)]})
    sender = house.sender(channel)
    await sender.work()
    house.clock.pass_by(16.9)
    assert not await sender.work()
    house.clock.pass_by(0.1)
    assert await sender.work()
    assert channel.texts == ["một"]


async def test_who_is_only_told_to_wait_loses_nothing(house: House) -> None:
    await answer(house, "một")
    channel = Scripted({"một": [ChannelBusyError(1)] * MAX_TRIES})
    sender = house.sender(channel)
    for _ in range(MAX_TRIES + 1):
        await sender.work()
        house.clock.pass_by(1)
    assert channel.texts == ["một"]


async def test_a_channel_that_is_down_is_tried_later_and_later_then_given_up(house: House) -> None:
    await answer(house, "một", "hai")
    channel = Scripted({"một": [ChannelDownError()] * 99})
    sender = house.sender(channel)
    await sender.work()
    for wait in WAITS:
        assert not await failures(house)
        house.clock.pass_by(wait - 1)
        assert not await sender.work()
        house.clock.pass_by(1)
        assert await sender.work()
    assert await failures(house) == 1
    assert channel.texts == [], "the second waits for its turn"
    await sender.work()
    assert channel.texts == ["hai"]


async def test_one_that_waits_keeps_its_own_conversation_waiting_and_no_other(house: House) -> None:
    await answer(house, "một", "hai")
    await answer(house, "ba", user="bình")
    channel = Scripted({"một": [ChannelDownError()]})
    sender = house.sender(channel)
    await sender.work()
    assert channel.texts == ["ba"]
    assert not await sender.work()
    house.clock.pass_by(2)
    while await sender.work():
        pass
    assert channel.texts == ["ba", "một", "hai"]


async def test_who_blocked_us_is_marked_and_gets_nothing_until_writing_again(house: House) -> None:
    await answer(house, "một", "hai")
    channel = Scripted({"một": [ChannelBlockedError()]})
    sender = house.sender(channel)
    await sender.work()
    assert not await sender.work()
    counts = await house.counts()
    assert (counts[EventName.PERSON_BLOCKED], counts[EventName.DELIVERY_FAILED]) == (1, 2)
    await house.intake.accept(a_message("lại đây", "an-1"))
    await house.worker().work()
    assert await sender.work()
    assert len(channel.texts) == 1


async def test_what_the_service_refuses_is_given_up_at_once(house: House) -> None:
    await answer(house, "một", "hai")
    channel = Scripted({"một": [ChannelRefusedError("too strange")]})
    sender = house.sender(channel)
    while await sender.work():
        pass
    assert channel.texts == ["hai"]
    assert await failures(house) == 1


async def test_an_address_that_no_secret_opens_is_given_up(house: House) -> None:
    await answer(house, "một")
    sender = house.sender(Scripted())
    sender.keys = PersonKeys("another secret")
    await sender.work()
    assert await failures(house) == 1
    assert not await sender.work()


async def test_a_reply_that_breaks_the_channel_stops_nobody(house: House) -> None:
    for number in range(BATCH):
        await answer(house, "hỏng", user=f"user {number}")
    await answer(house, "một")
    channel = Scripted({"hỏng": [ValueError("a bug of the channel") for _ in range(9 * BATCH)]})
    sender = house.sender(channel)
    for _ in range(9):
        await _survived(sender.work())
        house.clock.pass_by(1)
    assert channel.texts == ["một"]


async def _survived(work: Awaitable[bool]) -> None:
    """Wait for a piece of work and for what it left behind when it failed."""
    with contextlib.suppress(ValueError):
        await work
    left = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*left, return_exceptions=True)


class _Forgetful(Storage):
    """A storage that goes away before anything is noted."""

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[UnitOfWork]:
        async with super().writing():
            raise DatabaseUnavailableError("the database went away")
            yield  # makes this a generator


async def test_a_crash_between_sending_and_noting_it_repeats_and_loses_nothing(
    house: House, sqlite_url: str
) -> None:
    await answer(house, "một", "hai")
    channel = Scripted()
    sender = house.sender(channel)
    assert await sender.lease.held()
    forgetful = _Forgetful(sqlite_url)
    sender.storage = forgetful
    with pytest.raises(DatabaseUnavailableError):
        await sender.work()
    await forgetful.close()
    sender.storage = house.storage
    while await sender.work():
        pass
    assert channel.texts == ["một", "một", "hai"]


async def test_only_who_holds_the_lease_sends(house: House) -> None:
    await answer(house, "một")
    first, second = Scripted(), Scripted()
    one = house.sender(first)
    two = house.sender(second)
    two.lease = house.lease("sender", "two")
    assert await one.lease.held()
    assert not await two.work()
    assert await one.work()
    assert (first.texts, second.texts) == (["một"], [])


class _Together(Scripted):
    """A channel that accepts nothing before so many sends are under way at once."""

    def __init__(self, parties: int) -> None:
        super().__init__()
        self.together = asyncio.Barrier(parties)

    async def send(self, address: Mapping[str, str], reply: Reply, skip: int = 0) -> None:
        await self.together.wait()
        await super().send(address, reply, skip)


async def test_a_batch_goes_out_at_once_and_is_bounded(house: House) -> None:
    for number in range(BATCH + 4):
        await answer(house, "một", user=f"user {number}")
    await house.sender(_Together(BATCH)).work()
    assert len(await house.due()) == 4


# The pace


def test_the_pace_spreads_sends_over_a_second() -> None:
    pace = Pace(per_second=4, per_chat_second=1)
    assert [pace.wait(chat, 100.0) for chat in (1, 2, 3, 4, 5)] == [0, 0.25, 0.5, 0.75, 1.0]


def test_one_conversation_waits_for_its_own_pace() -> None:
    pace = Pace(per_second=1000, per_chat_second=1)
    assert [pace.wait(7, 100.0), pace.wait(7, 100.0), pace.wait(7, 100.5)] == [0, 1, 1.5]
    assert pace.wait(8, 100.5) < 0.01


def test_who_rested_does_not_burst() -> None:
    pace = Pace(per_second=2, per_chat_second=1)
    pace.wait(1, 100.0)
    assert [pace.wait(chat, 200.0) for chat in (2, 3)] == [0, 0.5]


def test_a_farewell_has_no_conversation_and_keeps_the_pace_of_all() -> None:
    pace = Pace(per_second=2, per_chat_second=1)
    assert [pace.wait(None, 1.0), pace.wait(None, 1.0)] == [0, 0.5]
