"""One guard before every page of the desk: signed in, allowed, and meant by the visitor."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.channels.visitors import from_own_page
from bot.staff.access import LOGIN, Access
from bot.staff.desk import Desk
from bot.staff.visit import PROOF, View, Visit, csrf_token, read_form
from bot.web.responses import see_other


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets to a page whoever may see it."""

    desk: Desk
    access: Access

    def route(self, view: View) -> web.RouteDef:
        """Return the address of a view with the guard before it."""
        return web.route(view.method, view.path, self._guarded(view))

    def _guarded(self, view: View) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            known = await self.access.session(request, renew=not view.by_itself)
            if known is None:
                return see_other(LOGIN)
            session, account = known
            visit = Visit(request, self.desk, account, session, {})
            if request.method == "POST":
                form = await self._form(request, session.token_hash)
                if form is None:
                    return refused(visit, "foreign")
                visit = Visit(request, self.desk, account, session, *form)
            if not view.open_to(account):
                return refused(visit, "forbidden")
            return await view.handler(visit)

        return guarded

    async def _form(
        self, request: web.Request, session: str
    ) -> tuple[Mapping[str, str], Mapping[str, bytes]] | None:
        """Read a form; None when it was not sent from a page of this session."""
        if not from_own_page(request.headers, request.host, self.desk.public_url):
            return None
        try:
            form, files = await read_form(request)
        except ValueError:
            return None
        ours = csrf_token(self.desk.csrf_key, session)
        return (form, files) if hmac.compare_digest(form.get(PROOF, "").encode(), ours.encode()) else None


def refused(visit: Visit, reason: str, status: int = HTTPStatus.FORBIDDEN) -> web.Response:
    """Say why not, and what to do."""
    return visit.page("refused.html", status=status, reason=reason)


def missing(visit: Visit) -> web.Response:
    """Say that there is no such thing."""
    return refused(visit, "missing", HTTPStatus.NOT_FOUND)
