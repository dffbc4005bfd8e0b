"""Working hours: what counts of a day, in Việt Nam time; how they are said."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.hours import USUAL, parse_hours
from intents.knowledge import Knowledge
from storage.days import ZONE

HOUR = dt.timedelta(hours=1)


def at(text: str) -> dt.datetime:
    """Read a time of November 2026, whose 23rd is a Monday."""
    day, clock = text.split()
    return dt.datetime.combine(dt.date(2026, 11, int(day)), dt.time.fromisoformat(clock), ZONE)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("23 08:00", 2, "23 10:00"),
        ("23 10:30", 2, "23 14:30"),
        ("23 12:00", 1, "23 14:30"),
        ("23 16:00", 2, "24 08:30"),
        ("23 03:00", 4, "23 11:30"),
        ("27 16:30", 1, "30 08:00"),
        ("28 10:00", 4, "30 11:30"),
        ("29 23:59", 7.5, "30 17:00"),
    ],
)
def test_only_working_time_counts(start: str, hours: float, end: str) -> None:
    usual = parse_hours(USUAL)
    assert usual.after(at(start), hours * HOUR) == at(end)


def test_many_hours_take_days() -> None:
    assert parse_hours(USUAL).after(at("23 07:30"), 37.5 * HOUR) == at("27 17:00")


def test_parts_may_overlap_and_stand_in_any_order() -> None:
    hours = parse_hours("Sat 07:30-11:30; Mon-Fri 13:00-17:00; Mon-Fri 07:00-11:00")
    assert hours.after(at("27 16:00"), 2 * HOUR) == at("28 08:30")
    assert hours.after(at("23 10:00"), 2 * HOUR) == at("23 14:00")


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "Mon",
        "Mon-Fri",
        "Mon-Fri 7:30-11:30",
        "Fri-Mon 07:30-11:30",
        "Xyz 07:30-11:30",
        "Mon 11:30-07:30",
        "Mon 07:30-07:30",
        "Mon 25:00-26:00",
        "Mon 07:30-11:30;",
        "Mon 07:30-11:30,",
    ],
)
def test_what_is_no_working_time_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="must look like"):
        parse_hours(wrong)


def test_it_is_said_as_people_say_it(knowledge: Knowledge) -> None:
    texts = knowledge.content.answers
    assert parse_hours(USUAL).told(texts) == "thứ Hai đến thứ Sáu, 7h30–11h30 và 13h30–17h"
    assert parse_hours("Sat 08:00-11:00").told(texts) == "thứ Bảy, 8h–11h"
