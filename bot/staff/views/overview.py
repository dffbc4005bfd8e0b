"""The first page: what citizens ask, learn and do, beside the time before."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from bot import figures, tables
from bot.figures import Compared, Overview
from bot.staff import filters
from bot.staff.filters import Filters
from bot.staff.visit import View, Visit
from bot.web.responses import download
from storage.counting import By, Counted
from storage.days import day_of
from storage.figures import (
    ASKED,
    DONE,
    GUIDES,
    HANDED_OVER,
    INTENTS,
    NOT_UNDERSTOOD,
    PEOPLE,
    SHARE_UNDERSTOOD,
    TOLD_ONLINE,
)
from storage.unit_of_work import ReadingUnit

CHANNELS = ("webchat", "telegram", "zalo_oa", "zalo_bot")
TOP = 10
"""Services that are named."""
CARDS = (
    PEOPLE,
    ASKED,
    SHARE_UNDERSTOOD,
    NOT_UNDERSTOOD,
    HANDED_OVER,
    TOLD_ONLINE,
    GUIDES,
    INTENTS,
    DONE,
)
"""What is to be seen at once."""


def filters_of(visit: Visit, asked: Mapping[str, str] | None = None) -> Filters:
    """Read what the address asks for, or a form."""
    content = visit.desk.known().content
    known = {
        "channel": CHANNELS,
        "commune": content.places.communes,
        "service": content.catalogue.services,
    }
    return filters.read(
        visit.query if asked is None else asked, day_of(visit.desk.clock()), visit.account, known
    )


async def show(visit: Visit) -> web.StreamResponse:
    """Show all figures of a period."""
    chosen = filters_of(visit)
    before = filters.compared(chosen.period, chosen.preset)
    async with visit.desk.storage.reading() as unit:
        parts = await figures.compare(unit.counting, chosen.period, before, chosen.within)
        services = await _services(unit, chosen)
        since = await unit.counting.since()
    knowledge = visit.desk.known()
    named = [
        (code, knowledge.title(code) if code in knowledge.content.catalogue.services else code, value)
        for code, value in list(services.cells.items())[:TOP]
    ]
    return visit.page(
        "overview.html",
        chosen=chosen,
        before=before,
        parts=parts,
        cards=_cards(parts),
        services=named,
        since=since,
        communes=knowledge.content.places.communes,
        channels=CHANNELS,
        presets=filters.PRESETS,
        files={
            kind: chosen.address(f"/staff/overview.{kind}", preset=chosen.preset) for kind in ("csv", "xlsx")
        },
    )


async def as_file(visit: Visit) -> web.StreamResponse:
    """Give all figures of a period as a file."""
    chosen = filters_of(visit)
    before = filters.compared(chosen.period, chosen.preset)
    async with visit.desk.storage.reading() as unit:
        overview = await figures.compare(unit.counting, chosen.period, before, chosen.within)
    texts = visit.desk.pages.texts
    listed = figures.overview_tables(overview, texts)
    name = f"tong-quan-{chosen.period.first}-{chosen.period.last}"
    if visit.request.match_info["kind"] == "csv":
        return download(tables.as_csv(tables.joined(listed, texts["part"])), f"{name}.csv", "text/csv")
    book = tables.with_notes(listed, texts["file.notes"], texts["file.note"])
    return download(await asyncio.to_thread(tables.as_xlsx, book), f"{name}.xlsx", tables.XLSX)


def _cards(parts: Overview) -> list[Compared]:
    counted = {one.now.figure.slug: one for part in parts.values() for one in part}
    return [counted[figure.slug] for figure in CARDS]


async def _services(unit: ReadingUnit, chosen: Filters) -> Counted:
    return await unit.counting.count(ASKED, chosen.period, chosen.within, By.SERVICE)


VIEWS = (View("GET", "/staff/", show), View("GET", "/staff/overview.{kind:csv|xlsx}", as_file))
