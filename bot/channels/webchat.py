"""The web chat: a page that works with a form alone, and the same for its script as JSON."""

from __future__ import annotations

import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.channels.base import Accept, Received
from bot.channels.visitors import (
    Clock,
    Limits,
    Network,
    Rates,
    from_own_page,
    network_of,
    new_token,
    valid_token,
)
from bot.channels.waiting import Waiting
from bot.channels.webform import Post, RefusedError, number, read_post, wants_json
from bot.web.assets import Asset, load_asset
from bot.web.page import Line, Page, Pages
from bot.web.responses import as_json, html, see_other
from intents.turn import Button, Inbound, Kind, Reply

__all__ = ["Answered", "Line", "Transcript", "WebChat", "WebChatSettings"]

Transcript = Callable[[str], Awaitable[tuple[Line, ...]]]
"""All lines of a visitor, oldest first."""
Answered = Callable[[str, str], Awaitable[bool]]
"""True once all replies to a visitor's message are stored."""

_COOKIE = "visitor"
_MONTH = 30 * 24 * 3600
_POLL = 0.05
_LATE_POLL = 1.0
"""Slower, because a page may wait for hours for a person's answer."""


@dataclass(frozen=True, slots=True)
class WebChatSettings:
    """What the operator can set."""

    public_url: str = ""
    trusted_proxies: tuple[Network, ...] = ()
    rates: Rates = field(default_factory=Rates)
    answer_wait: float = 8
    """Seconds that a posted message waits for its answer."""
    late_wait: float = 20
    """Seconds that a poll for late answers waits."""


