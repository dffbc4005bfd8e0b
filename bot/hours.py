"""Working hours: when staff answer, as the settings say, and when so many hours of them have passed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from storage.days import DAY, ZONE

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
USUAL = "Mon-Fri 07:30-11:30,13:30-17:00"
"""What a question's way back is counted in where no office stated its hours; told to nobody."""
LIMIT_HOURS = 4
"""Working hours after which a question goes back."""
_PART = re.compile(r"([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))? (\S+)")
_STRETCH = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")
_FORM = f"must look like {USUAL}; several separated by semicolons"

Stretch = tuple[dt.time, dt.time]
"""From, to."""


@dataclass(frozen=True, slots=True)
class Part:
    """Days of the week with the same hours."""

    first: int
    last: int
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When staff answer, in local time."""

    parts: tuple[Part, ...]

    def after(self, start: dt.datetime, work: dt.timedelta) -> dt.datetime:
        """Return when so much working time has passed."""
        left = work
        for begin, end in self._stretches(start):
            if left <= end - begin:
                return (begin + left).astimezone(dt.UTC)
            left -= end - begin
        raise AssertionError("there are working hours in every week")

    def told(self, texts: Mapping[str, str]) -> str:
        """Say when that is, in the words of the content."""
        return "; ".join(_told(part, texts) for part in self.parts)

    def _stretches(self, start: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """Yield the working time from a time on, as long as anybody asks."""
        day, local = start.astimezone(ZONE).date(), start.astimezone(ZONE)
        while True:
            for opens, closes in self._on(day.weekday()):
                begin, end = (dt.datetime.combine(day, at, ZONE) for at in (opens, closes))
                if end > local:
                    yield max(begin, local), end
            day += DAY

    def _on(self, weekday: int) -> list[Stretch]:
        found = (part.stretches for part in self.parts if part.first <= weekday <= part.last)
        return sorted(stretch for stretches in found for stretch in stretches)


def parse_hours(text: str) -> WorkingHours:
    """Read working hours; raise ValueError for what are none."""
    return WorkingHours(tuple(_part(part.strip()) for part in text.split(";")))


def _part(text: str) -> Part:
    found = _PART.fullmatch(text)
    if not found:
        raise ValueError(_FORM)
    first, last, stretches = found.groups()
    try:
        days = DAYS.index(first), DAYS.index(last or first)
        hours = tuple(_stretch(one) for one in stretches.split(","))
    except ValueError:
        raise ValueError(_FORM) from None
    if days[0] > days[1]:
        raise ValueError(_FORM)
    return Part(*days, hours)


def _stretch(text: str) -> Stretch:
    found = _STRETCH.fullmatch(text)
    if not found:
        raise ValueError(_FORM)
    opens, closes = map(dt.time.fromisoformat, found.groups())
    if opens >= closes:
        raise ValueError(_FORM)
    return opens, closes


def _told(part: Part, texts: Mapping[str, str]) -> str:
    first, last = (texts[f"weekday.{DAYS[day].lower()}"] for day in (part.first, part.last))
    days = first if first == last else texts["hours.days"].format(low=first, high=last)
    hours = (
        texts["hours.stretch"].format(low=_clock(low), high=_clock(high)) for low, high in part.stretches
    )
    return texts["hours.part"].format(date=days, times=texts["hours.and"].join(hours))


def _clock(at: dt.time) -> str:
    return f"{at.hour}h{at.minute:02}" if at.minute else f"{at.hour}h"
