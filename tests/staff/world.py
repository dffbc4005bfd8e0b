"""The desk as staff meet it: the real application on loopback, and browsers that sign in."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from http.cookies import SimpleCookie

from aiohttp import ClientSession, CookieJar, FormData, web
from aiohttp.test_utils import BaseTestServer
from argon2 import PasswordHasher
from multidict import CIMultiDictProxy

from bot.staff.access import COOKIE, LOGIN
from storage.staff import NewAccount, Role
from storage.unit_of_work import Storage
from tests.bot.parts import Clock

PASSWORD = "bốn từ không liên quan"
ADMIN = "quan.tri"
COMMUNE, OTHER_COMMUNE = "00691", "00706"
FORM = "application/x-www-form-urlencoded"


@cache
def hash_of(password: str) -> str:
    """Hash as the desk does, once for each password: it takes its time."""
    return PasswordHasher().hash(password)


@dataclass(frozen=True)
class Page:
    """An answer, as a browser has it."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def html(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def text(self) -> str:
        """What is read on it, in one line."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.html)).split())

    @property
    def kind(self) -> str:
        """What it is: a page, a file, an answer to a script."""
        return self.headers.get("Content-Type", "").partition(";")[0]

    @property
    def leads_to(self) -> str:
        return self.headers.get("Location", "")


@dataclass
class Browser:
    """Keeps cookies, follows nothing by itself."""

    session: ClientSession
    server: BaseTestServer

    async def get(self, path: str, **headers: str) -> Page:
        return await self.ask("GET", path, headers=headers)

    async def ask(
        self, method: str, path: str, *, body: str = "", headers: Mapping[str, str] | None = None
    ) -> Page:
        async with self.session.request(
            method, self.server.make_url(path), data=body or None, headers=headers, allow_redirects=False
        ) as response:
            return Page(response.status, response.headers, await response.read())

    async def send(self, path: str, headers: Mapping[str, str] | None = None, /, **fields: str) -> Page:
        """Send a form as it stands."""
        async with self.session.post(
            self.server.make_url(path), data=fields, headers=headers, allow_redirects=False
        ) as response:
            return Page(response.status, response.headers, await response.read())

    async def post(self, path: str, **fields: str) -> Page:
        """Send a form with the proof that it is of this session."""
        return await self.send(path, None, csrf=await self.proof(), **fields)

    async def upload(self, path: str, body: bytes, **fields: str) -> Page:
        """Send a form with a file."""
        form = FormData({"csrf": await self.proof(), **fields})
        form.add_field("file", body, filename="tep.xlsx", content_type="application/octet-stream")
        async with self.session.post(
            self.server.make_url(path), data=form, allow_redirects=False
        ) as response:
            return Page(response.status, response.headers, await response.read())

    async def proof(self) -> str:
        """Read what every form of this session carries."""
        shown = (await self.get("/staff/account")).html
        found = re.search(r'name="csrf" value="([^"]+)"', shown)
        assert found, "nobody is signed in"
        return found[1]

    async def sign_in(self, login: str = ADMIN, password: str = PASSWORD) -> Page:
        return await self.send(LOGIN, login=login, password=password)

    @property
    def token(self) -> str:
        """The cookie of the session."""
        return next((cookie.value for cookie in self.session.cookie_jar if cookie.key == COOKIE), "")

    def carry(self, token: str) -> None:
        """Take somebody's cookie."""
        cookie = SimpleCookie({COOKIE: token})
        cookie[COOKIE]["path"] = "/staff"
        self.session.cookie_jar.update_cookies(cookie, self.server.make_url("/staff"))

    async def is_in(self) -> bool:
        return (await self.get("/staff/account")).status == 200


@dataclass(frozen=True)
class Samples:
    """What is there on the day on which there is something on every page."""

    now: dt.datetime
    examples: Mapping[str, str]
    """Addresses of things that are there, by the form of the address."""


@dataclass
class World:
    """A desk that runs, its database, its clock, and who uses it."""

    storage: Storage
    clock: Clock
    app: web.Application
    server: BaseTestServer
    examples: Mapping[str, str] = field(default_factory=dict)
    browsers: list[Browser] = field(default_factory=list)

    async def account(self, login: str = ADMIN, role: Role = Role.ADMIN, commune: str = "") -> int:
        new = NewAccount(
            login=login, name=f"Cán bộ {login}", role=role, password_hash=hash_of(PASSWORD), commune=commune
        )
        async with self.storage.writing() as unit:
            number = await unit.staff.add(new, self.clock())
            await unit.commit()
        return number

    def browser(self) -> Browser:
        """Open a browser in which nobody is signed in."""
        jar = CookieJar(unsafe=True)
        self.browsers.append(Browser(ClientSession(cookie_jar=jar), self.server))
        return self.browsers[-1]

    async def close(self) -> None:
        for browser in self.browsers:
            await browser.session.close()

    async def somebody(self, role: Role = Role.ADMIN, commune: str = "", login: str = "") -> Browser:
        """Open a browser in which somebody of a role is signed in."""
        login = login or f"{role}{commune or '-tinh'}"
        await self.account(login, role, commune)
        browser = self.browser()
        assert (await browser.sign_in(login)).status == 303
        return browser

    async def done(self, action: str = "") -> list[str]:
        """Return what the activity log holds, newest first."""
        async with self.storage.reading() as unit:
            return [line.action for line in await unit.activities.newest(1000, action=action)]
