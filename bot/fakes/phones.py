"""Three telephones in a browser: what a person sees on each channel and can do there. For development."""

from __future__ import annotations

import asyncio
import json
from abc import abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.fakes import telegram, zalo_bot, zalo_oa
from bot.fakes.scene import Json, Scene

LINES = 200
PERSON = 5001
_FOLDER = Path(__file__).parent
_FILES = {"": "text/html", "phones.css": "text/css", "phones.js": "text/javascript"}
Act = Callable[[Json], Awaitable[object]]


@dataclass(kw_only=True)
class Phone:
    """One person's telephone, open at the chat with us."""

    name: str
    title: str
    lines: deque[Any] = field(default_factory=lambda: deque(maxlen=LINES))
    """What stands in the chat: what we sent as the stand-in keeps it, the rest as the browser gets it."""
    blocked: bool = False
    _last: Any = None
    """The newest message that was taken over from the stand-in."""

    @property
    @abstractmethod
    def scene(self) -> Scene[Any]:
        """Return the stand-in."""

    @property
    @abstractmethod
    def acts(self) -> Mapping[str, Act]:
        """Return what the person can do; all but writing and tapping stands on a button."""

    @abstractmethod
    def shown(self, sent: Any) -> Json:
        """Return what a message of ours looks like."""

    @property
    def state(self) -> Json:
        """Return all that the browser shows."""
        self.take_over()
        return {
            "name": self.name,
            "title": self.title,
            "tools": [name for name in self.acts if name not in {"write", "tap"}],
            "lines": [line if isinstance(line, dict) else self.shown(line) for line in self.lines],
            "blocked": self.blocked,
            **self.more,
        }

    @property
    def more(self) -> Json:
        """Return what only some telephones show."""
        return {}

    def take_over(self) -> None:
        """Add the messages that have come since the last time."""
        fresh: list[Any] = []
        for sent in reversed(self.scene.sent):
            if sent is self._last:
                break
            fresh.append(sent)
        if fresh:
            self._last = fresh[0]
            self.lines.extend(reversed(fresh))

    async def act(self, name: str, given: Json) -> None:
        """Do something as the person; who has blocked us can first of all take that back."""
        self.take_over()
        if self.blocked and name != "block":
            self.note("unblock first")
        else:
            await self.acts[name](given)
        self.scene.tell()

    def note(self, text: str, by: str = "note") -> None:
        """Write something into the chat that did not come from us."""
        self.lines.append({"by": by, "text": text})

    async def switch(
        self, blocks: Callable[[], Awaitable[object]], returns: Callable[[], Awaitable[object]]
    ) -> None:
        """Block, or take it back."""
        await (returns() if self.blocked else blocks())
        self.blocked = not self.blocked
        self.note("blocked" if self.blocked else "no longer blocked")


def sending(phone: Phone, kind: str, send: Callable[..., Awaitable[object]], words: str = "") -> Act:
    """Return the act of sending something else than text; where it may have words, those are typed."""

    async def act(given: Json) -> None:
        text = str(given.get("text", "")) if words else ""
        phone.note(f"[{kind}] {text}".strip(), "person")
        await send(kind, **({words: text} if text else {}))

    return act


@dataclass(kw_only=True)
class TelegramPhone(Phone):
    """With inline keyboards, marks and a menu."""

    fake: telegram.FakeTelegram

    @property
    def scene(self) -> Scene[Any]:
        """Return the stand-in."""
        return self.fake

    @property
    def acts(self) -> Mapping[str, Act]:
        """Return what the person can do."""
        kinds = {
            kind: sending(self, kind, self.fake.sends, "caption" if kind == "photo" else "")
            for kind in telegram.KINDS
        }
        return {"write": self._write, "tap": self._tap, **kinds, "block": self._block}

    @property
    def more(self) -> Json:
        """Return the menu, and how often we were typing since the last message."""
        return {
            "menu": [f"/{command['command']}" for command in self.fake.commands.get("vi", [])],
            "typing": self.fake.typing_in[PERSON],
            "waiting": len(self.fake.pending),
            "way": self.fake.webhook[0] or "polling",
        }

    def shown(self, sent: telegram.Sent) -> Json:
        """Return text with its marks, and rows of buttons."""
        return {
            "by": "bot",
            "text" if sent.marked.strip() == sent.text else "marked": sent.marked,
            "rows": [[_inline(sent, button) for button in row] for row in sent.buttons],
        }

    async def _write(self, given: Json) -> None:
        self.note(given["text"], "person")
        await self.fake.says(given["text"])

    async def _tap(self, given: Json) -> None:
        below = next(line for line in self.lines if getattr(line, "message_id", 0) == given["message"])
        await self.fake.taps(given["data"], on=below)

    async def _block(self, _given: Json) -> None:
        await self.switch(self.fake.blocks, self.fake.returns)


def _inline(sent: telegram.Sent, button: Json) -> Json:
    if "url" in button:
        return {"label": button["text"], "url": button["url"]}
    given = {"message": sent.message_id, "data": button.get("callback_data", "")}
    return {"label": button["text"], "given": given}


