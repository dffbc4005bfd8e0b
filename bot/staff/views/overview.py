"""The first page: what citizens ask, learn and do, beside the time before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.staff import filters
from bot.staff.filters import Filters
from bot.staff.visit import View, Visit
from storage.counting import By, Counted
from storage.days import day_of
from storage.figures import (
    ASKED,
    DONE,
    GUIDES,
    HANDED_OVER,
    INTENTS,
    NOT_UNDERSTOOD,
    PARTS,
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


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure beside the period before."""

    now: Counted
    before: Counted


def filters_of(visit: Visit) -> Filters:
    """Read what the address asks for."""
    content = visit.desk.known().content
    known = {
        "channel": CHANNELS,
        "commune": content.places.communes,
        "service": content.catalogue.services,
    }
    return filters.read(visit.query, day_of(visit.desk.clock()), visit.account, known)


async def show(visit: Visit) -> web.StreamResponse:
    """Show all figures of a period."""
    chosen = filters_of(visit)
    before = filters.compared(chosen.period, chosen.preset)
    async with visit.desk.storage.reading() as unit:
        parts = {}
        for part, figures in PARTS.items():
            parts[part] = [
                Compared(
                    await unit.counting.count(figure, chosen.period, chosen.within),
                    await unit.counting.count(figure, before, chosen.within),
                )
                for figure in figures
            ]
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
    )


def _cards(parts: Mapping[str, Sequence[Compared]]) -> list[Compared]:
    counted = {one.now.figure.slug: one for part in parts.values() for one in part}
    return [counted[figure.slug] for figure in CARDS]


async def _services(unit: ReadingUnit, chosen: Filters) -> Counted:
    return await unit.counting.count(ASKED, chosen.period, chosen.within, By.SERVICE)


VIEWS = (View("GET", "/staff/", show),)
