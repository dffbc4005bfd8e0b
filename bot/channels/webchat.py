"""The web chat: a page that works with a form alone, and the same for its script as JSON."""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Protocol
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
from bot.channels.webform import Post, RefusedError, maybe_number, number, read_post, wants_json
from bot.channels.webstream import Streams
from bot.web.assets import Asset, load_asset
from bot.web.page import Line, Page, Pages, last_number
from bot.web.responses import as_event, as_json, empty, html, see_other
from intents.turn import Button, Inbound, Kind, Reply

__all__ = ["Line", "View", "WebChat", "WebChatSettings"]

_VISITOR = "visitor"
_SEEN = "seen"
"""The last line that a page showed: how a page without a script knows what is new."""
_MONTH = 30 * 24 * 3600
_POLL = 0.05
_FULL_SECONDS = 60
"""When to try again for whom there was no stream."""


class View(Protocol):
    """What is stored of the visitors' conversations."""

    async def whole(self, visitor: str) -> tuple[Line, ...]:
        """Return a conversation, oldest line first; at its end what waits for an answer."""

    async def since(self, visitor: str, after: int) -> tuple[Line, ...]:
        """Return the line of this number, if the visitor has it, and what came after."""

    async def newest(self, visitors: Collection[str]) -> Mapping[str, int]:
        """Return the number of the newest line of each visitor who has one."""

    async def answered(self, visitor: str, message_id: str) -> bool:
        """Tell whether all replies to a message are stored."""


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
    heartbeat: float = 15
    """Seconds of silence until a stream gives a sign of life."""
    stream_life: float = 300
    """Seconds until a stream ends and the browser comes again."""


@dataclass(kw_only=True, slots=True)
class WebChat:
    """Takes messages from the page and shows the stored conversation; a send only wakes it."""

    accept: Accept
    view: View
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
    _streams: Streams = field(init=False)

    def __post_init__(self) -> None:
        """Load the assets and set up the limits."""
        self._assets = (load_asset("chat.css"), load_asset("chat.js"))
        self._pages = Pages(self.texts, {asset.name: asset.url for asset in self._assets})
        self._limits = Limits(self.settings.rates, self.clock)
        self._streams = Streams(self._waiting, self.settings.heartbeat, self.settings.stream_life)

    def routes(self) -> list[web.RouteDef]:
        """Return the addresses of the page, its form, its news and its assets."""
        return [
            web.get("/", self._guarded(self._show)),
            web.get("/chat", self._guarded(self._back)),
            web.post("/chat", self._guarded(self._take)),
            web.get("/chat/lines", self._guarded(self._late)),
            web.get("/chat/events", self._guarded(self._events), allow_head=False),
            *(web.get(f"/static/{asset.name}", asset.serve) for asset in self._assets),
        ]

    async def send(self, address: Mapping[str, str], reply: Reply, skip: int = 0) -> None:  # noqa: ARG002  (stored already)
        """Wake the requests that wait for this reply."""
        self._waiting.ring(address["visitor"])

    async def look(self) -> bool:
        """Wake the requests that wait for what another process stored; to be called every moment."""
        await self._waiting.look(self.view.newest)
        return False

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
        page = Page(history, self.greeting, notice=self._notice(request.query, history), seen=_seen(request))
        response = html(self._render(user, page))
        if user:
            self._set(response, _SEEN, str(last_number(history)))
        return response

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
        history = await self._history(user)
        if wants_json(request):
            response = self._told(history, post.after, done=done)
        else:
            response = see_other("/#cuoi" if history else "/?erased=1#tin")
            if done and _begins_with_person(history, _seen(request)):
                # An answer that was waited for is not «new».
                self._set(response, _SEEN, str(last_number(history)))
        if not _visitor(request):
            self._set(response, _VISITOR, user)
        return response

    async def _late(self, request: web.Request) -> web.Response:
        user, after = _visitor(request), number(request.query.get("after", ""))
        lines: tuple[Line, ...] = ()

        async def news() -> bool:
            nonlocal lines
            lines = await self.view.since(user, after)
            return last_number(lines) > after

        if user:
            wait = self.settings.late_wait
            await self._waiting.until(user, news, most=wait, every=wait)
        return as_json({**self._pages.news(lines, after), "answered": True})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if not from_own_page(request.headers, request.host, self.settings.public_url):
            raise RefusedError(403, "foreign")
        user = _visitor(request)
        if not user:
            return empty(HTTPStatus.NO_CONTENT)  # tells the browser not to come again

        async def news(after: int) -> tuple[int, bytes]:
            lines = await self.view.since(user, after)
            last = last_number(lines)
            return (last, as_event(last, self._pages.news(lines, after))) if last > after else (after, b"")

        with self._streams.seat(request, user, self._network(request)) as seat:
            if seat:
                return await self._streams.push(seat, news, _resumed(request))
        return empty(HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": str(_FULL_SECONDS)})

    async def _answer(self, user: str, post: Post) -> bool:
        """Store the message and wait for its answer."""
        message_id = post.message_id(user)
        inbound = Inbound(Kind.TEXT, post.text)
        if post.payload:
            inbound = Inbound(Kind.BUTTON, await self._label(user, post.payload), post.payload)
        await self.accept(Received(self.name, self.bot, message_id, user, {"visitor": user}, inbound))

        async def ready() -> bool:
            return await self.view.answered(user, message_id)

        return await self._waiting.until(user, ready, most=self.settings.answer_wait, every=_POLL)

    async def _label(self, user: str, payload: str) -> str:
        """Find the words of a button that this visitor was shown."""
        lines = await self._history(user)
        shown: list[Button] = [button for line in reversed(lines) for button in line.buttons]
        return next((b.label for b in (*shown, *self.greeting.buttons) if b.payload == payload), "")

    def _told(self, history: Sequence[Line], after: int, *, done: bool) -> web.Response:
        farewell = {} if history else {"notice": self.farewell}
        return as_json({**self._pages.news(history, after), "answered": done, **farewell})

    def _notice(self, query: Mapping[str, str], history: tuple[Line, ...]) -> str:
        if Page(history).waits:
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
        return await self.view.whole(user) if user else ()

    def _render(self, user: str, page: Page) -> str:
        ids = (str(uuid.uuid4()), str(uuid.uuid4()))
        return self._pages.page(replace(page, message_ids=ids, visitor="" if user else new_token()))

    def _set(self, response: web.Response, name: str, value: str) -> None:
        secure = urlsplit(self.settings.public_url).scheme == "https"
        response.set_cookie(name, value, max_age=_MONTH, httponly=True, samesite="Lax", secure=secure)

    def _network(self, request: web.Request) -> str:
        forwarded = request.headers.getall("X-Forwarded-For", [])
        return network_of(request.remote, forwarded, self.settings.trusted_proxies)


def _refuse_after(wait: float, text: str = "") -> None:
    if wait:
        raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, "too_fast", text=text, wait=wait)


def _visitor(request: web.Request) -> str:
    return valid_token(request.cookies.get(_VISITOR))


def _seen(request: web.Request) -> int | None:
    return maybe_number(request.cookies.get(_SEEN, ""))


def _resumed(request: web.Request) -> int:
    """Return the last line that a page has: what the browser noted of a stream before, else what it asks."""
    last = maybe_number(request.headers.get("Last-Event-ID", ""))
    return number(request.query.get("after", "")) if last is None else last


def _begins_with_person(history: Sequence[Line], seen: int | None) -> bool:
    """Tell whether the first thing that a page has not shown yet is what the person just wrote."""
    first = next((line for line in history if line.number > (seen or 0)), None)
    return first is not None and first.side == "person"
