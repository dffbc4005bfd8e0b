"""Local days, weeks and months: what figures are counted by (Asia/Ho_Chi_Minh, UTC+7 without summer time)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

ZONE = dt.timezone(dt.timedelta(hours=7))
"""Fixed: needs no time zone files on the machine."""
DAY = dt.timedelta(days=1)


class Span(StrEnum):
    """A stretch of local time."""

    DAY = "day"
    WEEK = "week"
    """Begins on Monday."""
    MONTH = "month"

    def start(self, day: dt.date) -> dt.date:
        """Return the first day of the span that a day belongs to."""
        match self:
            case Span.WEEK:
                return day - day.weekday() * DAY
            case Span.MONTH:
                return day.replace(day=1)
        return day

    def end(self, day: dt.date) -> dt.date:
        """Return the last day of the span that a day belongs to."""
        longest = {Span.DAY: 1, Span.WEEK: 7, Span.MONTH: 31}
        return self.start(self.start(day) + longest[self] * DAY) - DAY


@dataclass(frozen=True, slots=True)
class Period:
    """Local days, both ends included."""

    first: dt.date
    last: dt.date

    def __post_init__(self) -> None:
        """Refuse a period that ends before it begins."""
        if self.last < self.first:
            raise ValueError("a period ends after it begins")

    @property
    def days(self) -> int:
        """Return its length."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """Return the period to compare with: whole months with as many whole months, else as many days."""
        if self.first.day == 1 and (self.last + DAY).day == 1:
            months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
            index = self.first.year * 12 + self.first.month - 1 - months
            return Period(dt.date(index // 12, index % 12 + 1, 1), self.first - DAY)
        return Period(self.first - self.days * DAY, self.first - DAY)

    def pieces(self, span: Span) -> tuple[Period, ...]:
        """Return what lies within of each span, in order."""
        starts = dict.fromkeys(span.start(day) for day in self)
        return tuple(Period(max(start, self.first), min(span.end(start), self.last)) for start in starts)

    def is_whole(self, span: Span) -> bool:
        """Tell whether it is just one span."""
        return self == Period(span.start(self.first), span.end(self.first))

    def __iter__(self) -> Iterator[dt.date]:
        """Go through its days."""
        return (self.first + number * DAY for number in range(self.days))


def day_of(at: dt.datetime) -> dt.date:
    """Return the local day of a time."""
    return at.astimezone(ZONE).date()


def begins(day: dt.date) -> dt.datetime:
    """Return when a local day begins."""
    return dt.datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(dt.UTC)
