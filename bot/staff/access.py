"""Signing in and out: sessions that only their browser knows, and patience with whoever guesses."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import time
from dataclasses import dataclass, field

import structlog
from aiohttp import web

from bot.channels.visitors import Buckets, Rate, from_own_page
from bot.staff import passwords
from bot.staff.desk import Desk
from bot.staff.visit import read_form
from bot.web.responses import html, see_other
from storage.sessions import Session
from storage.staff import Account

log = structlog.get_logger(__name__)

COOKIE = "staff"
IDLE = dt.timedelta(minutes=60)
"""Who does nothing for so long signs in again."""
LONGEST = dt.timedelta(hours=12)
LOGIN = "/staff/login"
PATIENCE = 5
"""Failed tries before an account rests."""
RESTS = dt.timedelta(minutes=1)
"""The first rest; each further failure doubles it."""
LONGEST_REST = dt.timedelta(hours=1)
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

    async def session(self, request: web.Request) -> tuple[Session, Account] | None:
        """Return who is signed in in this browser."""
        token = request.cookies.get(COOKIE, "")
        if not token:
            return None
        now = self.desk.clock()
        async with self.desk.storage.reading() as unit:
            session = await unit.sessions.find(_kept(token), now, IDLE)
            account = await unit.staff.one(session.staff_id) if session else None
        if session is None or account is None:
            return None
        if now - session.seen_at > RENEWED:
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
            form = await read_form(request)
        except ValueError:
            return self._page(problem="login.wrong", status=400)
        login, password = form.get("login", "")[:60], form.get("password", "")
        if self._tries.take(self.desk.network(request)):
            return self._page(problem="login.often", login=login, status=429)
        account = await self._recognised(login, password)
        if account is None:
            return self._page(problem="login.wrong", login=login, status=403)
        return await self._enter(account)

    async def _recognised(self, login: str, password: str) -> Account | None:
        """Return the account when the password is right; guessing makes it rest, which nobody is told."""
        now = self.desk.clock()
        async with self.desk.storage.reading() as unit:
            account = await unit.staff.find(login)
            kept = await unit.staff.password_hash(account.id) if account else ""
        right = await passwords.matches(kept, password)
        if account is None or account.disabled_at is not None:
            return None
        rests = account.locked_until is not None and now < account.locked_until
        if right and not rests:
            await self._welcome(account, password if passwords.is_old(kept) else "")
            return account
        if not rests:
            await self._failed(account)
        return None

    async def _failed(self, account: Account) -> None:
        now = self.desk.clock()
        rest = rest_after(account.failures + 1)
        async with self.desk.storage.writing() as unit:
            await unit.staff.failed(account.id, now + rest if rest else None)
            await unit.activities.note(now, (account.id, account.login), "session:refused")
            await unit.commit()
        log.warning("sign-in refused", failures=account.failures + 1)

    async def _welcome(self, account: Account, password: str) -> None:
        values: dict[str, object] = {"failures": 0, "locked_until": None}
        if password:
            values["password_hash"] = await passwords.hashed(password)
        async with self.desk.storage.writing() as unit:
            await unit.staff.change(account.id, **values)
            await unit.commit()

    async def _enter(self, account: Account) -> web.Response:
        """Begin a session with a token of our own making; one that the visitor brought counts for nothing."""
        token, now = secrets.token_urlsafe(32), self.desk.clock()
        session = Session(
            token_hash=_kept(token),
            staff_id=account.id,
            created_at=now,
            seen_at=now,
            expires_at=now + LONGEST,
        )
        async with self.desk.storage.writing() as unit:
            await unit.sessions.open(session)
            await unit.activities.note(now, (account.id, account.login), "session:opened")
            await unit.commit()
        response = see_other("/staff/")
        secure = self.desk.public_url.startswith("https://")
        response.set_cookie(COOKIE, token, path="/staff", httponly=True, samesite="Strict", secure=secure)
        return response

    def _page(
        self, *, problem: str = "", notice: str = "", login: str = "", status: int = 200
    ) -> web.Response:
        page = self.desk.pages.render("login.html", problem=problem, notice=notice, login=login)
        return html(page, status)


def rest_after(failures: int) -> dt.timedelta | None:
    """Return how long an account rests after so many failures in a row; None while it need not."""
    if failures < PATIENCE:
        return None
    doubled: int = 2 ** min(failures - PATIENCE, 10)
    return min(LONGEST_REST, RESTS * doubled)


def _kept(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
