"""Days, weeks and months are those of people in Việt Nam."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.days import DAY, Period, Span, begins, day_of

JULY = Period(dt.date(2026, 7, 1), dt.date(2026, 7, 31))


def test_a_day_begins_at_five_in_the_afternoon_of_utc() -> None:
    assert begins(dt.date(2026, 7, 1)) == dt.datetime(2026, 6, 30, 17, tzinfo=dt.UTC)
    assert day_of(dt.datetime(2026, 6, 30, 16, 59, tzinfo=dt.UTC)) == dt.date(2026, 6, 30)
    assert day_of(dt.datetime(2026, 6, 30, 17, 0, tzinfo=dt.UTC)) == dt.date(2026, 7, 1)


def test_a_period_is_compared_with_the_one_before() -> None:
    assert JULY.before == Period(dt.date(2026, 6, 1), dt.date(2026, 6, 30))
    quarter = Period(dt.date(2026, 1, 1), dt.date(2026, 3, 31))
    assert quarter.before == Period(dt.date(2025, 10, 1), dt.date(2025, 12, 31))
    week = Period(dt.date(2026, 7, 6), dt.date(2026, 7, 12))
    assert week.before == Period(dt.date(2026, 6, 29), dt.date(2026, 7, 5))


def test_a_period_cannot_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="ends"):
        Period(dt.date(2026, 7, 2), dt.date(2026, 7, 1))


def test_a_period_has_pieces_of_weeks() -> None:
    first, *_, last = JULY.pieces(Span.WEEK)
    assert first == Period(dt.date(2026, 7, 1), dt.date(2026, 7, 5))
    assert not first.is_whole(Span.WEEK)
    assert last == Period(dt.date(2026, 7, 27), dt.date(2026, 7, 31))
    assert JULY.pieces(Span.MONTH) == (JULY,)
    assert JULY.is_whole(Span.MONTH)


@given(st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)), st.integers(0, 400), st.sampled_from(Span))
def test_pieces_cover_a_period_once(first: dt.date, length: int, span: Span) -> None:
    period = Period(first, first + length * DAY)
    pieces = period.pieces(span)
    assert [day for piece in pieces for day in piece] == list(period)
    assert period.before.last + DAY == period.first
