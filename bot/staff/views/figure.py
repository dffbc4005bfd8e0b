"""One figure: its definition, divided, as a picture and as numbers, and as files of the same."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from bot import charts, figures, tables
from bot.staff import drill, filters
from bot.staff.filters import Filters
from bot.staff.guard import missing
from bot.staff.labels import Division, Labels
from bot.staff.views.overview import CHANNELS, filters_of
from bot.staff.visit import View, Visit
from bot.web.responses import download, picture
from storage.counting import Counted
from storage.figures import FIGURES
from storage.groups import Gap

SHOWN = 15
"""Bars of a picture that is not over time; the numbers below show all."""
BARRED = 125
"""Rows with a bar of their own, which leads to what is behind it: there are as many communes."""
_HERE = "/staff/figures"


@dataclass(frozen=True, slots=True)
class Asked:
    """What one address asks for, counted."""

    counted: Counted
    division: Division
    chosen: Filters
    labels: Labels


async def asked(visit: Visit) -> Asked | None:
    """Count what the address asks for; None where there is no such figure."""
    figure = FIGURES.get(visit.request.match_info["slug"])
    if figure is None:
        return None
    chosen = filters_of(visit)
    wanted = visit.query.get("by", "")
    division = Division(wanted) if wanted in set(Division) else Division.DAY
    labels = Labels(visit.desk.known(), visit.desk.pages.texts)
    async with visit.desk.storage.reading() as unit:
        counted = await unit.counting.count(
            figure, chosen.period, chosen.within, division.by, labels.kinds(division)
        )
    return Asked(counted, division, chosen, labels)


async def show(visit: Visit) -> web.StreamResponse:
    """Show one figure."""
    found = await asked(visit)
    if found is None:
        return missing(visit)
    counted, chosen = found.counted, found.chosen
    path = f"{_HERE}/{counted.figure.slug}"
    numbers = [value for value in counted.cells.values() if not isinstance(value, Gap)]
    return visit.page(
        "figure.html",
        counted=counted,
        barred=BARRED,
        most=max(numbers, default=0),
        division=found.division,
        divisions=figures.divisions(counted.figure),
        parts=figures.parts(counted, found.division, found.labels),
        path=path,
        behind={key: drill.address(counted, found.division, key, chosen) for key in counted.cells},
        files={kind: chosen.address(f"{path}.{kind}", by=found.division) for kind in ("csv", "xlsx", "svg")},
        chosen=chosen,
        communes=found.labels.knowledge.content.places.communes,
        channels=CHANNELS,
        presets=filters.PRESETS,
    )


async def as_file(visit: Visit) -> web.StreamResponse:
    """Give what the page shows as a file or as a picture."""
    found = await asked(visit)
    if found is None:
        return missing(visit)
    counted, texts = found.counted, visit.desk.pages.texts
    period = counted.period
    name = f"{counted.figure.slug}-{found.division}-{period.first}-{period.last}"
    kind = visit.request.match_info["kind"]
    if kind == "svg":
        return picture(await asyncio.to_thread(charts.draw, _bars(found, texts)))
    table = figures.table(counted, found.division, found.labels, texts)
    if kind == "csv":
        return download(tables.as_csv(table), f"{name}.csv", "text/csv")
    book = tables.with_notes([table], texts["file.notes"], texts["file.note"])
    return download(await asyncio.to_thread(tables.as_xlsx, book), f"{name}.xlsx", tables.XLSX)


def _bars(found: Asked, texts: Mapping[str, str]) -> charts.Bars:
    parts = figures.parts(found.counted, found.division, found.labels)
    over_time = found.division.of_time
    cells = [(part.name, part.value) for part in (parts if over_time else parts[:SHOWN])]
    figure = found.counted.figure
    title = texts[f"figure.{figure.slug}"]
    return charts.of_values(cells, figure.unit, texts, sideways=not over_time, title=title)


VIEWS = (
    View("GET", _HERE + "/{slug:[a-z0-9-]+}", show),
    View("GET", _HERE + "/{slug:[a-z0-9-]+}.{kind:csv|xlsx|svg}", as_file),
)
