"""The Zalo Bot Platform on loopback: its wire format, its two ways with events, and its bad days."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientSession

from bot.clock import Clock, utc_now
from bot.fakes.bot_api import BotApi, RefusedError, refused
from bot.fakes.reporting import Reporting
from bot.fakes.scene import Json, Trouble, alongside, foreign_page, held, lost_answer, on_loopback, posted

__all__ = [
    "AN",
    "TOKEN",
    "FakeZaloBot",
    "Sent",
    "Trouble",
    "fake_zalo_bot",
    "foreign_page",
    "held",
    "lost_answer",
    "refused",
]

TOKEN = "12345689:made-up-token-of-the-tests"
AN = "6ede9afa66b88fe6d6a9"
"""The person that does what nobody else is named for."""
MAX_TEXT = 2000
_FILE = "https://files.example.vn/made-up"
KINDS: dict[str, Json] = {
    "image": {"photo": f"{_FILE}/p.jpg"},
    "sticker": {"sticker": "0e078a2fb66a5f34067b", "url": f"{_FILE}/s.png"},
    "voice": {"voice_url": f"{_FILE}/v.aac"},
    "unsupported": {},
}
"""What a person can send besides text, with the fields of each."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that Zalo accepted."""

    chat: str
    text: str
    message_id: str


@dataclass(kw_only=True)
class FakeZaloBot(BotApi[Sent], Reporting[Sent]):
    """One bot's Zalo; people write with `says`, what they were sent is in `sent`."""

    token: str = TOKEN
    clock: Clock = utc_now
    webhook: tuple[str, str] = ("", "")
    """Address and secret."""
    flat: bool = False
    """Post events bare, as two users saw it, not wrapped as documented."""
    pinging: bool = True
    """Try out an address before it is taken as webhook."""
    typing_in: dict[str, int] = field(default_factory=dict)
    """How often each chat was shown that somebody is typing."""
    blocked_by: set[str] = field(default_factory=set)
    _people: set[str] = field(default_factory=set)
    _updated: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    """Where ids come from."""

    def __post_init__(self) -> None:
        """Name the methods; upper and lower case differ."""
        self.methods = {
            "getMe": self._get_me,
            "getUpdates": self._get_updates,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._get_webhook_info,
            "sendMessage": self._send_message,
            "sendChatAction": self._send_chat_action,
        }

    # What people do

    async def says(self, text: str, person: str = AN, **more: Any) -> Json:
        """Let a person write; return the event."""
        return await self.happens("message.text.received", person, text=text, **more)

    async def sends(self, kind: str, person: str = AN, **more: Any) -> Json:
        """Let a person send something else than text, one of `KINDS`; an image may have a caption."""
        return await self.happens(f"message.{kind}.received", person, **KINDS[kind] | more)

    async def happens(self, event: str, person: str = AN, **more: Any) -> Json:
        """Report anything, also what does not exist yet."""
        self._people.add(person)
        number = self._id()
        message = {
            "from": {"id": person, "display_name": "An", "is_bot": False},
            "chat": {"id": person, "chat_type": "PRIVATE"},
            "message_id": number,
            "date": self._time(),
            "message_type": "CHAT_MESSAGE",
        }
        return self.report(number, {"event_name": event, "message": message | more})

    async def blocks(self, person: str = AN) -> None:
        """Let a person block the bot, which is not told."""
        self.blocked_by.add(person)

    async def returns(self, person: str = AN) -> None:
        """Let a person be reached again."""
        self.blocked_by.discard(person)

    # What the tests look at

    def texts_to(self, person: str) -> list[str]:
        """Return what a person was sent."""
        return [message.text for message in self.sent if message.chat == person]

    @property
    def hook(self) -> str:
        """Return where events are posted; empty when they are polled."""
        return self.webhook[0]

    def signed(self, event: Json) -> tuple[bytes, dict[str, str]]:
        """Return body and headers with which an event is posted."""
        body = event if self.flat else {"ok": True, "result": event}
        raw = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return raw, {"X-Bot-Api-Secret-Token": self.webhook[1]}

    # The methods of the interface

    def unknown(self) -> RefusedError:
        """Return what is answered to a call of a method that does not exist."""
        return RefusedError("Bad Request: invalid API name", HTTPStatus.BAD_REQUEST)

    async def _get_me(self, _params: Json) -> Json:
        return {
            "id": "1459232241454765289",
            "account_name": "bot.madeUp",
            "account_type": "BASIC",
            "can_join_groups": False,
        }

    async def _get_updates(self, params: Json) -> Json:
        """Hand over one event for good: nothing is confirmed here."""
        if self.hook:
            raise _invalid("a webhook is set")
        try:
            async with asyncio.timeout(float(params.get("timeout", 30))):
                await self.change(lambda: self._fresh)
        except TimeoutError:
            raise RefusedError("Request timeout", HTTPStatus.REQUEST_TIMEOUT) from None
        return self.pending.pop(self._fresh.popleft())

    async def _set_webhook(self, params: Json) -> Json:
        url, secret = checked_webhook(params)
        if self.pinging:
            await self._ping(url, secret)
        return self._webhook_is(url, secret)

    async def _delete_webhook(self, _params: Json) -> Json:
        return self._webhook_is("", "")

    async def _get_webhook_info(self, _params: Json) -> Json:
        if not self.hook:
            raise RefusedError("Not Found: no webhook is set", HTTPStatus.NOT_FOUND)
        return {"url": self.hook, "updated_at": self._updated}

    async def _send_message(self, params: Json) -> Json:
        chat = self._checked_chat(params)
        message = Sent(chat, checked_text(params), self._id())
        busy = RefusedError("Quota exceeded", HTTPStatus.TOO_MANY_REQUESTS)
        return await self.weather.carry(chat, lambda: self._accept(message), busy)

    def _accept(self, message: Sent) -> Json:
        self.remember(self.sent, message)
        return {"message_id": message.message_id, "date": self._time()}

    async def _send_chat_action(self, params: Json) -> None:
        chat = self._checked_chat(params)
        if params.get("action") != "typing":
            raise _invalid("action is invalid")
        self.typing_in[chat] = self.typing_in.get(chat, 0) + 1

    # Small parts

    async def _ping(self, url: str, secret: str) -> None:
        """Try out an address; what Zalo posts then is not known, but it brings the secret."""
        headers = {"X-Bot-Api-Secret-Token": secret}
        async with ClientSession() as session:
            status = await posted(session, url, b"{}", headers, self.answer_seconds)
        self.remember(self.pushes, ("", status))
        if status != HTTPStatus.OK:
            raise _invalid("the webhook does not answer")

    def _webhook_is(self, url: str, secret: str) -> Json:
        self.webhook, self._updated = (url, secret), self._time()
        self.tell()
        return {"url": url, "updated_at": self._updated}

    def _checked_chat(self, params: Json) -> str:
        chat = str(params.get("chat_id", ""))
        if chat not in self._people or chat in self.blocked_by:
            raise _invalid("chat is invalid")
        return chat

    def _time(self) -> int:
        return int(self.clock().timestamp() * 1000)

    def _id(self) -> str:
        return hashlib.sha256(f"event {next(self.numbers)}".encode()).hexdigest()[:20]


