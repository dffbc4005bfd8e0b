"""Where outreach should go: what can be done from home and nobody asks about, or asks and does not use."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp import web

from bot import tables
from bot.figures import period_note, written
from bot.staff import filters
from bot.staff.filters import Filters
from bot.staff.guard import missing
from bot.staff.labels import Labels
from bot.staff.views.overview import CHANNELS, filters_of
from bot.staff.visit import View, Visit, row_number
from bot.tables import Table
from bot.web.responses import download
from content.models import Level, Service
from storage.counting import By, Counted
from storage.figures import ASKED, METHOD_USE, Unit
from storage.groups import Value

_HERE = "/staff/gaps"
PAGE = 40
FROM_HOME = (Level.FULL, Level.PARTIAL)
UNASKED, UNUSED = "unasked", "unused"


@dataclass(frozen=True, slots=True)
class Unused:
    """A service with how often it was asked about and how often somebody went on to submit from home."""

    service: Service
    asked: int
    used: Value
    share: float | None
    """None when too few people went on to be told."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one address asks for."""

    chosen: Filters
    asked: Counted
    unasked: tuple[Service, ...]
    unused: tuple[Unused, ...]
    usual: float
    """How many go on, of all who ask about services that can be submitted from home."""


async def found(visit: Visit) -> Found:
    """Count what the address asks for."""
    chosen = filters_of(visit)
    async with visit.desk.storage.reading() as unit:
        asked = await unit.counting.count(ASKED, chosen.period, chosen.within, By.SERVICE)
        used = await unit.counting.count(METHOD_USE, chosen.period, chosen.within, By.SERVICE)
    services = visit.desk.known().content.catalogue.services
    from_home = [one for one in services.values() if one.level in FROM_HOME]
    unasked = sorted((one for one in from_home if one.code not in asked.cells), key=lambda one: one.name)
    usual = _share(from_home, asked, used)
    unused = sorted(_unused(from_home, asked, used, usual), key=lambda one: -one.asked)
    return Found(chosen, asked, tuple(unasked), tuple(unused), usual)


def _share(services: list[Service], asked: Counted, used: Counted) -> float:
    """Return how many go on among all whose numbers may be told."""
    told = [(asked.cells.get(one.code), used.cells.get(one.code, 0)) for one in services]
    numbers = [(a, u) for a, u in told if isinstance(a, int) and isinstance(u, int)]
    whole = sum(a for a, _ in numbers)
    return sum(u for _, u in numbers) / whole if whole else 0.0


def _unused(services: list[Service], asked: Counted, used: Counted, usual: float) -> Iterator[Unused]:
    for service in services:
        number, gone_on = asked.cells.get(service.code), used.cells.get(service.code, 0)
        if not isinstance(number, int):
            continue  # too few people to be told
        share = gone_on / number if isinstance(gone_on, int) and number else None
        if share is None or share < usual:
            yield Unused(service, number, gone_on, share)


async def show(visit: Visit) -> web.StreamResponse:
    """Show both lists."""
    here = await found(visit)
    start = row_number(visit.query.get("after", "")) or 0
    listed = here.unasked[start : start + PAGE]
    more = here.chosen.address(_HERE, preset=here.chosen.preset, after=start + PAGE)
    knowledge = visit.desk.known()
    return visit.page(
        "gaps.html",
        chosen=here.chosen,
        found=here,
        unused=here.unused[:PAGE],
        listed=listed,
        more=more if len(here.unasked) > start + PAGE else "",
        files={
            what: {kind: here.chosen.address(f"{_HERE}/{what}.{kind}") for kind in ("csv", "xlsx")}
            for what in (UNASKED, UNUSED)
        },
        labels=Labels(knowledge, visit.desk.pages.texts),
        communes=knowledge.content.places.communes,
        channels=CHANNELS,
        presets=filters.PRESETS,
    )


async def as_file(visit: Visit) -> web.StreamResponse:
    """Give one list, whole, as a file."""
    here, texts = await found(visit), visit.desk.pages.texts
    what, kind = visit.request.match_info["what"], visit.request.match_info["kind"]
    if what not in {UNASKED, UNUSED}:
        return missing(visit)
    table = _unasked_table(here, visit) if what == UNASKED else _unused_table(here, visit)
    name = f"{what}-{here.chosen.period.first}-{here.chosen.period.last}.{kind}"
    if kind == "csv":
        return download(tables.as_csv(table), name, "text/csv")
    book = tables.with_notes([table], texts["file.notes"], texts["file.note"])
    return download(await asyncio.to_thread(tables.as_xlsx, book), name, tables.XLSX)


def _unasked_table(here: Found, visit: Visit) -> Table:
    texts = visit.desk.pages.texts
    rows = [(one.code, one.name, "; ".join(one.fields), texts[f"level.{one.level}"]) for one in here.unasked]
    return Table(
        title=texts["gaps.unasked"],
        columns=(texts["code"], texts["service"], texts["by.field"], texts["by.level"]),
        rows=tuple(rows),
        notes=(period_note(here.asked, texts), texts["gaps.unasked.about"]),
    )


def _unused_table(here: Found, visit: Visit) -> Table:
    texts = visit.desk.pages.texts
    rows = [
        (
            one.service.code,
            one.service.name,
            one.asked,
            written(one.used, METHOD_USE.unit, texts),
            texts["gap.hidden"] if one.share is None else written(one.share, Unit.SHARE, texts),
        )
        for one in here.unused
    ]
    asked, used = texts["figure.questions"], texts["figure.method-use"]
    return Table(
        title=texts["gaps.unused"],
        columns=(texts["code"], texts["service"], asked, used, texts["gaps.share"]),
        rows=tuple(rows),
        notes=(period_note(here.asked, texts), texts["gaps.unused.about"]),
    )


VIEWS = (
    View("GET", _HERE, show),
    View("GET", _HERE + "/{what:unasked|unused}.{kind:csv|xlsx}", as_file),
)
