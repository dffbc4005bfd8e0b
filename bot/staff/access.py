"""Signing in and out: sessions that only their browser knows."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import secrets
import time
from dataclasses import dataclass, field

from aiohttp import web

from bot.channels.visitors import Buckets, Rate, from_own_page
from bot.staff import passwords
from bot.staff.desk import Desk
from bot.staff.patience import Recognised, recognised
from bot.staff.visit import read_form
from bot.web.responses import html, see_other
from storage.sessions import Session
from storage.staff import Account
from storage.unit_of_work import UnitOfWork

COOKIE = "staff"
IDLE = dt.timedelta(minutes=60)
"""Who does nothing for so long signs in again."""
LONGEST = dt.timedelta(hours=12)
LOGIN = "/staff/login"
REFUSED_AFTER = 0.4
"""Seconds: longer than looking at a password takes, so that time does not tell which logins there are."""
TRIES = Rate(20, 0.1)
"""Sign-ins from one address."""
RENEWED = dt.timedelta(minutes=1)
"""How exactly it is noted when a session was used last."""


@dataclass(slots=True)
class Access:
    """Lets staff in."""

    desk: Desk
    _tries: Buckets = field(default_factory=lambda: Buckets(TRIES, time.monotonic))

    def routes(self) -> list[web.RouteDef]:
        """Return the addresses that need no session."""
        return [web.get(LOGIN, self._show), web.post(LOGIN, self._take)]

    async def session(self, request: web.Request, *, renew: bool = True) -> tuple[Session, Account] | None:
        """Return who is signed in in this browser; unless told otherwise they are at work now."""
        token = request.cookies.get(COOKIE, "")
        if not token:
            return None
        now = self.desk.clock()
        async with self.desk.storage.reading() as unit:
            session = await unit.sessions.find(_kept(token), now, IDLE)
            account = await unit.staff.one(session.staff_id) if session else None
        if session is None or account is None:
            return None
        if renew and now - session.seen_at > RENEWED:
            async with self.desk.storage.writing() as unit:
                await unit.sessions.seen(session.token_hash, now)
                await unit.commit()
        return session, account

    async def leave(self, session: Session) -> web.Response:
        """Sign out."""
        async with self.desk.storage.writing() as unit:
            await unit.sessions.close(session.token_hash)
            await unit.commit()
        response = see_other(f"{LOGIN}?done=signed_out")
        response.del_cookie(COOKIE, path="/staff")
        return response

    async def _show(self, request: web.Request) -> web.Response:
        if await self.session(request):
            return see_other("/staff/")
        return self._page(notice="login.out" if "done" in request.query else "")

    async def _take(self, request: web.Request) -> web.Response:
        if not from_own_page(request.headers, request.host, self.desk.public_url):
            return self._page(problem="login.foreign", status=403)
        try:
            form, _ = await read_form(request)
        except ValueError:
            return self._page(problem="login.wrong", status=400)
        login, password = form.get("login", "")[:60], form.get("password", "")
        if self._tries.take(self.desk.network(request)):
            return self._page(problem="login.often", login=login, status=429)
        began = time.monotonic()
        known = await recognised(self.desk, login, password)
        brought = request.cookies.get(COOKIE, "")
        entered = await self._enter(known, password, brought) if known else None
        if entered is None:
            await asyncio.sleep(REFUSED_AFTER - (time.monotonic() - began))
        return entered or self._page(problem="login.wrong", login=login, status=403)

    async def _enter(self, known: Recognised, password: str, brought: str) -> web.Response | None:
        """Begin a session and end the one that the browser brought; None when the password just changed."""
        account, now = known.account, self.desk.clock()
        renewed = await passwords.hashed(password) if passwords.is_old(known.password_hash) else ""
        async with self.desk.storage.writing() as unit:
            if not await unit.staff.welcome(account.id, known.password_hash):
                return None
            if renewed:
                await unit.staff.change(account.id, password_hash=renewed)
            await unit.sessions.close(_kept(brought))
            token = await begin(unit, account.id, now)
            await unit.activities.note(now, (account.id, account.login), "session:opened")
            await unit.commit()
        return remembered(see_other("/staff/"), token, self.desk)

    def _page(
        self, *, problem: str = "", notice: str = "", login: str = "", status: int = 200
    ) -> web.Response:
        page = self.desk.pages.render("login.html", problem=problem, notice=notice, login=login)
        return html(page, status)


async def begin(unit: UnitOfWork, staff_id: int, now: dt.datetime) -> str:
    """Begin a session; return its token, our own: one that the visitor brought counts for nothing."""
    token = secrets.token_urlsafe(32)
    session = Session(
        token_hash=_kept(token),
        staff_id=staff_id,
        created_at=now,
        seen_at=now,
        expires_at=now + LONGEST,
    )
    await unit.sessions.open(session)
    return token


def remembered(response: web.Response, token: str, desk: Desk) -> web.Response:
    """Give a token to the browser, for the desk alone."""
    secure = desk.public_url.startswith("https://")
    response.set_cookie(COOKIE, token, path="/staff", httponly=True, samesite="Strict", secure=secure)
    return response


def _kept(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