def checked_text(params: Mapping[str, Any]) -> str:
    """Return what the person sees; refuse what is empty or too long, counted the stricter way."""
    text = params.get("text")
    if not isinstance(text, str) or not text.strip():
        raise _invalid("text is empty")
    if len(text.encode("utf-16-le", "surrogatepass")) // 2 > MAX_TEXT:
        raise _invalid("text is too long")
    if params.get("parse_mode") not in {None, "markdown", "html"}:
        raise _invalid("parse_mode is invalid")
    return text


def checked_webhook(params: Mapping[str, Any]) -> tuple[str, str]:
    """Return address and secret; plain http only on loopback, which the real one refuses."""
    url, secret = str(params.get("url", "")), str(params.get("secret_token", ""))
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost"}:
        raise _invalid("an HTTPS url is needed")
    if not 8 <= len(secret) <= 256:
        raise _invalid("secret_token must have 8 to 256 characters")
    return url, secret


def _invalid(what: str) -> RefusedError:
    """Refuse a request that is not as it must be; the official table has 404 for it."""
    return RefusedError(f"Invalid request: {what}", HTTPStatus.NOT_FOUND)


@asynccontextmanager
async def fake_zalo_bot(**settings: Any) -> AsyncIterator[FakeZaloBot]:
    """Serve on a free port of loopback."""
    zalo = FakeZaloBot(**settings)
    async with on_loopback(zalo.routes()) as zalo.url, alongside(zalo.push()):
        yield zalo
