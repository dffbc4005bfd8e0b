"""Figures as tables, the same for the screen, for files and for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.staff.labels import Division, Labels
from bot.tables import Cell, Share, Table
from storage.counting import Counted, Counting, Within
from storage.days import Period
from storage.figures import PARTS, Figure, Middle, People, Unit
from storage.groups import Gap, Value


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a figure with its name."""

    key: str
    name: str
    value: Value


Overview = Mapping[str, "Sequence[Compared]"]
"""All figures, by part."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure beside the period before."""

    now: Counted
    before: Counted


def divisions(figure: Figure) -> tuple[Division, ...]:
    """Return what a figure can be divided by."""
    if isinstance(figure, Middle):
        return ()
    if isinstance(figure, People):
        return (Division.DAY, Division.WEEK, Division.MONTH, Division.CHANNEL, Division.COMMUNE)
    return tuple(Division)


async def compare(counting: Counting, period: Period, before: Period, within: Within) -> Overview:
    """Count all figures of two periods, by part."""
    return {
        part: [
            Compared(await counting.count(one, period, within), await counting.count(one, before, within))
            for one in those
        ]
        for part, those in PARTS.items()
    }


def overview_tables(overview: Overview, texts: Mapping[str, str]) -> tuple[Table, ...]:
    """Return all figures as tables, one for each part."""
    return tuple(_overview_table(part, those, texts) for part, those in overview.items())


def _overview_table(part: str, those: Sequence[Compared], texts: Mapping[str, str]) -> Table:
    columns = (texts["figure"], texts["unit"], texts["this_period"], texts["before_period"])
    rows = tuple(
        (
            texts[f"figure.{one.now.figure.slug}"],
            texts[f"unit.{one.now.figure.unit}"],
            written(one.now.total, one.now.figure.unit, texts),
            written(one.before.total, one.now.figure.unit, texts),
        )
        for one in those
    )
    notes = [
        f"{row[0]}: {texts[f'figure.{one.now.figure.slug}.about']}"
        for row, one in zip(rows, those, strict=True)
    ]
    return Table(
        title=texts[f"part.{part}"],
        columns=columns,
        rows=rows,
        notes=(period_note(those[0].now, texts), *notes),
    )


def parts(counted: Counted, division: Division, labels: Labels) -> tuple[Part, ...]:
    """Return the parts of a figure in their order."""
    return tuple(Part(key, labels.name(division, key), value) for key, value in counted.cells.items())


def table(counted: Counted, division: Division, labels: Labels, texts: Mapping[str, str]) -> Table:
    """Return a figure that is divided as a table: parts, then the whole."""
    slug = counted.figure.slug
    coded = division in {Division.COMMUNE, Division.SERVICE, Division.DAY, Division.WEEK, Division.MONTH}
    columns = (*([texts["code"]] if coded else []), texts[f"by.{division}"], texts[f"figure.{slug}"])
    rows = [
        (*([part.key] if coded else []), part.name, written(part.value, counted.figure.unit, texts))
        for part in parts(counted, division, labels)
    ]
    whole = (*([""] if coded else []), texts["whole"], written(counted.total, counted.figure.unit, texts))
    return Table(
        title=texts[f"figure.{slug}"],
        columns=columns,
        rows=(*rows, whole),
        notes=(period_note(counted, texts), f"{texts[f'figure.{slug}']}: {texts[f'figure.{slug}.about']}"),
    )


def written(value: Value, unit: Unit, texts: Mapping[str, str]) -> Cell:
    """Return a number as a number, and why there is none as words."""
    if isinstance(value, Gap):
        return texts[f"gap.{value.value}"]
    return Share(value) if unit is Unit.SHARE else value


def as_json(counted: Counted) -> dict[str, object]:
    """Return a figure for programs: a gap is an object that says why."""
    return {
        "figure": counted.figure.slug,
        "unit": counted.figure.unit.value,
        "from": counted.period.first.isoformat(),
        "to": counted.period.last.isoformat(),
        "channel": counted.within.channel,
        "commune": counted.within.commune,
        "service": counted.within.service,
        "by": counted.by.value if counted.by else None,
        "total": _json(counted.total),
        "cells": {key: _json(value) for key, value in counted.cells.items()},
    }


def period_note(counted: Counted, texts: Mapping[str, str]) -> str:
    """Say of which days and of whom a table is."""
    first, last = counted.period.first, counted.period.last
    return texts["file.period"].format(first=f"{first:%-d/%-m/%Y}", last=f"{last:%-d/%-m/%Y}")


def _json(value: Value) -> object:
    return {"gap": value.value} if isinstance(value, Gap) else value
