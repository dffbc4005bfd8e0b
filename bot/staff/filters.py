"""What a page of figures is narrowed to, as its address says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from storage.counting import Within
from storage.days import DAY, Period, Span
from storage.staff import Account

LONGEST = 3 * 366
"""Days of a period; a longer one is cut."""
YEARS = range(2000, 2100)
"""Others are slips of the keyboard, and the calendar ends near some of them."""
PRESETS = ("month", "last_month", "week", "days30", "quarter", "year")


@dataclass(frozen=True, slots=True)
class Filters:
    """A period, and of whom."""

    period: Period
    within: Within
    preset: str = ""
    problem: str = ""
    """Key of what was wrong with the dates that were asked for."""

    def address(self, path: str, **more: object) -> str:
        """Return the address of a page that shows the same."""
        values: dict[str, object] = {
            "from": self.period.first.isoformat(),
            "to": self.period.last.isoformat(),
            "channel": self.within.channel,
            "commune": self.within.commune,
            "service": self.within.service,
        }
        kept = {name: value for name, value in (values | more).items() if value}
        return f"{path}?{urlencode(kept)}"


def read(
    query: Mapping[str, str], today: dt.date, account: Account, known: Mapping[str, Collection[str]]
) -> Filters:
    """Read what an address asks for; `known` names channels, communes and services that there are."""
    chosen = {name: query.get(name, "") for name in ("channel", "commune", "service")}
    within = {name: value if value in known.get(name, ()) else "" for name, value in chosen.items()}
    if account.commune:
        within["commune"] = account.commune
    preset = query.get("preset", "")
    first, last = _date(query.get("from", "")), _date(query.get("to", ""))
    if preset in PRESETS or first is None or last is None:
        preset = preset if preset in PRESETS else "month"
        garbled = bool(query.get("from") or query.get("to")) and not query.get("preset")
        return Filters(
            preset_period(preset, today), Within(**within), preset, "dates.garbled" if garbled else ""
        )
    problem = "dates.reversed" if last < first else ""
    first, last = min(first, last), max(first, last)
    if (last - first).days >= LONGEST:
        first, problem = last - (LONGEST - 1) * DAY, "dates.long"
    return Filters(Period(first, last), Within(**within), "", problem)


def preset_period(preset: str, today: dt.date) -> Period:
    """Return the days of a period with a name."""
    month = Span.MONTH.start(today)
    match preset:
        case "last_month":
            return Period(Span.MONTH.start(month - DAY), month - DAY)
        case "week":
            return Period(Span.WEEK.start(today), today)
        case "days30":
            return Period(today - 29 * DAY, today)
        case "quarter":
            return Period(month.replace(month=month.month - (month.month - 1) % 3), today)
        case "year":
            return Period(month.replace(month=1), today)
    return Period(month, today)


def compared(period: Period, preset: str) -> Period:
    """Return the days to compare with: of a month that still runs, as many days of the month before."""
    if preset in {"month", "quarter", "year"} and not period.is_whole(Span.MONTH):
        before = Span.MONTH.start(period.first - DAY)
        if preset == "month":
            return Period(before, min(period.first - DAY, before + (period.days - 1) * DAY))
    return period.before


def _date(text: str) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None
