"""What is put together or remembered tells the same as what is counted from the days."""

from __future__ import annotations

import random

from bot.figures import as_json
from storage import figures as f
from storage.counting import EVERYTHING, By, Within
from storage.days import Period
from storage.records import Event, EventName
from storage.unit_of_work import Storage
from tests.storage.scene import Scene, at

PEOPLE = [f"person {number}" for number in range(24)]
WHOLE = Period(at("3/1 00:00").date(), at("20/4 00:00").date())
PERIODS = (
    WHOLE,
    Period(at("1/2 00:00").date(), at("31/3 00:00").date()),
    Period(at("15/1 00:00").date(), at("2/3 00:00").date()),
    Period(at("20/4 00:00").date(), at("20/4 00:00").date()),
    Period(at("1/4 00:00").date(), at("30/12 00:00").date()),
)
DIVIDED = (None, By.MONTH, By.WEEK, By.SERVICE, By.COMMUNE, By.CHANNEL)


def everyday(scene: Scene) -> list[Event]:
    """Make up three and a half months; some name their commune late, some move."""
    chance = random.Random(4)  # noqa: S311 - no secret; the same in every run
    events = []
    for month in range(1, 5):
        for _ in range(60):
            who = chance.choice(PEOPLE)
            when = f"{chance.randint(1, 20)}/{month} {chance.randint(0, 23):02}:00"
            about = {"commune": chance.choice(("", "A", "B")), "service": chance.choice(("1", "2", "3"))}
            events.append(scene.event(when, who, EventName.TURN_ANSWERED, value="1", waited_ms=90, **about))
            if chance.random() < 0.4:
                events.append(scene.event(when, who, EventName.TOLD_ONLINE, **about))
    return events


async def everything(storage: Storage) -> list[object]:
    """Count a few figures of each kind over many periods."""
    counted: list[object] = []
    for period in PERIODS:
        for by in DIVIDED:
            for within in (EVERYTHING, Within(commune="A"), Within(channel="telegram")):
                async with storage.reading() as unit:
                    counted += [
                        as_json(await unit.counting.count(figure, period, within, by))
                        for figure in (f.PEOPLE, f.NEW, f.RETURNING, f.TOLD_ONLINE, f.ANSWERED)
                    ]
    return counted


async def begun(storage: Storage) -> Scene:
    scene = Scene(storage)
    await scene.meet("telegram", *PEOPLE[:14])
    await scene.meet("webchat", *PEOPLE[14:])
    return scene


async def test_what_is_put_together_tells_the_same_as_its_days(storage: Storage) -> None:
    scene = await begun(storage)
    async with storage.writing() as unit:
        await unit.journal.append(*everyday(scene))
        for day in await unit.rolling.dirty():
            await unit.rolling.roll(day)
        await unit.commit()
    apart = await everything(storage)
    await scene.roll()
    async with storage.reading() as unit:
        assert await unit.rolling.to_close() == ()
    assert await everything(storage) == apart


async def test_what_is_remembered_is_counted_anew_once_a_day_changed(
    storage: Storage, database_url: str
) -> None:
    scene = await begun(storage)
    first, second = (everyday(scene)[part::2] for part in (0, 1))
    await scene.journal(*first)
    before = await everything(storage)
    await scene.journal(*second)
    after = await everything(storage)
    fresh = Storage(database_url)
    assert await everything(fresh) == after != before
    await fresh.close()


async def test_an_erased_person_is_not_remembered(storage: Storage) -> None:
    scene = await begun(storage)
    await scene.journal(*everyday(scene))
    async with storage.reading() as unit:
        before = (await unit.counting.count(f.PEOPLE, WHOLE)).total
    await scene.erase(PEOPLE[0])
    async with storage.reading() as unit:
        assert (await unit.counting.count(f.PEOPLE, WHOLE)).total == int(str(before)) - 1
    await scene.roll()
    async with storage.reading() as unit:
        assert (await unit.counting.count(f.PEOPLE, WHOLE)).total == int(str(before)) - 1
