"""The redirect behind the official-link button: how we know that somebody went on to the official page.

It leads to pages of the services in the catalogue and nowhere else.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus

import structlog
from aiohttp import web

from bot.clock import Clock
from bot.web.responses import html
from intents.knowledge import Knowledge
from intents.turn import Button, Reply
from storage.errors import StorageError
from storage.records import Event, EventName
from storage.unit_of_work import Storage

log = structlog.get_logger(__name__)

PATH = "/go/"
HTTPS = "https://"
SIGNED = 12
"""Bytes of the signature: nobody guesses 96 bits, and the address stays short."""
ONCE = dt.timedelta(minutes=30)
"""Who opens the same page again within this time is counted once."""
PERSON, ROBOT = "person", "robot"
ROBOTS = re.compile(
    r"bot\b|bot/|crawl|spider|preview|facebookexternalhit|whatsapp|slurp|^(?!.*mobile).*zalo|python-|curl/|wget/",
    re.IGNORECASE,
)
"""How programs name themselves that look at an address before or instead of a person.

The browser inside Zalo names Zalo and a mobile telephone; its preview names no telephone.
"""
AHEAD = ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")
"""Headers by which browsers say that they only load ahead."""
_ADDRESS = re.compile(r"https://[^\s)»\"]+")
_TOKEN = re.compile(r"(\d{1,18})-([0-9.]{1,40})-([a-z]{0,20})-([0-9a-f]{24})")


@dataclass(frozen=True, slots=True)
class Link:
    """Where a button leads, and in which conversation it stood."""

    conversation_id: int
    service: str
    aspect: str


@dataclass(slots=True)
class Links:
    """Writes addresses that lead through us, and reads them."""

    public_url: str = ""
    """Without it, or without https, official addresses stay as they are."""
    key: bytes = field(default=b"", repr=False)
    _pages: Mapping[str, str] = field(default_factory=dict, init=False)
    _of: Mapping[str, object] | None = field(default=None, init=False)

    @property
    def measured(self) -> bool:
        """Tell whether it is known who goes on to official pages."""
        return self.public_url.startswith(HTTPS)

    def through_us(self, reply: Reply, conversation_id: int, aspect: str, knowledge: Knowledge) -> Reply:
        """Return a reply whose links to official pages of services lead through us."""
        if not self.measured:
            return reply
        pages = self._pages_of(knowledge)
        reply = replace(
            reply, buttons=tuple(self._button(b, conversation_id, aspect, pages) for b in reply.buttons)
        )
        told = next((url for url in _ADDRESS.findall(reply.text) if url in pages), "")
        if not told:
            return reply
        ours = self.address(Link(conversation_id, pages[told], aspect))
        return replace(reply, text=reply.text.replace(told, ours))

    def address(self, link: Link) -> str:
        """Return the address that leads to a page through us."""
        token = f"{link.conversation_id}-{link.service}-{link.aspect}"
        return f"{self.public_url}{PATH}{token}-{self._signature(token)}"

    def read(self, token: str) -> Link | None:
        """Read an address of ours; None for one that is not."""
        found = _TOKEN.fullmatch(token)
        if found is None:
            return None
        signed, _, signature = token.rpartition("-")
        if not hmac.compare_digest(signature, self._signature(signed)):
            return None
        return Link(int(found[1]), found[2], found[3])

    def _button(self, button: Button, conversation_id: int, aspect: str, pages: Mapping[str, str]) -> Button:
        code = pages.get(button.payload)
        return replace(button, payload=self.address(Link(conversation_id, code, aspect))) if code else button

    def _pages_of(self, knowledge: Knowledge) -> Mapping[str, str]:
        """Return the codes of services by the addresses of their pages, worked out once per catalogue."""
        services = knowledge.content.catalogue.services
        if self._of is not services:
            self._pages, self._of = {service.url: code for code, service in services.items()}, services
        return self._pages

    def _signature(self, token: str) -> str:
        return hmac.new(self.key, token.encode(), hashlib.sha256).digest()[:SIGNED].hex()


def is_robot(request: web.Request) -> bool:
    """Tell whether a program looks, or a browser that only loads ahead."""
    ahead = any("prefetch" in request.headers.get(name, "").lower() for name in AHEAD)
    agent = request.headers.get("User-Agent", "")
    return ahead or request.method == "HEAD" or not agent or ROBOTS.search(agent) is not None


@dataclass(frozen=True, slots=True)
class Redirect:
    """Answers under `/go/`."""

    links: Links
    storage: Storage
    clock: Clock
    known: Callable[[], Knowledge]
    """The knowledge as it is now."""
    lost: str
    """The page for an address that leads nowhere (any more)."""

    def routes(self) -> list[web.RouteDef]:
        """Return its address."""
        return [web.get(PATH + "{token}", self.go)]

    async def go(self, request: web.Request) -> web.Response:
        """Lead to the official page, and count who goes there."""
        link = self.links.read(request.match_info["token"])
        service = self.known().content.catalogue.services.get(link.service) if link else None
        if link is None or service is None:
            return html(self.lost, HTTPStatus.NOT_FOUND)
        try:
            await self._count(link, ROBOT if is_robot(request) else PERSON)
        except StorageError as error:
            log.warning("opened link not counted", error=type(error).__name__)
        return web.Response(status=HTTPStatus.FOUND, headers={"Location": service.url, **_KEPT_NOWHERE})

    async def _count(self, link: Link, by: str) -> None:
        now = self.clock()
        async with self.storage.writing() as unit:
            channel = await unit.conversations.channel(link.conversation_id)
            if channel is None:
                return  # erased since: nothing of theirs is kept
            opened = Event(EventName.LINK_OPENED, now, channel, link.conversation_id)
            opened = replace(opened, service=link.service, aspect=link.aspect, value=by)
            if not await unit.journal.happened(opened, now - ONCE):
                await unit.journal.append(opened)
                await unit.commit()


_KEPT_NOWHERE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


async def tell_measured(storage: Storage) -> None:
    """Let figures know that opened links are counted, so that none is told apart from not knowing."""
    async with storage.writing() as unit:
        await unit.measured.links()
        await unit.commit()
