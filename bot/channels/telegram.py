"""Telegram: python-telegram-bot's types and `Bot` only; updates are stored before they are confirmed.

The interface: core.telegram.org/bots/api.
"""

from __future__ import annotations

import asyncio
import hmac
import html
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import structlog
from aiohttp import web
from telegram import (
    Bot,
    CallbackQuery,
    Chat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    Update,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.channels.base import (
    Accept,
    ChannelBlockedError,
    ChannelBusyError,
    ChannelDownError,
    ChannelRefusedError,
    Received,
)
from bot.channels.split import split
from intents.turn import Button, Inbound, Kind, Reply

log = structlog.get_logger(__name__)

NAME = "telegram"
MAX_TEXT = 4096
"""UTF-16 units of one message, after its marks are parsed."""
MAX_CALLBACK = 64
"""Bytes of `callback_data`."""
POLL_SECONDS = 25
RECONNECT_SECONDS = 5.0
ROW_CHARS = 16
"""Two labels no longer than this share a row on a narrow telephone."""
ALLOWED = [Update.MESSAGE, Update.CALLBACK_QUERY]

_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_START = re.compile(r"/start(?:@\w+)?(?:\s+([\w-]{1,64}))?\s*$")


@dataclass(frozen=True, slots=True)
class TelegramSettings:
    """How this bot is reached."""

    token: str
    api_url: str
    webhook_url: str = ""
    """Where Telegram posts updates; polled when empty."""
    webhook_secret: str = ""


@dataclass(slots=True)
class Telegram:
    """One Telegram bot."""

    settings: TelegramSettings
    accept: Accept
    may_poll: Callable[[], Awaitable[bool]]
    """True while this process is the one that polls."""
    name: str = NAME
    _api: Bot = field(init=False)
    _offset: int | None = None
    _ready: bool = False
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Prepare the client; nothing is sent yet."""
        base = self.settings.api_url
        self._api = Bot(
            self.settings.token,
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=HTTPXRequest(connection_pool_size=32),
            get_updates_request=HTTPXRequest(read_timeout=POLL_SECONDS + 10),
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
        try:
            if not await self.may_poll():
                return False
            await self._set_up()
            if self.settings.webhook_url:
                return False
            updates = await self._api.get_updates(
                offset=self._offset, timeout=POLL_SECONDS, allowed_updates=ALLOWED
            )
        except InvalidToken:
            log.error("telegram refuses the token")  # noqa: TRY400 - the traceback would show the token's address
            return False
        except TelegramError as error:
            log.warning("telegram is away", cause=type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)
            return False
        for update in updates:
            await self._take(update)
            # Only now: the next call confirms all before this, and what is confirmed is gone.
            self._offset = update.update_id + 1
        return True

    async def stop(self) -> None:
        """Close the connections."""
        for task in self._tasks:
            task.cancel()
        await self._api.shutdown()

    async def send(self, address: Mapping[str, str], reply: Reply) -> None:
        """Send one reply, in as many messages as its length needs."""
        chat_id = int(address["chat"])
        pieces = list(render(reply))
        for number, text in enumerate(pieces, 1):
            keyboard = render_buttons(reply.buttons) if number == len(pieces) else None
            await self._call(chat_id, text, keyboard)

    async def _call(self, chat_id: int, text: str, keyboard: InlineKeyboardMarkup | None) -> None:
        try:
            await self._api.send_message(
                chat_id,
                text,
                parse_mode=ParseMode.HTML,
                reply_markup=keyboard,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        except RetryAfter as error:
            wait = error.retry_after
            raise ChannelBusyError(wait if isinstance(wait, int) else wait.total_seconds()) from None
        except Forbidden:
            raise ChannelBlockedError("the person has blocked the bot") from None
        except BadRequest as error:
            if "chat not found" in error.message.lower():
                raise ChannelBlockedError("the chat is gone") from None
            raise ChannelRefusedError(error.message) from None
        except (NetworkError, InvalidToken) as error:
            raise ChannelDownError(type(error).__name__) from None
        except TelegramError as error:
            raise ChannelRefusedError(error.message) from None

    async def _receive(self, request: web.Request) -> web.Response:
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given.encode(), self.settings.webhook_secret.encode()):
            log.warning("webhook without the right secret")
            return web.Response(status=HTTPStatus.FORBIDDEN)
        body = await request.read()
        try:
            update = Update.de_json(json.loads(body), self._api)
        except (ValueError, TypeError, KeyError, AttributeError):
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        await self._take(update)
        return web.Response()

    async def _take(self, update: Update) -> None:
        received = parse(update, self.bot)
        if received is not None:
            await self.accept(received)
        if update.callback_query:
            self._in_background(self._stop_spinner(update.callback_query))

    async def _stop_spinner(self, query: CallbackQuery) -> None:
        try:
            await self._api.answer_callback_query(query.id)
        except TelegramError as error:
            log.info("tap not confirmed", cause=type(error).__name__)

    def _in_background(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _set_up(self) -> None:
        """Tell Telegram how updates come; what waits there is kept when the way changes."""
        if self._ready:
            return
        await self._api.initialize()
        if self.settings.webhook_url:
            await self._api.set_webhook(
                self.settings.webhook_url, secret_token=self.settings.webhook_secret, allowed_updates=ALLOWED
            )
        else:
            await self._api.delete_webhook(drop_pending_updates=False)
        self._ready = True


def parse(update: Update, bot: str) -> Received | None:
    """Return what a person sent in a private chat; None for any other kind of update."""
    message, query = update.message, update.callback_query
    if query is not None:
        chat = query.message.chat if query.message else None
        inbound = Inbound(Kind.BUTTON, payload=query.data or "")
    elif message is not None:
        chat, inbound = message.chat, _said(message)
    else:
        return None
    if chat is None or chat.type != Chat.PRIVATE:
        return None
    chat_id = str(chat.id)
    return Received(NAME, bot, str(update.update_id), chat_id, {"chat": chat_id}, inbound)


def _said(message: Message) -> Inbound:
    text = message.text or ""
    if start := _START.match(text):
        return Inbound(Kind.START, payload=(start[1] or "").replace("_", "."))
    if message.text is None:
        return Inbound(Kind.UNREADABLE, message.caption or "")
    return Inbound(Kind.TEXT, text)


def render(reply: Reply) -> list[str]:
    """Return the messages of a reply as Telegram's HTML."""
    return [_BOLD.sub(r"<b>\1</b>", html.escape(p, quote=False)) for p in split(reply.text, MAX_TEXT, _units)]


def render_buttons(buttons: tuple[Button, ...]) -> InlineKeyboardMarkup | None:
    """Return buttons below a message, two short ones in a row."""
    rows: list[list[InlineKeyboardButton]] = []
    for button in buttons:
        short = len(button.label) <= ROW_CHARS
        if short and rows and len(rows[-1]) == 1 and len(rows[-1][0].text) <= ROW_CHARS:
            rows[-1].append(_button(button))
        else:
            rows.append([_button(button)])
    return InlineKeyboardMarkup(rows) if rows else None


def _button(button: Button) -> InlineKeyboardButton:
    if button.payload.startswith("https://"):
        return InlineKeyboardButton(button.label, url=button.payload)
    data = button.payload.encode()[:MAX_CALLBACK].decode(errors="ignore")
    return InlineKeyboardButton(button.label, callback_data=data)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
