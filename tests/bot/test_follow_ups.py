"""Asking, of our own accord and once, how it went: a day later, by day, whoever can still be reached."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace

import pytest

from bot.channels.base import Received
from bot.follow_ups import UNTIL, FollowUps, due
from bot.jobs import EVERY, FOLLOW_UPS, Jobs
from intents.turn import Inbound, Kind
from storage.days import ZONE
from storage.records import EventName
from storage.unit_of_work import Storage
from tests.bot.parts import BOT, CHANNEL, DAY, NOW, House, Scripted, a_message, delivers
from tests.real import real_knowledge

GUIDE = "nộp đăng ký khai sinh qua mạng thế nào"
QUESTION = "Đến nay anh/chị nộp hồ sơ chưa?"


@pytest.fixture
def asking(house: House, storage: Storage) -> House:
    return replace(house, storage=storage, knowledge=real_knowledge())


def follow_ups(house: House) -> FollowUps:
    return FollowUps(house.storage, house.clock, lambda: house.woken.append("workers"))


async def later(house: House, wait: dt.timedelta, channel: Scripted | None = None) -> list[str]:
    """Let time pass and everybody work; return what was sent."""
    house.clock.now += wait
    channel = channel or Scripted()
    await follow_ups(house).work()
    await house.works()
    while await delivers(house.sender(channel)):
        pass
    return channel.texts


async def test_who_was_shown_how_to_submit_is_asked_a_day_later_once(asking: House) -> None:
    await asking.receives(GUIDE)
    await asking.works()
    assert QUESTION not in " ".join(await later(asking, dt.timedelta(hours=23)))
    assert QUESTION in " ".join(await later(asking, dt.timedelta(hours=2)))
    assert await later(asking, dt.timedelta(hours=2)) == []
    counts = await asking.counts()
    assert counts[EventName.FOLLOW_UP_ASKED] == 1
    assert counts[EventName.TURN_ANSWERED] == 1, "our own question is no turn of theirs"


async def test_the_answer_is_counted_with_its_service(asking: House) -> None:
    await asking.receives(GUIDE)
    await asking.works()
    await later(asking, dt.timedelta(hours=25))
    await asking.receives("nhờ nộp hộ", "đến nơi nộp", first=2)
    await asking.works()
    counts = await asking.counts()
    assert counts[EventName.FOLLOW_UP_ANSWERED] == counts[EventName.FOLLOW_UP_EXPLAINED] == 1


async def test_of_several_processes_at_once_one_asks(asking: House) -> None:
    await asking.receives(GUIDE)
    await asking.works()
    asking.clock.now += dt.timedelta(hours=25)
    await asyncio.gather(*(follow_ups(asking).work() for _ in range(3)))
    await asking.works()
    assert (await asking.counts())[EventName.FOLLOW_UP_ASKED] == 1


async def test_who_left_or_was_erased_is_not_asked(asking: House) -> None:
    await asking.receives(GUIDE)
    await asking.receives(GUIDE, user="binh")
    await asking.works()
    left = Received(CHANNEL, BOT, "an-left", "an", {"chat": "an"}, Inbound(Kind.LEFT))
    assert await asking.intake.accept(left)
    tap = a_message("", "binh-9", user="binh", payload="topic:erased")
    assert await asking.intake.accept(tap)
    await asking.works()
    assert QUESTION not in " ".join(await later(asking, dt.timedelta(hours=25)))


async def test_who_could_not_be_asked_in_time_is_asked_when_they_write(asking: House) -> None:
    await asking.receives(GUIDE)
    await asking.works()
    assert QUESTION not in " ".join(await later(asking, UNTIL + dt.timedelta(hours=12)))
    await asking.receives("đăng ký tạm trú", first=2)
    assert QUESTION in " ".join(await later(asking, dt.timedelta(minutes=1)))


async def test_the_job_asks(asking: House) -> None:
    await asking.receives(GUIDE)
    await asking.works()
    jobs = Jobs(asking.storage, asking.clock, {FOLLOW_UPS: follow_ups(asking).work})
    await jobs.work()
    asking.clock.now += dt.timedelta(hours=24) + EVERY[FOLLOW_UPS]
    await jobs.work()
    await asking.works()
    assert (await asking.counts())[EventName.FOLLOW_UP_ASKED] == 1


@pytest.mark.parametrize("hour", range(24))
def test_nobody_is_asked_at_night_and_everybody_within_40_hours(hour: int) -> None:
    intended = NOW.replace(hour=hour)
    asked = due(intended)
    assert DAY <= asked - intended < UNTIL
    assert 7 <= asked.astimezone(ZONE).hour <= 20
