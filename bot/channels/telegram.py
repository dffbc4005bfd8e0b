"""Telegram: python-telegram-bot's client, keyboards and errors; updates are stored before they are confirmed.

The interface: core.telegram.org/bots/api.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlencode

import structlog
from aiohttp import web
from pydantic import ValidationError
from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, Conflict, InvalidToken, TelegramError

from bot.channels.asides import Asides
from bot.channels.base import ANSWER_SECONDS, Accept, Received, send_parts
from bot.channels.requests import body_of
from bot.channels.telegram_commands import Command
from bot.channels.telegram_errors import channel_error, is_foreign
from bot.channels.telegram_http import HttpRequest
from bot.channels.telegram_replies import render, render_buttons, with_choice
from bot.channels.telegram_updates import ALLOWED, ENVELOPE, NAME, UPDATE, Account, Update, parse
from intents.turn import PRIVATE, Kind, Reply

log = structlog.get_logger(__name__)

POLL_SECONDS = 10
"""Shorter than what a lease has left when a poll begins: another process must not begin to poll meanwhile."""
TYPING_AT_ONCE = 20
"""Whoever writes while so many are being told that we type is answered all the same."""

_ANSWERED = frozenset({Kind.TEXT, Kind.BUTTON, Kind.EDITED, Kind.START})
"""What a person waits for an answer to."""
_LANGUAGES = (None, "vi")
"""Whose menu the commands stand in: everybody's, and that of people whose Telegram speaks Vietnamese."""


