"""Telegram: python-telegram-bot's client, keyboards and errors; updates are stored before they are confirmed.

The interface: core.telegram.org/bots/api.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hmac
import json
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlencode

import structlog
from aiohttp import web
from pydantic import ValidationError
from telegram import Bot, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from bot.channels.base import (
    Accept,
    ChannelBlockedError,
    ChannelBusyError,
    ChannelDownError,
    ChannelError,
    ChannelRefusedError,
    send_parts,
)
from bot.channels.telegram_replies import render, render_buttons
from bot.channels.telegram_updates import ALLOWED, NAME, UPDATE, Update, parse
from intents.turn import Reply

log = structlog.get_logger(__name__)

POLL_SECONDS = 15
"""Shorter than what a lease has left when a poll begins: another process must not begin to poll meanwhile."""
ANSWER_SECONDS = 10
"""A send that took longer is repeated, and the person may get it twice: better wait a little."""

_GONE = ("chat not found", "peer_id_invalid")


@dataclass(frozen=True, slots=True)
class TelegramSettings:
    """How this bot is reached."""

    token: str
    api_url: str
    webhook_url: str = ""
    """Where Telegram posts updates; polled when empty."""
    webhook_secret: str = ""
    rest_seconds: float = 5.0
    """How long to wait when Telegram is away."""

    def __post_init__(self) -> None:
        """Refuse a webhook that anybody could post to."""
        if self.webhook_url and not self.webhook_secret:
            raise ValueError("a webhook needs a secret")


@dataclass(slots=True)
class Telegram:
    """One Telegram bot."""

    settings: TelegramSettings
    accept: Accept
    may_poll: Callable[[], Awaitable[bool]]
    """True while this process is the one that polls, or that sets the webhook."""
    name: str = NAME
    _api: Bot = field(init=False)
    _polling: HTTPXRequest = field(init=False)
    _calling: HTTPXRequest = field(init=False)
    _offset: int = 0
    _ready: bool = False
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Prepare the client; nothing is sent yet."""
        # The library warns about every «wait» from Telegram unless told which type we want.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        self._polling = HTTPXRequest(read_timeout=POLL_SECONDS + ANSWER_SECONDS)
        self._calling = HTTPXRequest(connection_pool_size=32, read_timeout=ANSWER_SECONDS)
        self._api = Bot(
            self.settings.token,
            base_url=f"{self.settings.api_url}/bot",
            request=self._calling,
            get_updates_request=self._polling,
        )

    @property
    def bot(self) -> str:
        """Return the bot's public id, the part of the token before the colon."""
        return self.settings.token.partition(":")[0]

    def routes(self) -> list[web.RouteDef]:
        """Return the webhook's address, when updates come by webhook."""
        return [web.post("/webhook/telegram", self._receive)] if self.settings.webhook_url else []

    async def poll(self) -> bool:
        """Fetch updates once and store them; False when there is nothing to do or Telegram is away."""
        if not await self.may_poll():
            return False
        try:
            await self._set_up()
            if self.settings.webhook_url:
                return False
            updates = await self._fetch()
        except TelegramError as error:
            await self._rest(error)
            return False
        for raw in updates:
            await self._read(raw)
            # Only now: the next call confirms all before this, and what is confirmed is gone.
            self._offset = raw["update_id"] + 1
        return True

    async def stop(self) -> None:
        """Close the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(self._polling.shutdown(), self._calling.shutdown())

    async def send(self, address: Mapping[str, str], reply: Reply, skip: int = 0) -> None:
        """Send one reply, in as many messages as its length needs; the buttons stand below the last."""
        chat_id = int(address["chat"])
        texts = render(reply)

        async def say(number: int) -> None:
            last = number == len(texts) - 1
            await self._say(chat_id, texts[number], render_buttons(reply.buttons) if last else None)

        await send_parts(range(len(texts)), skip, say)

    async def _say(self, chat_id: int, text: str, keyboard: InlineKeyboardMarkup | None = None) -> None:
        try:
            await self._api.send_message(
                chat_id,
                text,
                parse_mode=ParseMode.HTML,
                reply_markup=keyboard,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        except TelegramError as error:
            raise channel_error(error) from None

    async def _receive(self, request: web.Request) -> web.Response:
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        # Bytes: the header of a stranger may hold what is not text.
        if not hmac.compare_digest(
            given.encode("utf-8", "surrogateescape"), self.settings.webhook_secret.encode()
        ):
            log.warning("webhook without the right secret")
            return web.Response(status=HTTPStatus.FORBIDDEN)
        try:
            update = UPDATE.validate_json(await request.read())
        except ValidationError:
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        await self._take(update)
        return web.Response()

    async def _fetch(self) -> list[dict[str, Any]]:
        # Not `Bot.get_updates`: one update that it cannot read stops all, with people's texts in the log.
        wanted = {"offset": self._offset, "timeout": POLL_SECONDS, "allowed_updates": json.dumps(ALLOWED)}
        found = await self._polling.post(f"{self._api.base_url}/getUpdates?{urlencode(wanted)}")
        return cast("list[dict[str, Any]]", found)

    async def _read(self, raw: Mapping[str, Any]) -> None:
        try:
            update = UPDATE.validate_json(json.dumps(raw))  # as a webhook would bring it
        except ValidationError:
            log.error("update passed over: it cannot be read", fields=sorted(raw))  # noqa: TRY400 - holds texts
            return
        await self._take(update)

    async def _take(self, update: Update) -> None:
        received = parse(update, self.bot)
        if received is not None:
            await self.accept(received)
        if update.callback_query:
            self._in_background(self._stop_spinner(update.callback_query.id))

    async def _stop_spinner(self, query_id: str) -> None:
        try:
            await self._api.answer_callback_query(query_id)
        except TelegramError as error:
            log.info("tap not confirmed", cause=type(error).__name__)

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _set_up(self) -> None:
        """Tell Telegram how updates come; what waits there is kept when the way changes."""
        if self._ready:
            return
        if self.settings.webhook_url:
            await self._api.set_webhook(
                self.settings.webhook_url, secret_token=self.settings.webhook_secret, allowed_updates=ALLOWED
            )
        else:
            await self._api.delete_webhook(drop_pending_updates=False)
        self._ready = True

    async def _rest(self, error: TelegramError) -> None:
        """Wait for better times; what only the operator can mend is told in Telegram's words."""
        ours = isinstance(error, BadRequest | Conflict | InvalidToken)
        log.warning("telegram is away", cause=type(error).__name__, detail=error.message if ours else None)
        if isinstance(error, Conflict):
            self._ready = False  # a webhook was set behind our back, and we would stay deaf
        await asyncio.sleep(self.settings.rest_seconds)


def channel_error(error: TelegramError) -> ChannelError:
    """Sort an error by what the caller does next."""
    if error.__cause__ is not None:
        # Nobody answered, or somebody on the way whose words are not Telegram's: that tells nothing.
        return ChannelDownError(type(error).__name__)
    match error:
        case RetryAfter():
            wait = error.retry_after
            return ChannelBusyError(wait.total_seconds() if isinstance(wait, dt.timedelta) else wait)
        case Forbidden():
            return ChannelBlockedError("the person has blocked the bot")
        case BadRequest() if error.message.lower().startswith(_GONE):
            return ChannelBlockedError("the chat is gone")
        case BadRequest() | ChatMigrated():
            return ChannelRefusedError(error.message)
    return ChannelDownError(type(error).__name__)
