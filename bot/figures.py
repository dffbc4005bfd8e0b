"""Figures as tables, the same for the screen, for files and for the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.staff.labels import Division, Labels
from bot.tables import Cell, Table
from storage.counting import Counted
from storage.figures import Unit
from storage.groups import Gap, Value


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a figure with its name."""

    key: str
    name: str
    value: Value


def parts(counted: Counted, division: Division, labels: Labels) -> tuple[Part, ...]:
    """Return the parts of a figure in their order."""
    return tuple(Part(key, labels.name(division, key), value) for key, value in counted.cells.items())


def table(counted: Counted, division: Division, labels: Labels, texts: Mapping[str, str]) -> Table:
    """Return a figure that is divided as a table: parts, then the whole."""
    slug = counted.figure.slug
    coded = division in {Division.COMMUNE, Division.SERVICE, Division.DAY, Division.WEEK, Division.MONTH}
    columns = (*([texts["code"]] if coded else []), texts[f"by.{division}"], texts[f"figure.{slug}"])
    rows = [
        (*([part.key] if coded else []), part.name, written(part.value, texts))
        for part in parts(counted, division, labels)
    ]
    whole = (*([""] if coded else []), texts["whole"], written(counted.total, texts))
    return Table(
        title=texts[f"figure.{slug}"],
        columns=columns,
        rows=(*rows, whole),
        notes=(period_note(counted, texts), f"{texts[f'figure.{slug}']}: {texts[f'figure.{slug}.about']}"),
        shares=frozenset({len(columns) - 1}) if counted.figure.unit is Unit.SHARE else frozenset(),
    )


def written(value: Value, texts: Mapping[str, str]) -> Cell:
    """Return a number as a number, and why there is none as words."""
    return texts[f"gap.{value.value}"] if isinstance(value, Gap) else value


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
