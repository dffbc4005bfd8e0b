"""What makes an alarm last, what ends it, and who looks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable

import pytest

from bot.alerts import Alerts, Notice
from bot.clock import duration
from bot.conversation import REPLY
from bot.jobs import EVERY, PURGE, WATCH, Jobs
from bot.watch import HANDFUL, Limits, Measured, Watch, troubles
from intents.turn import Reply
from storage.records import Backlog, EventName, NewReply
from storage.unit_of_work import Storage
from tests.bot.parts import BOT, CHANNEL, NOW, RETENTION, House, Scripted, delivers, said

MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
LIMITS = Limits(wait=10 * MINUTE, silence=24 * HOUR)


# What is decided


@pytest.mark.parametrize("seconds", [0, 1, 599])
def test_what_waits_shortly_is_no_trouble(seconds: int) -> None:
    since = Backlog(900, NOW - dt.timedelta(seconds=seconds))
    assert troubles(Measured(NOW, outbox={"telegram": since}, inbox=since), LIMITS) == {}


def test_what_waits_too_long_is_told_with_number_and_age() -> None:
    outbox = {
        "zalo_oa": Backlog(3, NOW - 10 * MINUTE),
        "telegram": Backlog(1, NOW - 9 * MINUTE),
        "webchat": Backlog(20, NOW - 3 * HOUR),
    }
    seen = Measured(NOW, outbox=outbox, inbox=Backlog(7, NOW - 11 * MINUTE))
    assert troubles(seen, LIMITS) == {
        "outbox waits": "webchat: 20 waiting, the oldest for 3 h; zalo_oa: 3 waiting, the oldest for 10 min",
        "inbox waits": "7 waiting, the oldest for 11 min",
    }


def test_a_channel_is_silent_after_a_day_without_a_message() -> None:
    heard = {"zalo_oa": NOW - 24 * HOUR, "telegram": NOW - 24 * HOUR + MINUTE}
    assert troubles(Measured(NOW, heard=heard), LIMITS) == {"zalo_oa silent": "no message for 24 h"}


def test_silence_may_mean_nothing() -> None:
    quiet = Limits(wait=10 * MINUTE, silence=dt.timedelta())
    assert troubles(Measured(NOW, heard={"zalo_oa": NOW - 900 * HOUR}), quiet) == {}


def test_more_dead_letters_than_a_handful_are_told_by_cause() -> None:
    few = Measured(NOW, letters={"refused": 2, "message": HANDFUL - 2})
    assert troubles(few, LIMITS) == {}
    many = Measured(NOW, letters={"refused": 2, "message": HANDFUL - 1})
    assert troubles(many, LIMITS) == {"dead letters": f"in the last hour: message {HANDFUL - 1}, refused 2"}


@pytest.mark.parametrize(
    ("time", "written"),
    [(59, "59 min"), (119, "119 min"), (120, "2 h"), (47 * 60, "47 h"), (48 * 60, "2 days")],
)
def test_a_duration_is_written_in_a_fitting_unit(time: int, written: str) -> None:
    assert duration(time * MINUTE) == written


# What is measured


class Room:
    """A destination that keeps what it was told."""

    name = "room"

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def tell(self, notice: Notice) -> None:
        self.heard.append(notice.text)


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def watched(storage: Storage, house: House) -> House:
    """Open a house over each database in turn."""
    house.storage = storage
    return house


Look = Callable[[], Awaitable[dict[str, str]]]


@pytest.fixture
def watch(watched: House, room: Room) -> Watch:
    """Begin to watch a scripted channel; a minute later it may judge."""
    texts = watched.knowledge.content.answers
    alerts = Alerts(watched.storage, watched.clock, texts, [room])
    watch = Watch(watched.storage, watched.clock, [Scripted()], LIMITS, alerts)
    watched.clock.now += MINUTE
    return watch


@pytest.fixture
def look(watched: House, watch: Watch) -> Look:
    """Return what looks once and tells the alarms that last."""

    async def look() -> dict[str, str]:
        assert await watch.work()
        async with watched.storage.reading() as unit:
            return {alarm.name: alarm.detail for alarm in await unit.alarms.all() if not alarm.over_at}

    return look


async def test_all_is_well(look: Look, room: Room) -> None:
    assert await look() == {}
    assert room.heard == []


async def test_a_message_that_nobody_handles_sounds_until_it_is_handled(
    watched: House, look: Look, room: Room
) -> None:
    await watched.receives(said(1), said(2))
    assert await look() == {}
    watched.clock.now += 10 * MINUTE
    assert await look() == {"inbox waits": "2 waiting, the oldest for 10 min"}
    await watched.works()
    await delivers(watched.sender(Scripted()))
    assert await look() == {}
    assert [text.partition(":")[0] for text in room.heard] == ["Cần xem", "Đã hết"]


async def test_a_reply_that_stays_sounds_until_it_is_sent(watched: House, look: Look) -> None:
    await watched.receives(said(1))
    await watched.works()
    watched.clock.now += 11 * MINUTE
    assert await look() == {"outbox waits": "scripted: 1 waiting, the oldest for 11 min"}
    await delivers(watched.sender(Scripted()))
    assert await look() == {}


async def test_replies_of_a_channel_that_is_off_wait_for_nobody(watched: House, look: Look) -> None:
    await watched.receives(said(1))
    await watched.works()
    await delivers(watched.sender(Scripted()))
    conversation, now = await watched.conversation(), watched.clock()
    assert conversation
    body = REPLY.dump_json(Reply("một")).decode()
    async with watched.storage.writing() as unit:
        for bot in (("former", BOT), (CHANNEL, "former bot")):
            await unit.outbox.add(NewReply(conversation, *bot, body, now, now + RETENTION))
        await unit.commit()
    watched.clock.now += 11 * MINUTE
    assert await look() == {}


async def test_a_silent_channel_sounds_until_somebody_writes(watched: House, look: Look) -> None:
    assert await look() == {}
    await watched.receives(said(1))
    await watched.works()
    await delivers(watched.sender(Scripted()))
    watched.clock.now += 24 * HOUR - MINUTE
    assert await look() == {}
    watched.clock.now += MINUTE
    assert await look() == {"scripted silent": "no message for 24 h"}
    await watched.receives(said(2), first=2)
    await watched.works()
    assert await look() == {}


async def test_a_channel_that_never_had_a_message_is_not_silent(watched: House, look: Look) -> None:
    watched.clock.now += 900 * HOUR
    assert await look() == {}


async def test_many_replies_given_up_sound_for_an_hour(watched: House, look: Look) -> None:
    for user in range(HANDFUL + 1):
        await watched.receives(said(1), user=f"user {user}")
    await watched.works()
    async with watched.storage.writing() as unit:
        for reply in range(1, HANDFUL + 2):
            await unit.outbox.give_up(reply, watched.clock(), "refused")
        await unit.commit()
    assert await look() == {"dead letters": f"in the last hour: refused {HANDFUL + 1}"}
    watched.clock.now += HOUR
    assert await look() == {}


async def test_alarms_of_others_are_told_and_left_alone(watched: House, look: Look, room: Room) -> None:
    async with watched.storage.writing() as unit:
        await unit.alarms.sound("telegram unusable", "made up", watched.clock())
        await unit.commit()
    assert await look() == {"telegram unusable": "made up"}
    assert len(room.heard) == 1


async def test_an_alarm_about_a_channel_that_was_switched_off_is_over(watched: House, look: Look) -> None:
    async with watched.storage.writing() as unit:
        await unit.alarms.sound("former silent", "made up", watched.clock())
        await unit.commit()
    assert await look() == {}


async def test_who_has_only_begun_does_not_judge_yet(watched: House, look: Look) -> None:
    await watched.receives(said(1))
    watched.clock.now += 10 * MINUTE
    assert await look() == {"inbox waits": "1 waiting, the oldest for 10 min"}
    fresh = Watch(watched.storage, watched.clock, [Scripted()], LIMITS, _silent(watched))
    await watched.works()
    await fresh.look()
    async with watched.storage.reading() as unit:
        assert [alarm.over_at for alarm in await unit.alarms.all()] == [None]


def _silent(house: House) -> Alerts:
    return Alerts(house.storage, house.clock, house.knowledge.content.answers, [])


# Who looks, and how often


async def test_of_several_processes_one_looks_every_minute(watched: House) -> None:
    looks: list[dt.datetime] = []

    async def look() -> bool:
        looks.append(watched.clock())
        return True

    processes = [Jobs(watched.storage, watched.clock, {WATCH: look}) for _ in range(3)]
    for _ in range(4):
        for process in processes:
            await process.work()
        watched.clock.now += MINUTE
    assert looks == [NOW + number * MINUTE for number in (1, 2, 3)]
    assert EVERY[WATCH] < MINUTE


async def test_who_cannot_look_leaves_it_to_others(watched: House, watch: Watch, room: Room) -> None:
    await watched.receives(said(1))
    able, unable = (
        Jobs(watched.storage, watched.clock, {WATCH: watch.work}),
        Jobs(watched.storage, watched.clock),
    )
    await able.work()
    watched.clock.now += 10 * MINUTE
    await unable.work()
    assert room.heard == []
    await able.work()
    assert len(room.heard) == 1


async def test_a_look_that_fails_keeps_no_job_from_being_done(watched: House) -> None:
    looks = 0

    async def look() -> bool:
        nonlocal looks
        looks += 1
        raise ValueError("a bug")

    jobs = Jobs(watched.storage, watched.clock, {WATCH: look})
    for _ in range(3):
        await jobs.work()
        watched.clock.now += EVERY[PURGE]
    assert looks == 2
    assert (await watched.counts())[EventName.RETENTION_PURGED] == 3
