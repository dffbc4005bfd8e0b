"""The desk's addresses: all behind the guard but signing in and the style."""

from __future__ import annotations

from collections.abc import Iterator

from aiohttp import web

from bot.staff.access import Access
from bot.staff.desk import Desk
from bot.staff.guard import Guard, missing
from bot.staff.views import (
    accounts,
    activity,
    age,
    exports,
    figure,
    gaps,
    offices,
    overview,
    own,
    people,
    questions,
    services,
    tickets,
    unknown,
)
from bot.staff.visit import View, Visit
from bot.web.responses import see_other

PAGES = (
    overview,
    figure,
    questions,
    people,
    unknown,
    tickets,
    services,
    offices,
    gaps,
    age,
    exports,
    own,
    accounts,
    activity,
)
VIEWS: tuple[View, ...] = tuple(view for page in PAGES for view in page.VIEWS)


def routes(desk: Desk) -> Iterator[web.RouteDef]:
    """Yield every address under `/staff`; what is unknown is guarded too."""
    access = Access(desk)
    guard = Guard(desk, access)

    async def leave(visit: Visit) -> web.StreamResponse:
        return await access.leave(visit.session)

    async def nowhere(visit: Visit) -> web.StreamResponse:
        return missing(visit)

    yield from access.routes()
    yield from (web.get(f"/static/{asset.name}", asset.serve) for asset in desk.assets)
    yield guard.route(View("POST", "/staff/logout", leave))
    yield from map(guard.route, VIEWS)
    yield web.get("/staff", _to_the_desk)
    yield guard.route(View("GET", "/staff/{rest:.*}", nowhere))
    yield guard.route(View("POST", "/staff/{rest:.*}", nowhere))


async def _to_the_desk(_request: web.Request) -> web.Response:
    return see_other("/staff/")
