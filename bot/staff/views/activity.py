"""The activity log: who did what, and when."""

from __future__ import annotations

from aiohttp import web

from bot.staff.visit import View, Visit, row_number
from storage.staff import Role

PAGE = 50


async def show(visit: Visit) -> web.StreamResponse:
    """List what was done, newest first."""
    before = row_number(visit.query.get("before", "")) or 0
    login, action = visit.query.get("login", "")[:60], visit.query.get("action", "")[:60]
    async with visit.desk.storage.reading() as unit:
        found = await unit.activities.newest(PAGE + 1, before=before, login=login, action=action)
    more = found[PAGE - 1].id if len(found) > PAGE else 0
    return visit.page("activity.html", lines=found[:PAGE], more=more, login=login, action=action)


VIEWS = (View("GET", "/staff/activity", show, Role.ADMIN, everywhere=True),)
