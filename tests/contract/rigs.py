"""Each channel as the contract sees it: people write, services misbehave, people read."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientSession, web

from bot.fakes.bot_api import refused as refused_by_bot_api
from bot.fakes.scene import Act, Scene, Trouble, foreign_page, lost_answer
from bot.fakes.zalo_oa import CS
from bot.fakes.zalo_oa import refused as refused_by_zalo_oa
from tests.peers import Services
from tests.wires import TELEGRAM, ZALO_BOT, ZALO_OA, Body, Message, Wire

NEWER = {"added_in_a_newer_version": {"deep": [1, None, {"x": "y"}]}, "big": 2**70}


@dataclass(kw_only=True)
class Rig(ABC):
    """One channel of a running application."""

    url: str
    session: ClientSession
    number: int = 0

    async def says(self, text: str, person: int = 1) -> int:
        """Let a person write; return the status."""
        return await self.post(self.message(text, person))

    def message(self, text: str, person: int = 1) -> Message:
        """Return a message like no other."""
        self.number += 1
        return Message(self.number, person, text)

    @abstractmethod
    async def post(self, message: Message, *, newer: bool = False) -> int:
        """Bring a message, perhaps in the form of a newer version; return the status."""

    @abstractmethod
    async def post_what_nobody_knows(self) -> int:
        """Bring something of a kind that does not exist yet."""

    @abstractmethod
    async def post_as_a_stranger(self, message: Message) -> int:
        """Bring a message without being who may."""

    @abstractmethod
    async def answers(self, person: int = 1) -> list[str]:
        """Return what a person got, in order."""


@dataclass(kw_only=True)
class ByWebhook(Rig):
    """A channel that an outside service brings messages to."""

    wire: Wire
    peers: Services
    service: Scene[Any]
    send: str
    """What a send is called."""
    busy: Trouble
    blocked: Trouble | None = None
    """How the service says that somebody has blocked us, where it does."""

    async def post(self, message: Message, *, newer: bool = False) -> int:
        """Bring a message with the service's proof."""
        body = self.wire.told(message)
        return await self._bring(*self.wire.sealed(_newer(body) if newer else body))

    async def post_what_nobody_knows(self) -> int:
        """Bring an event that does not exist yet."""
        body = self.wire.told(self.message("a"))
        match self.wire.channel:
            case "telegram":
                body["hologram_call"] = body.pop("message")
            case "zalo_oa":
                body["event_name"] = "user_dreamt"
            case _:
                body["result"]["event_name"] = "message.dream.had"
        return await self._bring(*self.wire.sealed(body))

    async def post_as_a_stranger(self, message: Message) -> int:
        """Bring a message with a proof that is wrong by one sign."""
        raw, headers = self.wire.post(message)
        proof = next(name for name in headers if name != "Content-Type")
        return await self._bring(raw, headers | {proof: headers[proof][:-1] + "_"})

    async def answers(self, person: int = 1) -> list[str]:
        """Return what the service accepted for a person."""
        said = self.peers.said()[self.wire.channel]
        return [text for somebody, text in said if somebody == self.wire.address(person)]

    def next_sends(self, *troubles: Trouble) -> None:
        """Let the next sends go wrong."""
        self.service.next(self.send, *troubles)

    async def _bring(self, raw: bytes, headers: dict[str, str]) -> int:
        async with self.session.post(self.url + self.wire.path, data=raw, headers=headers) as response:
            return response.status


@dataclass(kw_only=True)
class ByPage(Rig):
    """The web chat, as its page uses it."""

    visitors: dict[int, str] = field(default_factory=dict)

    async def post(self, message: Message, *, newer: bool = False) -> int:
        """Send the form."""
        return await self._send(self._form(message) | ({"added": "x", "big": "9" * 40} if newer else {}))

    async def post_what_nobody_knows(self) -> int:
        """Tap a button that does not exist."""
        return await self._send(self._form(self.message("")) | {"payload": "dream:1"})

    async def post_as_a_stranger(self, message: Message) -> int:
        """Send the form from somebody else's page."""
        return await self._send(self._form(message), Origin="https://example.org")

    async def answers(self, person: int = 1) -> list[str]:
        """Return what the page shows of the assistant."""
        headers = {"Cookie": f"visitor={self._visitor(person)}"}
        async with self.session.get(f"{self.url}/chat/lines?after=0", headers=headers) as response:
            lines = (await response.json())["lines"]
        return [line["text"] for line in lines if line["side"] == "assistant"]

    def _form(self, message: Message) -> dict[str, str]:
        key = uuid.uuid5(uuid.NAMESPACE_OID, str(message.number)).hex
        return {"id": key, "text": message.text, "visitor": self._visitor(message.person)}

    def _visitor(self, person: int) -> str:
        return self.visitors.setdefault(person, f"{person:032x}")

    async def _send(self, form: dict[str, str], **headers: str) -> int:
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        async with self.session.post(
            f"{self.url}/chat", data=urlencode(form), headers=kind | headers
        ) as response:
            await response.read()
            return response.status


def _newer(body: Body) -> Body:
    """Add fields at every level."""
    grown = {name: _newer(value) if isinstance(value, dict) else value for name, value in body.items()}
    return {**grown, **NEWER}


async def server_error(_request: web.Request, _act: Act) -> web.Response:
    """Answer as a service that has broken down."""
    return web.json_response({"error": "internal"}, status=500)


BROKEN: dict[str, Trouble] = {
    "a server error": server_error,
    "a page of somebody on the way": foreign_page(502),
}
LOST: Trouble = lost_answer


def webhook_rig(channel: str, url: str, session: ClientSession, peers: Services) -> ByWebhook:
    """Return the rig of a channel."""
    return {"telegram": _telegram, "zalo_oa": _zalo_oa, "zalo_bot": _zalo_bot}[channel](url, session, peers)


def _telegram(url: str, session: ClientSession, peers: Services) -> ByWebhook:
    return ByWebhook(
        url=url,
        session=session,
        wire=TELEGRAM,
        peers=peers,
        service=peers.telegram,
        send="sendmessage",
        busy=refused_by_bot_api("Too Many Requests: retry after 1", 429, retry_after=1),
        blocked=refused_by_bot_api("Forbidden: bot was blocked by the user", 403),
    )


def _zalo_oa(url: str, session: ClientSession, peers: Services) -> ByWebhook:
    return ByWebhook(
        url=url,
        session=session,
        wire=ZALO_OA,
        peers=peers,
        service=peers.zalo_oa,
        send=CS,
        busy=refused_by_zalo_oa(-32),
        blocked=refused_by_zalo_oa(-213),
    )


def _zalo_bot(url: str, session: ClientSession, peers: Services) -> ByWebhook:
    return ByWebhook(
        url=url,
        session=session,
        wire=ZALO_BOT,
        peers=peers,
        service=peers.zalo_bot,
        send="sendMessage",
        busy=refused_by_bot_api("quota exceeded", 429),
    )