@dataclass(kw_only=True, slots=True)
class WebChat:
    """Takes messages from the page and shows the stored conversation; a send only wakes it."""

    accept: Accept
    transcript: Transcript
    answered: Answered
    texts: Mapping[str, str]
    greeting: Reply
    farewell: str
    """What an erased person is told: the stored farewell belongs to nobody and is not shown."""
    settings: WebChatSettings = field(default_factory=WebChatSettings)
    clock: Clock = time.monotonic
    name: str = "webchat"
    bot: str = "webchat"
    _assets: tuple[Asset, ...] = field(init=False)
    _pages: Pages = field(init=False)
    _limits: Limits = field(init=False)
    _waiting: Waiting = field(init=False, default_factory=Waiting)

    def __post_init__(self) -> None:
        """Load the assets and set up the limits."""
        self._assets = (load_asset("chat.css"), load_asset("chat.js"))
        self._pages = Pages(self.texts, {asset.name: asset.url for asset in self._assets})
        self._limits = Limits(self.settings.rates, self.clock)

    def routes(self) -> list[web.RouteDef]:
        """Return the addresses of the page, its form, its polls and its assets."""
        return [
            web.get("/", self._guarded(self._show)),
            web.get("/chat", self._guarded(self._back)),
            web.post("/chat", self._guarded(self._take)),
            web.get("/chat/lines", self._guarded(self._late)),
            *(web.get(f"/static/{asset.name}", asset.serve) for asset in self._assets),
        ]

    async def send(self, address: Mapping[str, str], reply: Reply, skip: int = 0) -> None:  # noqa: ARG002  (stored already)
        """Wake the requests that wait for this reply."""
        self._waiting.ring(address["visitor"])

    async def stop(self) -> None:
        """Let waiting requests go."""
        self._waiting.close()

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                _refuse_after(self._limits.request(self._network(request)))
                return await handler(request)
            except RefusedError as refusal:
                return await self._refused(request, refusal)

        return guarded

    async def _show(self, request: web.Request) -> web.Response:
        user = _visitor(request)
        history = await self._history(user)
        notice = self._notice(request.query, history)
        return html(self._render(user, Page(history, self.greeting, notice=notice)))

    async def _back(self, request: web.Request) -> web.Response:  # noqa: ARG002
        """Lead back who reloads the page that a refused form left behind."""
        return see_other("/#cuoi")

    async def _take(self, request: web.Request) -> web.Response:
        if not from_own_page(request.headers, request.host, self.settings.public_url):
            raise RefusedError(403, "foreign")
        post = await read_post(request)
        user = _visitor(request) or post.visitor or new_token()
        _refuse_after(self._limits.message(self._network(request), user), post.text)
        done = await self._answer(user, post)
        erased = done and not await self._history(user)
        response = (
            await self._news(user, post.after, done=done, erased=erased)
            if wants_json(request)
            else see_other(_next_page(done=done, erased=erased))
        )
        if not _visitor(request):
            secure = urlsplit(self.settings.public_url).scheme == "https"
            response.set_cookie(_COOKIE, user, max_age=_MONTH, httponly=True, samesite="Lax", secure=secure)
        return response

    async def _late(self, request: web.Request) -> web.Response:
        user, after = _visitor(request), number(request.query.get("after", ""))

        async def news() -> bool:
            return any(line.number > after for line in await self.transcript(user))

        if user:
            await self._waiting.until(user, news, most=self.settings.late_wait, every=_LATE_POLL)
        return await self._news(user, after, done=True)

    async def _answer(self, user: str, post: Post) -> bool:
        """Store the message and wait for its answer."""
        message_id = post.message_id(user)
        inbound = Inbound(Kind.TEXT, post.text)
        if post.payload:
            inbound = Inbound(Kind.BUTTON, await self._label(user, post.payload), post.payload)
        await self.accept(Received(self.name, self.bot, message_id, user, {"visitor": user}, inbound))

        async def ready() -> bool:
            return await self.answered(user, message_id)

        return await self._waiting.until(user, ready, most=self.settings.answer_wait, every=_POLL)

    async def _label(self, user: str, payload: str) -> str:
        """Find the words of a button that this visitor was shown."""
        lines = await self.transcript(user)
        shown: list[Button] = [button for line in reversed(lines) for button in line.buttons]
        return next((b.label for b in (*shown, *self.greeting.buttons) if b.payload == payload), "")

    async def _news(self, user: str, after: int, *, done: bool, erased: bool = False) -> web.Response:
        told = {"notice": self.farewell} if erased else {}
        return as_json({**self._pages.news(await self._history(user), after), "answered": done, **told})

    def _notice(self, query: Mapping[str, str], history: tuple[Line, ...]) -> str:
        if "late" in query:
            return self.texts["late"]
        return self.farewell if "erased" in query and not history else ""

    async def _refused(self, request: web.Request, refusal: RefusedError) -> web.Response:
        notice = self.texts[refusal.reason]
        if wants_json(request):
            response = as_json({"notice": notice}, refusal.status)
        else:
            response = await self._page_again(_visitor(request), notice, refusal)
        if refusal.wait:
            response.headers["Retry-After"] = str(refusal.wait)
        return response

    async def _page_again(self, user: str, notice: str, refusal: RefusedError) -> web.Response:
        if refusal.status == HTTPStatus.TOO_MANY_REQUESTS:  # a flood must not cost queries
            return html(self._render(user, Page(notice=notice, text=refusal.text)), refusal.status)
        page = Page(await self._history(user), self.greeting, notice=notice, text=refusal.text)
        return html(self._render(user, page), refusal.status)

    async def _history(self, user: str) -> tuple[Line, ...]:
        return await self.transcript(user) if user else ()

    def _render(self, user: str, page: Page) -> str:
        ids = (str(uuid.uuid4()), str(uuid.uuid4()))
        return self._pages.page(replace(page, message_ids=ids, visitor="" if user else new_token()))

    def _network(self, request: web.Request) -> str:
        forwarded = request.headers.getall("X-Forwarded-For", [])
        return network_of(request.remote, forwarded, self.settings.trusted_proxies)


def _refuse_after(wait: float, text: str = "") -> None:
    if wait:
        raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, "too_fast", text=text, wait=wait)


def _next_page(*, done: bool, erased: bool) -> str:
    """Say where the form leads: who was erased finds no line, not even the farewell, but a notice."""
    if erased:
        return "/?erased=1#tin"
    return "/#cuoi" if done else "/?late=1#cuoi"


def _visitor(request: web.Request) -> str:
    return valid_token(request.cookies.get(_COOKIE))