@dataclass(kw_only=True)
class AccountPhone(Phone):
    """With buttons below a message, and somebody of the staff who may write by hand."""

    fake: zalo_oa.FakeZaloOA

    @property
    def scene(self) -> Scene[Any]:
        """Return the stand-in."""
        return self.fake

    @property
    def acts(self) -> Mapping[str, Act]:
        """Return what the person can do, and what the staff can."""
        kinds = {
            kind: sending(self, kind, self.fake.sends, "text" if kind == "image" else "")
            for kind in ("image", "sticker", "audio", "video", "location", "business_card", "file", "link")
        }
        events = {
            "open chat": self.fake.opens_chat,
            "follow": self.fake.follows,
            "unfollow": self.fake.unfollows,
            "withdraw": self.fake.withdraws,
        }
        happening = {name: self._happening(name, event) for name, event in events.items()}
        return {
            "write": self._write,
            "tap": self._tap,
            **kinds,
            **happening,
            "block": self._block,
            "write as staff": self._staff,
        }

    @property
    def more(self) -> Json:
        """Return how events are posted."""
        return {"waiting": len(self.fake.pending), "way": self.fake.webhook}

    def shown(self, sent: zalo_oa.Sent) -> Json:
        """Return text and buttons, each in a row of its own."""
        words = [sent.text, f"[{sent.attachment['type']}]" if sent.attachment else ""]
        return {
            "by": "staff" if sent.admin else "bot",
            "text": "\n".join(filter(None, words)),
            "rows": [[_button(button)] for button in sent.buttons],
        }

    def _happening(self, name: str, event: Callable[[], Awaitable[object]]) -> Act:
        async def act(_given: Json) -> None:
            self.note(name)
            await event()

        return act

    async def _write(self, given: Json) -> None:
        self.note(given["text"], "person")
        await self.fake.says(given["text"])

    async def _tap(self, given: Json) -> None:
        if given["shown"]:
            self.note(given["payload"], "person")
        await self.fake.taps(given["payload"])

    async def _staff(self, given: Json) -> None:
        await self.fake.staff_says(given["text"])

    async def _block(self, _given: Json) -> None:
        await self.switch(self.fake.blocks, self.fake.returns)


def _button(button: Json) -> Json:
    kind, payload, label = button["type"], button["payload"], button["title"]
    match kind:
        case "oa.open.url":
            return {"label": label, "url": payload["url"]}
        case "oa.open.phone":
            return {"label": label, "url": f"tel:{payload['phone_code']}"}
        case "oa.open.sms":
            return {"label": label, "url": f"sms:{payload['phone_code']}"}
    return {"label": label, "given": {"payload": payload, "shown": kind == "oa.query.show"}}


@dataclass(kw_only=True)
class BotPhone(Phone):
    """With nothing but text."""

    fake: zalo_bot.FakeZaloBot

    @property
    def scene(self) -> Scene[Any]:
        """Return the stand-in."""
        return self.fake

    @property
    def acts(self) -> Mapping[str, Act]:
        """Return what the person can do."""
        kinds = {
            kind: sending(self, kind, self.fake.sends, "caption" if kind == "image" else "")
            for kind in zalo_bot.KINDS
        }
        return {"write": self._write, **kinds, "block": self._block}

    @property
    def more(self) -> Json:
        """Return how often we were typing."""
        return {
            "typing": self.fake.typing_in.get(zalo_bot.AN, 0),
            "waiting": len(self.fake.pending),
            "way": self.fake.hook or "polling",
        }

    def shown(self, sent: zalo_bot.Sent) -> Json:
        """Return the text."""
        return {"by": "bot", "text": sent.text, "rows": []}

    async def _write(self, given: Json) -> None:
        self.note(given["text"], "person")
        await self.fake.says(given["text"])

    async def _block(self, _given: Json) -> None:
        await self.switch(self.fake.blocks, self.fake.returns)


@dataclass(frozen=True)
class Table:
    """The telephones side by side, as a page."""

    phones: Sequence[Phone]

    def routes(self) -> list[web.RouteDef]:
        """Return the page, what it is told, and what is done on it."""
        return [
            *(web.get(f"/{name}", _file(name)) for name in _FILES),
            web.get("/phones/state", self._state),
            web.post("/phones/{phone}/{act}", self._act),
        ]

    async def _state(self, request: web.Request) -> web.StreamResponse:
        """Tell all that is shown, and again whenever it has changed."""
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        told = ""
        while True:
            changes = [phone.scene.next_change for phone in self.phones]
            state = json.dumps([phone.state for phone in self.phones])
            if state != told:
                await response.write(f"data: {state}\n\n".encode())
                told = state
            await _any(changes)

    async def _act(self, request: web.Request) -> web.Response:
        name, act = request.match_info["phone"], request.match_info["act"]
        phone = next((phone for phone in self.phones if phone.name == name), None)
        if phone is None or act not in phone.acts:
            raise web.HTTPNotFound
        await phone.act(act, await request.json())
        return web.Response(status=204)


async def _any(changes: Sequence[asyncio.Event]) -> None:
    waits = [asyncio.create_task(change.wait()) for change in changes]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def _file(name: str) -> Handler:
    body = (_FOLDER / (name or "phones.html")).read_bytes()

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type=_FILES[name], charset="utf-8")

    return answer
