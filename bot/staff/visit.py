"""A request of somebody who is signed in, and how a page declares who may see it."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl

from aiohttp import web

from bot.staff.desk import Desk
from bot.web.responses import html, see_other
from storage.sessions import Session
from storage.staff import Account, Role
from storage.unit_of_work import UnitOfWork

PROOF = "csrf"
"""Name of the field that every form carries."""
MAX_FIELDS = 200


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, by whom, with what a view needs to answer it."""

    request: web.Request
    desk: Desk
    account: Account
    session: Session
    form: Mapping[str, str]
    """What was posted; empty for a page that is only looked at."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What was uploaded, by the name of its field."""

    @property
    def query(self) -> Mapping[str, str]:
        """Return what the address asks for: the first of each name, without what databases refuse."""
        asked = self.request.query
        return {name: asked[name].replace("\0", "") for name in asked}

    def say(self, key: str, **values: object) -> str:
        """Return words of the desk."""
        return self.desk.pages.say(key, **values)

    def page(self, template: str, *, status: int = HTTPStatus.OK, **values: object) -> web.Response:
        """Answer with a page."""
        from bot.staff.menu import menu_for

        shared = {
            "account": self.account,
            "csrf": csrf_token(self.desk.csrf_key, self.session.token_hash),
            "menu": menu_for(self.account),
            "here": self.request.path,
            "notice": self._notice(),
        }
        return html(self.desk.pages.render(template, **shared | values), status)

    def _notice(self) -> str:
        """Return what was just done, as the address says: anybody may write an address."""
        done = self.query.get("done", "")
        return done if f"done.{done}" in self.desk.pages.texts else ""

    def go(self, address: str, done: str = "") -> web.Response:
        """Lead on after a form was taken; `done` is the key of a notice."""
        mark = "&" if "?" in address else "?"
        return see_other(f"{address}{mark}done={done}" if done else address)

    async def note(
        self, unit: UnitOfWork, action: str, target: str = "", data: Mapping[str, object] | None = None
    ) -> None:
        """Write into the activity log what is done in this unit."""
        who = self.account.id, self.account.login
        await unit.activities.note(self.desk.clock(), who, action, target, data)


Handler = Callable[[Visit], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class View:
    """An address of the desk: who may come, and what answers."""

    method: str
    path: str
    handler: Handler
    role: Role = Role.VIEWER
    everywhere: bool = False
    """Only for accounts of the whole province."""
    by_itself: bool = False
    """Asked for by a page, not by somebody: it keeps no session alive."""

    def open_to(self, account: Account) -> bool:
        """Tell whether somebody may come."""
        return account.role.may(self.role) and not (self.everywhere and account.commune)


def csrf_token(key: bytes, session: str) -> str:
    """Return what a form of this session carries, so that no other page can send it."""
    return hmac.new(key, session.encode(), hashlib.sha256).hexdigest()


def row_number(text: str) -> int | None:
    """Read the number of a row; None for anything that is none."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


async def read_form(request: web.Request) -> tuple[dict[str, str], dict[str, bytes]]:
    """Read the fields and files of a form; raise ValueError for anything else."""
    if request.content_type == "multipart/form-data":
        return await _read_parts(request)
    if request.content_type != "application/x-www-form-urlencoded":
        raise ValueError("no form")
    body = (await request.read()).decode()
    fields = parse_qsl(body, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    return {name: _tidy(value) for name, value in fields}, {}


async def _read_parts(request: web.Request) -> tuple[dict[str, str], dict[str, bytes]]:
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            files[name] = value.file.read()
        elif isinstance(value, str):
            fields[name] = _tidy(value)
    return fields, files


def _tidy(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\0", "").strip()
