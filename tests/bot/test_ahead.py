"""What the desk opens most is counted ahead: the first look of a day does not count it again."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from bot import ahead
from bot.ahead import Ahead, usual
from bot.staff.filters import preset_period
from storage.counting import By
from storage.days import day_of
from storage.figures import ASKED, PEOPLE
from storage.groups import Value
from tests.bot.parts import House
from tests.storage.scene import at
from tests.storage.test_figures import a_month

TODAY = at("25/3 12:00")


async def counted(house: House) -> tuple[Value, Value]:
    """Return how many people there were this year and in days, and of the most asked service."""
    year = preset_period("year", day_of(TODAY))
    async with house.storage.reading() as unit:
        people = await unit.counting.count(PEOPLE, year)
        services = await unit.counting.count(ASKED, year, by=By.SERVICE)
    return people.total, next(iter(services.cells.values()), 0)


async def all_counted(counting_ahead: Ahead) -> None:
    """Let it count one period after the other."""
    for _ in usual(counting_ahead.clock):
        await counting_ahead.work()


def emptied(url: str) -> None:
    """Take what figures are read from away, behind the back of all that remember it."""
    with closing(sqlite3.connect(url.partition(":///")[2])) as database, database:
        for table in ("presences", "tallies"):
            database.execute(f"DELETE FROM {table}")  # noqa: S608 - ours


def test_each_period_with_a_name_is_one_of_them(house: House) -> None:
    house.clock.now = TODAY
    periods = usual(house.clock)
    assert preset_period("year", day_of(TODAY)) in periods
    assert preset_period("days30", day_of(TODAY)).before in periods, "what it is compared with"
    assert list(periods) == sorted(periods, key=lambda period: (period.days, period.first))


async def test_what_was_counted_ahead_is_not_counted_again(
    house: House, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "SHARE", float("inf"))
    house.clock.now = TODAY
    await a_month(house.storage)
    await all_counted(Ahead(house.storage, house.clock))
    emptied(sqlite_url)
    people, asked = await counted(house)
    assert people == 12
    assert isinstance(asked, int)
    assert asked > 0


async def test_it_rests_as_long_as_its_share_of_the_time_asks(
    house: House, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "SHARE", 1e-9)
    house.clock.now = TODAY
    idle = Ahead(house.storage, house.clock)
    await idle.work()
    await a_month(house.storage)
    await idle.work()
    emptied(sqlite_url)
    assert await counted(house) == (0, 0), "it rested, and knew of nothing"


async def test_it_counts_one_period_at_a_time(
    house: House, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "SHARE", float("inf"))
    house.clock.now = TODAY
    await a_month(house.storage)
    await Ahead(house.storage, house.clock).work()
    emptied(sqlite_url)
    assert await counted(house) == (0, 0), "of the year, which is long, it knows nothing yet"


async def test_a_day_made_anew_is_counted_anew(
    house: House, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "SHARE", float("inf"))
    monkeypatch.setattr(ahead, "IDLE", 0)
    house.clock.now = TODAY
    ahead_of = Ahead(house.storage, house.clock)
    scene = await a_month(house.storage)
    await all_counted(ahead_of)
    await scene.erase(next(iter(scene.talks)))
    await scene.roll()
    await all_counted(ahead_of)
    emptied(sqlite_url)
    assert (await counted(house))[0] == 11
