"""Open data: all figures by month, in whole and divided, anonymous, for anybody to count on."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterator

from bot.figures import divisions, written
from bot.staff.labels import Division, Labels
from bot.tables import Cell
from storage.counting import EVERYTHING, Counted
from storage.days import DAY, Period, Span
from storage.figures import FIGURES
from storage.groups import Gap, Value
from storage.unit_of_work import Storage

COLUMNS = ("from", "to", "figure", "title", "unit", "by", "key", "part", "value", "gap")
BY = (Division.CHANNEL, Division.COMMUNE, Division.FIELD, Division.TIER, Division.LEVEL, Division.ASPECT)
"""What everybody may see divided: days and single services would make small groups of most."""


def months(period: Period) -> Iterator[Period]:
    """Yield the parts of a period that lie in each month."""
    first = period.first
    while first <= period.last:
        last = min(Span.MONTH.end(first), period.last)
        yield Period(first, last)
        first = last + DAY


async def open_data(
    storage: Storage, period: Period, labels: Labels
) -> AsyncIterator[list[tuple[Cell, ...]]]:
    """Yield the rows of each month, with the head before the first."""
    rows: list[tuple[Cell, ...]] = [tuple(labels.texts[f"open.{name}"] for name in COLUMNS)]
    for month in months(period):
        async with storage.reading() as unit:
            for figure in FIGURES.values():
                whole = await unit.counting.count(figure, month)
                rows.append(_row(whole, "", "", labels.texts["whole"], whole.total, labels))
                for by in (one for one in divisions(figure) if one in BY):
                    counted = await unit.counting.count(figure, month, EVERYTHING, by.by, labels.kinds(by))
                    rows += [
                        _row(counted, by, key, labels.name(by, key), value, labels)
                        for key, value in counted.cells.items()
                    ]
        yield rows
        rows = []


def _row(counted: Counted, by: str, key: str, part: str, value: Value, labels: Labels) -> tuple[Cell, ...]:
    texts, figure = labels.texts, counted.figure
    gap = texts[f"gap.{value.value}"] if isinstance(value, Gap) else ""
    told = None if isinstance(value, Gap) else written(value, figure.unit, texts)
    days: tuple[dt.date, dt.date] = counted.period.first, counted.period.last
    name, unit = texts[f"figure.{figure.slug}"], texts[f"unit.{figure.unit}"]
    return (*days, figure.slug, name, unit, texts[f"by.{by}"] if by else "", key, part, told, gap)
