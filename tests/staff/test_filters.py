"""What an address asks for is read the same way on every page."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.staff.filters import LONGEST, Filters, compared, preset_period, read
from storage.counting import Within
from storage.days import Period
from storage.staff import Account, Role

TODAY = dt.date(2026, 3, 25)
"""A Wednesday."""
KNOWN = {"channel": ("webchat",), "commune": ("00721", "00709"), "service": ("1.001193",)}


def somebody(commune: str = "") -> Account:
    return Account(
        id=1,
        login="an",
        name="An",
        unit="",
        role=Role.VIEWER,
        commune=commune,
        email="",
        on_duty=False,
        created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        disabled_at=None,
        failures=0,
        locked_until=None,
    )


def asked(query: dict[str, str], commune: str = "") -> Filters:
    return read(query, TODAY, somebody(commune), KNOWN)


def period(first: str, last: str) -> Period:
    return Period(dt.date.fromisoformat(first), dt.date.fromisoformat(last))


@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        ("month", "2026-03-01", "2026-03-25"),
        ("last_month", "2026-02-01", "2026-02-28"),
        ("week", "2026-03-23", "2026-03-25"),
        ("days30", "2026-02-24", "2026-03-25"),
        ("quarter", "2026-01-01", "2026-03-25"),
        ("year", "2026-01-01", "2026-03-25"),
    ],
)
def test_a_period_with_a_name(preset: str, first: str, last: str) -> None:
    assert preset_period(preset, TODAY) == period(first, last)
    chosen = asked({"preset": preset, "from": "2020-01-01", "to": "2020-01-31"})
    assert (chosen.period, chosen.preset, chosen.problem) == (period(first, last), preset, "")


@pytest.mark.parametrize(
    ("first", "last", "shown", "problem"),
    [
        ("2026-03-01", "2026-03-10", period("2026-03-01", "2026-03-10"), ""),
        ("2026-03-10", "2026-03-10", period("2026-03-10", "2026-03-10"), ""),
        ("2026-03-10", "2026-03-01", period("2026-03-01", "2026-03-10"), "dates.reversed"),
        ("2026-02-30", "2026-03-01", preset_period("month", TODAY), "dates.garbled"),
        ("2026-03-01", "", preset_period("month", TODAY), "dates.garbled"),
        ("1026-03-01", "2026-03-01", preset_period("month", TODAY), "dates.garbled"),
        ("", "", preset_period("month", TODAY), ""),
        ("2026-12-01", "2026-12-31", period("2026-12-01", "2026-12-31"), ""),
    ],
)
def test_dates_as_they_are_typed(first: str, last: str, shown: Period, problem: str) -> None:
    chosen = asked({"from": first, "to": last})
    assert (chosen.period, chosen.problem) == (shown, problem)


def test_the_longest_period_ends_when_it_was_asked_to() -> None:
    chosen = asked({"from": "2001-01-01", "to": "2026-03-25"})
    assert (chosen.period.days, chosen.period.last, chosen.problem) == (LONGEST, TODAY, "dates.long")


@pytest.mark.parametrize(
    ("query", "commune", "within"),
    [
        ({}, "", Within()),
        (
            {"channel": "webchat", "commune": "00721", "service": "1.001193"},
            "",
            Within("webchat", "00721", "1.001193"),
        ),
        ({"channel": "%", "commune": "x", "service": "1"}, "", Within()),
        ({"commune": "00709"}, "00721", Within("", "00721", "")),
        ({"commune": ""}, "00721", Within("", "00721", "")),
    ],
)
def test_who_is_of_a_commune_sees_that_commune(query: dict[str, str], commune: str, within: Within) -> None:
    assert asked(query, commune).within == within


@pytest.mark.parametrize(
    ("preset", "shown", "before"),
    [
        ("month", period("2026-03-01", "2026-03-25"), period("2026-02-01", "2026-02-25")),
        ("month", period("2026-03-01", "2026-03-30"), period("2026-02-01", "2026-02-28")),
        ("", period("2026-03-11", "2026-03-20"), period("2026-03-01", "2026-03-10")),
        ("last_month", period("2026-02-01", "2026-02-28"), period("2026-01-01", "2026-01-31")),
    ],
)
def test_what_a_period_is_compared_with(preset: str, shown: Period, before: Period) -> None:
    assert compared(shown, preset) == before


def test_an_address_leads_to_the_same_again() -> None:
    chosen = asked({"from": "2026-03-01", "to": "2026-03-10", "channel": "webchat", "commune": "00721"})
    address = urlsplit(chosen.address("/staff/questions", words="a&b=c#d", topic=""))
    query = {name: value for name, (value,) in parse_qs(address.query).items()}
    assert address.path == "/staff/questions"
    assert query["words"] == "a&b=c#d"
    assert "topic" not in query
    again = asked(query)
    assert (again.period, again.within, again.problem) == (chosen.period, chosen.within, "")
