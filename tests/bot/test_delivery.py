"""From the outbox to the people: what each answer of a channel leads to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Mapping

import pytest

from bot.channels.base import (
    ANSWER_SECONDS,
    ChannelBlockedError,
    ChannelBusyError,
    ChannelClosedError,
    ChannelDownError,
    ChannelRefusedError,
    ChannelUnusableError,
)
from bot.conversation import REPLY
from bot.delivery import FIRST_WAIT, LONGEST_WAIT, MAX_TRIES, UNUSABLE_WAIT, WINDOW
from bot.leases import TTL
from bot.pace import Pace
from intents.turn import Reply
from storage.errors import DatabaseUnavailableError
from storage.records import EventName, NewReply
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage, UnitOfWork
from tests.bot.parts import BOT, CHANNEL, DAY, RETENTION, SECOND, House, Scripted, a_message, delivers

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
    assert await delivers(sender)
    assert channel.sent == [("an", "một")]
    while await delivers(sender):
        pass
    assert channel.texts == ["một", "hai", "ba"]
    assert not await unsent(house)


async def test_many_conversations_are_served_at_once(house: House) -> None:
    users = [f"user {number}" for number in range(WINDOW)]
    for user in users:
        await answer(house, "trả lời", user=user)
    channel = Scripted()
    assert await delivers(house.sender(channel))
    assert sorted(user for user, _ in channel.sent) == sorted(users)


async def test_busy_waits_as_long_as_it_was_told(house: House) -> None:
    await answer(house, "một")
    channel = Scripted({"một": [ChannelBusyError(17)]})
    sender = house.sender(channel)
    await delivers(sender)
    house.clock.pass_by(16.9)
    assert not await delivers(sender)
    house.clock.pass_by(0.1)
    assert await delivers(sender)
    assert channel.texts == ["một"]


async def test_who_is_only_told_to_wait_loses_nothing(house: House) -> None:
    await answer(house, "một")
    channel = Scripted({"một": [ChannelBusyError(1)] * MAX_TRIES})
    sender = house.sender(channel)
    for _ in range(MAX_TRIES + 1):
        await delivers(sender)
        house.clock.pass_by(1)
    assert channel.texts == ["một"]


async def test_a_channel_that_is_down_is_tried_later_and_later_then_given_up(house: House) -> None:
    await answer(house, "một", "hai")
    channel = Scripted({"một": [ChannelDownError()] * 99})
    sender = house.sender(channel)
    await delivers(sender)
    for wait in WAITS:
        assert not await failures(house)
        house.clock.pass_by(wait - 1)
        assert not await delivers(sender)
        house.clock.pass_by(1)
        assert await delivers(sender)
    assert await failures(house) == 1
    assert channel.texts == [], "the second waits for its turn"
    await delivers(sender)
    assert channel.texts == ["hai"]


async def test_one_that_waits_keeps_its_own_conversation_waiting_and_no_other(house: House) -> None:
    await answer(house, "một", "hai")
    await answer(house, "ba", user="bình")
    channel = Scripted({"một": [ChannelDownError()]})
    sender = house.sender(channel)
    await delivers(sender)
    assert channel.texts == ["ba"]
    assert not await delivers(sender)
    house.clock.pass_by(2)
    while await delivers(sender):
        pass
    assert channel.texts == ["ba", "một", "hai"]


async def test_who_blocked_us_is_marked_and_gets_nothing_until_writing_again(house: House) -> None:
    await answer(house, "một", "hai")
    channel = Scripted({"một": [ChannelBlockedError()]})
    sender = house.sender(channel)
    await delivers(sender)
    assert not await delivers(sender)
    counts = await house.counts()
    assert (counts[EventName.PERSON_BLOCKED], counts[EventName.DELIVERY_FAILED]) == (1, 2)
    await house.intake.accept(a_message("lại đây", "an-1"))
    await house.worker().work()
    assert await delivers(sender)
    assert len(channel.texts) == 1


async def test_what_the_service_refuses_is_given_up_at_once(house: House) -> None:
    await answer(house, "một", "hai")
    channel = Scripted({"một": [ChannelRefusedError("too strange")]})
    sender = house.sender(channel)
    while await delivers(sender):
        pass
    assert channel.texts == ["hai"]
    assert await failures(house) == 1


async def test_an_address_that_no_secret_opens_is_given_up(house: House) -> None:
    await answer(house, "một")
    sender = house.sender(Scripted())
    sender.keys = PersonKeys("another secret")
    await delivers(sender)
    assert await failures(house) == 1
    assert not await delivers(sender)


async def test_a_reply_that_breaks_the_channel_stops_nobody(house: House) -> None:
    for number in range(WINDOW):
        await answer(house, "hỏng", user=f"user {number}")
    await answer(house, "một")
    channel = Scripted({"hỏng": [ValueError("a bug of the channel") for _ in range(9 * WINDOW)]})
    sender = house.sender(channel)
    for _ in range(9):
        await _survived(delivers(sender))
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
    crashing = house.sender(channel)
    assert await crashing.lease.held()
    crashing.storage = _Forgetful(sqlite_url)
    with pytest.raises(DatabaseUnavailableError):
        await delivers(crashing)
    await crashing.storage.close()
    await crashing.lease.release()
    next_sender = house.sender(channel)
    while await delivers(next_sender):
        pass
    assert channel.texts == ["một", "một", "hai"]


async def test_what_could_not_be_noted_is_noted_once_the_database_is_back(
    house: House, sqlite_url: str
) -> None:
    await answer(house, "một", "hai")
    channel = Scripted()
    sender = house.sender(channel)
    assert await sender.lease.held()
    sender.storage = _Forgetful(sqlite_url)
    with pytest.raises(DatabaseUnavailableError):
        await delivers(sender)
    await sender.storage.close()
    sender.storage = house.storage
    while await delivers(sender):
        pass
    assert channel.texts == ["một", "hai"]


async def test_only_who_holds_the_lease_sends(house: House) -> None:
    await answer(house, "một")
    first, second = Scripted(), Scripted()
    one = house.sender(first)
    two = house.sender(second)
    two.lease = house.lease("sender", "two")
    assert await one.lease.held()
    assert not await delivers(two)
    assert await delivers(one)
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
    for number in range(WINDOW + 4):
        await answer(house, "một", user=f"user {number}")
    await delivers(house.sender(_Together(WINDOW)))
    assert len(await house.due()) == 4


# What else a service may say


async def test_busy_stops_the_whole_bot_and_no_other(house: House) -> None:
    await answer(house, "một")
    await answer(house, "hai", user="bình")
    channel = Scripted({"một": [ChannelBusyError(17)]})
    sender = house.sender(channel)
    await delivers(sender)
    await answer(house, "ba", user="chi")
    assert not await delivers(sender), "nobody is sent to while the service asks us to wait"
    house.clock.pass_by(17)
    while await delivers(sender):
        pass
    assert sorted(channel.texts) == ["ba", "hai", "một"]


async def test_a_service_that_does_not_say_how_long_is_left_alone_longer_and_longer(house: House) -> None:
    await answer(house, "một", "hai", "ba")
    channel = Scripted({"một": [ChannelBusyError()] * 7, "ba": [ChannelBusyError()]})
    sender = house.sender(channel)
    for wait in (2, 4, 8, 16, 32, 60, 60):
        assert await delivers(sender)
        house.clock.pass_by(wait - 0.1)
        assert not await delivers(sender)
        house.clock.pass_by(0.1)
    while await delivers(sender):
        pass
    assert channel.texts == ["một", "hai"]
    house.clock.pass_by(2)
    assert await delivers(sender)
    assert channel.texts == ["một", "hai", "ba"], "after a success it begins anew"


async def test_what_only_the_operator_can_mend_loses_nothing_and_sounds_an_alarm(house: House) -> None:
    await answer(house, "một")
    channel = Scripted({"một": [ChannelUnusableError("token refused") for _ in range(2 * MAX_TRIES)]})
    sender = house.sender(channel)
    for _ in range(2 * MAX_TRIES):
        assert await delivers(sender)
        assert not await delivers(sender)
        house.clock.pass_by(UNUSABLE_WAIT)
    async with house.storage.reading() as unit:
        (alarm,) = await unit.alarms.all()
    assert (alarm.name, alarm.detail, alarm.over_at) == ("scripted unusable", "token refused", None)
    assert await delivers(sender)
    assert channel.texts == ["một"]
    async with house.storage.reading() as unit:
        assert [alarm.over_at for alarm in await unit.alarms.all()] == [house.clock()]


async def test_a_reply_that_comes_too_late_is_given_up_and_the_person_is_not(house: House) -> None:
    await answer(house, "một", "hai")
    channel = Scripted({"một": [ChannelClosedError()]})
    sender = house.sender(channel)
    while await delivers(sender):
        pass
    assert channel.texts == ["hai"]
    assert EventName.PERSON_BLOCKED not in await house.counts()


async def test_after_the_window_for_replies_nothing_is_sent(house: House) -> None:
    await answer(house, "một")
    house.clock.now += 7 * DAY + SECOND
    channel = Scripted()
    await delivers(house.sender(channel, pace=Pace(10**9, 10**9, window=7 * DAY)))
    assert channel.texts == []
    async with house.storage.reading() as unit:
        (letter,) = await unit.dead_letters.newest()
    assert letter.cause == "too late"


async def test_a_long_reply_goes_on_where_it_stopped(house: House) -> None:
    await answer(house, "một")
    cut = ChannelDownError()
    cut.parts = 2
    channel = Scripted({"một": [cut]})
    sender = house.sender(channel)
    await delivers(sender)
    house.clock.pass_by(FIRST_WAIT)
    await delivers(sender)
    assert channel.skipped == [2]


async def test_a_lease_that_ends_soon_begins_nothing(house: House) -> None:
    await answer(house, "một")
    channel = Scripted()
    sender = house.sender(channel)
    assert await sender.lease.held()
    sender.lease._look_at = house.clock() + DAY  # noqa: SLF001 - as if the database were too slow to renew
    house.clock.now += TTL - ANSWER_SECONDS * SECOND
    assert not await delivers(sender)
    assert channel.texts == []
