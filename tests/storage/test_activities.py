"""The activity log is appended to and read newest first, on both databases."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from storage.activities import Activity
from storage.days import Period
from storage.unit_of_work import Storage
from tests.storage.builders import an_account
from tests.storage.scene import at

MARCH = Period(dt.date(2026, 3, 2), dt.date(2026, 3, 3))
LINES = (
    ("1/3 23:59", "an", "account:added", "binh"),
    ("2/3 00:00", "an", "session:opened", ""),
    ("3/3 23:59", "binh", "session:refused", "x_y"),
    ("4/3 00:00", "binh", "account:changed", "an"),
)


async def noted(storage: Storage) -> None:
    async with storage.writing() as unit:
        staff_id = await unit.staff.add(an_account(), at("1/3 08:00"))
        for when, login, action, target in LINES:
            await unit.activities.note(at(when), (staff_id, login), action, target, {"vì": login})
        await unit.commit()


async def newest(storage: Storage, limit: int = 10, **how: Any) -> tuple[Activity, ...]:
    async with storage.reading() as unit:
        return await unit.activities.newest(limit, **how)


@pytest.mark.parametrize(
    ("how", "found"),
    [
        ({}, [4, 3, 2, 1]),
        ({"login": "an"}, [2, 1]),
        ({"login": "a%"}, []),
        ({"action": "account:"}, [4, 1]),
        ({"action": "account_"}, []),
        ({"action": "%"}, []),
        ({"target": "x_y"}, [3]),
        ({"target": "x%"}, []),
        ({"before": 3}, [2, 1]),
        ({"before": 3, "login": "binh"}, []),
        ({"period": MARCH}, [3, 2]),
    ],
)
async def test_lines_are_found(storage: Storage, how: dict[str, Any], found: list[int]) -> None:
    await noted(storage)
    assert [line.id for line in await newest(storage, **how)] == found


async def test_a_line_says_who_did_what_to_what(storage: Storage) -> None:
    await noted(storage)
    line, *_ = await newest(storage, 1)
    assert (line.at, line.login, line.action, line.target) == (
        at("4/3 00:00"),
        "binh",
        "account:changed",
        "an",
    )
    assert line.data == {"vì": "binh"}


async def test_the_command_line_has_no_account(storage: Storage) -> None:
    async with storage.writing() as unit:
        await unit.activities.note(at("1/3 08:00"), (None, "command line"), "account:added", "an")
        await unit.commit()
    assert [line.login for line in await newest(storage)] == ["command line"]
