"""What Telegram reports: only the fields that we read, so that whatever it adds elsewhere breaks nothing.

Pure: no network, no database. Fields: core.telegram.org/bots/api#update.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import TypeAdapter

from bot.channels.base import Received
from intents.turn import Inbound, Kind

NAME = "telegram"
ALLOWED = ("message", "callback_query")
"""The kinds of update that we ask for."""

_START = re.compile(r"/start(?:@\w+)?(?:\s+([A-Za-z0-9_-]{1,64}))?\s*")
_CODE = re.compile(r"(\d)_(\d{6})")
"""A service's code in a link: `/start` takes no dot."""


@dataclass(frozen=True, slots=True)
class Chat:
    """Where a message was written."""

    id: int
    type: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message, or a note of Telegram's about the chat."""

    chat: Chat
    text: str | None = None
    caption: str | None = None
    media_group_id: str | None = None
    """Shared by the photos of one album, each of which is an update of its own."""
    pinned_message: object = None
    message_auto_delete_timer_changed: object = None
    chat_background_set: object = None
    write_access_allowed: object = None

    @property
    def is_note(self) -> bool:
        """Tell whether nobody said anything: there is nothing to answer."""
        return any(
            (
                self.pinned_message,
                self.message_auto_delete_timer_changed,
                self.chat_background_set,
                self.write_access_allowed,
            )
        )


@dataclass(frozen=True, slots=True)
class Tap:
    """A button was tapped."""

    id: str
    message: Message | None = None
    """What the button stands below; absent when Telegram has forgotten it."""
    data: str = ""


@dataclass(frozen=True, slots=True)
class Update:
    """One thing that happened."""

    update_id: int
    message: Message | None = None
    callback_query: Tap | None = None


UPDATE = TypeAdapter(Update)
"""Reads an update; a ValidationError holds the input and must not be logged."""


def parse(update: Update, bot: str) -> Received | None:
    """Return what a person said in a private chat; None for any other kind of update."""
    tap = update.callback_query
    message = tap.message if tap else update.message
    if message is None or message.chat.type != "private" or message.is_note:
        return None
    inbound = Inbound(Kind.BUTTON, payload=tap.data) if tap else _said(message)
    chat = str(message.chat.id)
    return Received(NAME, bot, _identity(update), chat, {"chat": chat}, inbound)


def _identity(update: Update) -> str:
    """Return what makes a repeat a repeat: the photos of an album are one message and get one answer."""
    album = update.message.media_group_id if update.message else None
    return f"album {album}" if album else str(update.update_id)


def _said(message: Message) -> Inbound:
    if message.text is None:
        return Inbound(Kind.UNREADABLE, message.caption or "")
    if start := _START.fullmatch(message.text):
        return Inbound(Kind.START, payload=_CODE.sub(r"\1.\2", start[1] or ""))
    return Inbound(Kind.TEXT, message.text)
