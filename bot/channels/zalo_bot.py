"""A bot of the Zalo Bot Platform: messages by webhook or by polling, replies as text with numbered lines.

The interface: bot.zaloplatforms.com. What nobody has confirmed is taken tolerantly.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

import structlog
from aiohttp import ClientTimeout, web

from bot.channels.asides import Asides
from bot.channels.base import (
    ANSWER_SECONDS,
    Accept,
    ChannelBusyError,
    ChannelError,
    ChannelRefusedError,
    Received,
    send_parts,
)
from bot.channels.json_client import JsonClient, loaded
from bot.channels.numbered import numbered
from bot.channels.requests import body_of
from bot.channels.split import split, utf16_units
from bot.channels.zalo_bot_errors import IdleError, result_of
from bot.channels.zalo_bot_updates import NAME, parse, read, shape
from intents.turn import Kind, Reply

log = structlog.get_logger(__name__)

MAX_TEXT = 2000
"""Characters of one message; counted in UTF-16 units, which are never fewer."""
POLL_SECONDS = 10
"""Shorter than what a lease has left when a poll begins: another process must not begin to poll meanwhile."""
REST_SECONDS = 5.0
"""How long to wait when Zalo is away."""
SOON = 0.5
"""Seconds; who has nothing for us so soon, and is asked again at once, would be asked without a pause."""
TYPING_AT_ONCE = 20
"""Whoever writes while so many are being told that we type is answered all the same."""


@dataclass(frozen=True, slots=True)
class ZaloBotSettings:
    """How this bot is reached."""

    token: str = field(repr=False)
    api_url: str
    webhook_url: str = ""
    """Where Zalo posts messages; polled when empty."""
    webhook_secret: str = field(default="", repr=False)
    hint: str = ""
    """How to choose, above the numbered lines."""
    poll_seconds: int = POLL_SECONDS

    def __post_init__(self) -> None:
        """Refuse a webhook that anybody could post to."""
        if self.webhook_url and not self.webhook_secret:
            raise ValueError("a webhook needs a secret")


@dataclass(slots=True)
class ZaloBot:
    """One bot."""

    settings: ZaloBotSettings
    accept: Accept
    may_poll: Callable[[], Awaitable[bool]]
    """True while this process is the one that polls, or that sets the webhook."""
    client: JsonClient
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    name: str = NAME
    _held: Received | None = None
    """Fetched and not stored yet: Zalo will not send it again."""
    _ready: bool = False
    _asides: Asides = field(default_factory=partial(Asides, ChannelError))

    @property
    def bot(self) -> str:
        """Return the bot's public id, the part of the token before the colon."""
        return self.settings.token.partition(":")[0]

    def routes(self) -> list[web.RouteDef]:
        """Return the webhook's address, when messages come by webhook."""
        return [web.post("/webhook/zalo-bot", self._receive)] if self.settings.webhook_url else []

    async def poll(self) -> bool:
        """Fetch one message and store it; False when there is nothing to do or Zalo is away."""
        await self._store_held()
        if not await self.may_poll():
            return False
        began = asyncio.get_running_loop().time()
        try:
            await self._set_up()
            if self.settings.webhook_url:
                return False
            self._held = await self._fetch()
        except ChannelError as error:
            await self._rest(error)
            return False
        waited = asyncio.get_running_loop().time() - began
        return await self._store_held() or waited > SOON

    async def stop(self) -> None:
        """Close the connections."""
        await self._asides.stop()
        await self.client.close()

    async def send(self, address: Mapping[str, str], reply: Reply, skip: int = 0) -> None:
        """Send one reply, in as many messages as its length needs; the numbered lines stand at its end."""

        async def say(text: str) -> None:
            await self._call("sendMessage", chat_id=address["chat"], text=text)

        await send_parts(render(reply, self.settings.hint), skip, say)

    async def _receive(self, request: web.Request) -> web.Response:
        """Store what Zalo posts. Whoever knows the secret gets 200: the service tries out an address."""
        given = request.headers.get("X-Bot-Api-Secret-Token", "")
        # Bytes: the header of a stranger may hold what is not text.
        if not hmac.compare_digest(
            given.encode("utf-8", "surrogateescape"), self.settings.webhook_secret.encode()
        ):
            log.warning("webhook without the right secret", channel=NAME)
            return web.Response(status=HTTPStatus.FORBIDDEN)
        received = self._read(loaded(await body_of(request)))
        if received:
            await self._take(received)
        return web.Response()

    async def _fetch(self) -> Received | None:
        seconds = self.settings.poll_seconds
        try:
            found = await self._call("getUpdates", seconds + ANSWER_SECONDS, timeout=seconds)
        except IdleError:
            return None
        return self._read(found)

    def _read(self, content: object) -> Received | None:
        event = read(content)
        if event is None:
            log.warning("event passed over: it cannot be read", channel=NAME, shape=shape(content))
            return None
        return parse(event, self.bot)

    async def _store_held(self) -> bool:
        """Store what was fetched; True for something new. It is held until that has succeeded."""
        if self._held is None:
            return False
        new = await self._take(self._held)
        self._held = None
        return new

    async def _take(self, received: Received) -> bool:
        new = await self.accept(received)
        if new and received.inbound.kind is Kind.TEXT:
            chat = received.address["chat"]
            typing = partial(self._call, "sendChatAction", chat_id=chat, action="typing")
            self._asides.start("typing", typing, TYPING_AT_ONCE)
        return new

    async def _set_up(self) -> None:
        """Tell Zalo how messages come."""
        if self._ready:
            return
        if self.settings.webhook_url:
            secret = self.settings.webhook_secret
            await self._call("setWebhook", url=self.settings.webhook_url, secret_token=secret)
        else:
            with contextlib.suppress(ChannelRefusedError):  # as it may be where none was set
                await self._call("deleteWebhook")
        self._ready = True

    async def _rest(self, error: ChannelError) -> None:
        """Wait for better times; a webhook may have been set behind our back, so it is taken away again."""
        log.warning("zalo bot is away", cause=str(error))
        self._ready = False
        asked = (error.retry_after or 0.0) if isinstance(error, ChannelBusyError) else 0.0
        await self.sleep(max(asked, REST_SECONDS))

    async def _call(self, method: str, seconds: float = ANSWER_SECONDS, **parameters: object) -> object:
        # The address holds the token: it stands in no error and no log line.
        url = f"{self.settings.api_url}/bot{self.settings.token}/{method}"
        return result_of(await self.client.call(url, {}, json=parameters, timeout=ClientTimeout(seconds)))


def render(reply: Reply, hint: str = "") -> list[str]:
    """Return the messages of a reply as plain text."""
    return list(split(numbered(reply, hint), MAX_TEXT, utf16_units)) or [""]
