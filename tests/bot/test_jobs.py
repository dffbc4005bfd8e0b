"""What recurs: forgetting in time, once for all processes."""

from __future__ import annotations

import datetime as dt

from bot.jobs import EVERY, PURGE, SCRUB, Jobs
from storage.records import EventName
from storage.unit_of_work import Storage
from tests.bot.parts import BOT, CHANNEL, DAY, KEYS, RETENTION, SECOND, House, Scripted, bytes_on_disk, said


async def purges(house: House) -> int:
    return (await house.counts()).get(EventName.RETENTION_PURGED, 0)


async def test_a_purge_comes_every_hour(house: House) -> None:
    jobs = Jobs(house.storage, house.clock)
    for minute in range(0, 121, 30):
        assert not await jobs.work()
        assert await purges(house) == 1 + minute // 60
        house.clock.now += dt.timedelta(minutes=30)


async def test_of_several_processes_one_purges(storage: Storage, house: House) -> None:
    house.storage = storage
    for _ in range(3):
        await Jobs(storage, house.clock).work()
    assert await purges(house) == 1
    house.clock.now += EVERY[PURGE]
    for _ in range(3):
        await Jobs(storage, house.clock).work()
    assert await purges(house) == 2


async def test_who_was_away_for_a_day_purges_once(house: House) -> None:
    jobs = Jobs(house.storage, house.clock)
    await jobs.work()
    house.clock.now += DAY
    await jobs.work()
    await jobs.work()
    assert await purges(house) == 2


async def test_texts_and_replies_are_forgotten_in_time_and_not_before(house: House, sqlite_url: str) -> None:
    jobs = Jobs(house.storage, house.clock)
    await house.receives("bà Trần Thị Mơ hỏi món 3")
    await house.worker().work()
    sender = house.sender(Scripted())
    assert await sender.work()
    house.clock.now += RETENTION - SECOND
    await jobs.work()
    async with house.storage.reading() as unit:
        (*lines,) = await unit.transcript.lines(KEYS.key(CHANNEL, BOT, "an"))
    assert lines[0].text == "bà Trần Thị Mơ hỏi món 3"
    house.clock.now += EVERY[SCRUB]
    await jobs.work()
    async with house.storage.reading() as unit:
        assert not await unit.transcript.lines(KEYS.key(CHANNEL, BOT, "an"))
    assert "Trần Thị Mơ".encode() not in bytes_on_disk(sqlite_url)
    assert (await house.counts())[EventName.TURN_ANSWERED] == 1, "what is counted stays"


async def test_a_message_that_waits_is_not_forgotten_before_its_answer(house: House) -> None:
    await house.receives(said(3))
    house.clock.now += RETENTION + SECOND
    await Jobs(house.storage, house.clock).work()
    await house.worker().work()
    assert (await house.counts())[EventName.TURN_ANSWERED] == 1


async def test_a_reply_that_could_not_be_sent_in_time_is_given_up(house: House) -> None:
    await house.receives(said(3))
    await house.worker().work()
    house.clock.now += RETENTION
    await Jobs(house.storage, house.clock).work()
    assert await house.due() == ()
    assert (await house.counts())[EventName.DELIVERY_FAILED] == 1