@dataclass(frozen=True, slots=True)
class TelegramSettings:
    """How this bot is reached."""

    token: str = field(repr=False)
    api_url: str
    webhook_url: str = ""
    """Where Telegram posts updates; polled when empty."""
    webhook_secret: str = field(default="", repr=False)
    rest_seconds: float = 5.0
    """How long to wait when Telegram is away."""
    look_seconds: float = 60.0
    """How often to look whether the webhook is still ours."""

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
    commands: tuple[Command, ...] = ()
    name: str = NAME
    _api: Bot = field(init=False)
    _http: HttpRequest = field(init=False)
    _account: Account = field(init=False)
    _asides: Asides = field(init=False, default_factory=partial(Asides, TelegramError))
    _offset: int = field(init=False, default=0)
    _ready: bool = field(init=False, default=False)
    """Telegram knows how updates come."""
    _look_at: float = field(init=False, default=0.0)
    _menu_offered: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        """Prepare the client; nothing is sent yet."""
        # The library warns about every «wait» from Telegram unless told which type we want.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        self._http = HttpRequest(ANSWER_SECONDS)
        base_url = f"{self.settings.api_url}/bot"
        self._api = Bot(self.settings.token, base_url, request=self._http, get_updates_request=self._http)
        topics = {command.name: command.topic for command in self.commands if command.topic}
        self._account = Account(self.settings.token.partition(":")[0], topics=topics)

    @property
    def bot(self) -> str:
        """Return the bot's public id, the part of the token before the colon."""
        return self._account.id

    def routes(self) -> list[web.RouteDef]:
        """Return the webhook's address, when updates come by webhook."""
        return [web.post("/webhook/telegram", self._receive)] if self.settings.webhook_url else []

    async def poll(self) -> bool:
        """Fetch updates once and store them; False when there is nothing to do or Telegram is away."""
        if not await self.may_poll():
            self._ready = False  # whoever may now decides how updates come
            return False
        try:
            await self._set_up()
            if self.settings.webhook_url:
                return False
            updates = await self._fetch()
        except TelegramError as error:
            await self._rest(error)
            return False
        await self._read_all(updates)
        return True

    async def stop(self) -> None:
        """Close the connections."""
        await self._asides.stop()
        await self._http.shutdown()

    async def send(self, address: Mapping[str, str], reply: Reply, skip: int = 0) -> None:
        """Send one reply, in as many messages as its length needs; the buttons stand below the last."""
        texts = render(reply)
        if any(button.payload == PRIVATE for button in reply.buttons):
            with suppress(TelegramError):
                await self._learn_name()
        keyboard = render_buttons(reply.buttons, self._account.username)

        async def say(number: int) -> None:
            await self._say(address, texts[number], keyboard if number == len(texts) - 1 else None)

        await send_parts(range(len(texts)), skip, say)

    async def _say(
        self, address: Mapping[str, str], text: str, keyboard: InlineKeyboardMarkup | None
    ) -> None:
        thread = address.get("thread")
        try:
            await self._api.send_message(
                int(address["chat"]),
                text,
                parse_mode=ParseMode.HTML,
                reply_markup=keyboard,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                message_thread_id=int(thread) if thread else None,
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
        raw = await body_of(request)
        try:
            update = UPDATE.validate_json(raw)
        except ValidationError:
            return _unreadable(raw)
        await self._take(update)
        return web.Response()

    async def _fetch(self) -> list[dict[str, Any]]:
        # Not `Bot.get_updates`: one update that it cannot read stops all, with people's texts in the log.
        wanted = {"offset": self._offset, "timeout": POLL_SECONDS, "allowed_updates": json.dumps(ALLOWED)}
        address = f"{self._api.base_url}/getUpdates?{urlencode(wanted)}"
        found = await self._http.post(address, read_timeout=POLL_SECONDS + ANSWER_SECONDS)
        return cast("list[dict[str, Any]]", found)

    async def _read_all(self, updates: list[dict[str, Any]]) -> None:
        """Take updates in their order, to be stored together; confirm them only when all are."""
        for end in await asyncio.gather(*map(self._read, updates), return_exceptions=True):
            if end is not None:
                raise end
        if updates:
            # The next call confirms all before this, and what is confirmed is gone.
            self._offset = updates[-1]["update_id"] + 1

    async def _read(self, raw: Mapping[str, Any]) -> None:
        try:
            update = UPDATE.validate_json(json.dumps(raw))  # as a webhook would bring it
        except ValidationError:
            log.error("update passed over: it cannot be read", fields=sorted(raw))  # noqa: TRY400 - holds texts
            return
        await self._take(update)

    async def _take(self, update: Update) -> None:
        received = parse(update, self._account)
        new = received is not None and await self.accept(received)
        if update.callback_query:
            tap = update.callback_query.id
            self._asides.start("stop spinner", partial(self._api.answer_callback_query, tap))
        if received is not None and new:
            self._show(update, received)

    def _show(self, update: Update, received: Received) -> None:
        """Let the person see that we are at work, and which button was taken."""
        chat, tap = int(received.address["chat"]), update.callback_query
        if received.inbound.kind in _ANSWERED:
            typing = partial(self._api.send_chat_action, chat, ChatAction.TYPING)
            self._asides.start("typing", typing, TYPING_AT_ONCE)
        if tap and tap.message and (keyboard := with_choice(tap.message.reply_markup, tap.data)):
            edit = self._api.edit_message_reply_markup
            self._asides.start(
                "mark choice", partial(edit, chat, tap.message.message_id, reply_markup=keyboard)
            )

    async def _set_up(self) -> None:
        """Tell Telegram how updates come; what waits there is kept when the way changes."""
        await self._look_after_webhook()
        if self._ready:
            return
        if self.settings.webhook_url:
            await self._api.set_webhook(
                self.settings.webhook_url, secret_token=self.settings.webhook_secret, allowed_updates=ALLOWED
            )
        else:
            await self._api.delete_webhook(drop_pending_updates=False)
        self._ready = True
        self._look_at = asyncio.get_running_loop().time() + self.settings.look_seconds
        self._asides.start("learn name", self._learn_name)
        self._asides.start("offer commands", self._offer_commands)

    async def _look_after_webhook(self) -> None:
        """Look now and then whether somebody else took the webhook away: we would stay deaf."""
        now = asyncio.get_running_loop().time()
        if not self.settings.webhook_url or not self._ready or now < self._look_at:
            return
        self._look_at = now + self.settings.look_seconds
        self._ready = (await self._api.get_webhook_info()).url == self.settings.webhook_url
        if not self._ready:
            log.warning("the webhook was changed by somebody else and is set again")

    async def _learn_name(self) -> None:
        """Ask for the bot's own name, once; without it, a button that leads to a private chat is left out."""
        if not self._account.username:
            me = await self._api.get_me()
            self._account = replace(self._account, username=me.username or "")

    async def _offer_commands(self) -> None:
        """Put the commands into the menu of private chats, once; in groups they would lead nowhere."""
        if self._menu_offered or not self.commands:
            return
        menu = [BotCommand(command.name, command.description) for command in self.commands]
        for language in _LANGUAGES:
            await self._api.set_my_commands(menu, BotCommandScopeAllPrivateChats(), language)
        self._menu_offered = True

    async def _rest(self, error: TelegramError) -> None:
        """Wait for better times; what only the operator can mend is told in Telegram's words."""
        ours = isinstance(error, BadRequest | Conflict | InvalidToken) and not is_foreign(error)
        log.warning("telegram is away", cause=type(error).__name__, detail=error.message if ours else None)
        if isinstance(error, Conflict):
            self._ready = False  # a webhook was set behind our back, and we would stay deaf
        await asyncio.sleep(self.settings.rest_seconds)


def _unreadable(raw: bytes) -> web.Response:
    """Take an update that we cannot read: it would come again and hold up the next. Refuse what is none."""
    try:
        ENVELOPE.validate_json(raw)
    except ValidationError:
        return web.Response(status=HTTPStatus.BAD_REQUEST)
    log.error("update passed over: it cannot be read")
    return web.Response()
