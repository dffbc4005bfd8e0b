"""What the Zalo Bot Platform reports: only the fields that we read, so that whatever it adds breaks nothing.

Pure: no network, no database. Fields: bot.zaloplatforms.com, webhook and getUpdates.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from bot.channels.base import Received
from intents.turn import Inbound, Kind

NAME = "zalo_bot"

_PRIVATE = "PRIVATE"
_ANY_MESSAGE = re.compile(r"message\.[\w.-]+\.received")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SHOWN = 20
"""Names of fields that are told of what cannot be read, and characters of each."""

Id = Annotated[str, Field(coerce_numbers_to_str=True, pattern=r"^[!-~]{1,200}$")]
"""Always text: as a number it might be beyond what a float holds."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote."""

    id: Annotated[str, Field(coerce_numbers_to_str=True)] = ""
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Chat:
    """Where a message was written, and where the answer goes."""

    id: Id
    chat_type: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What was sent; addresses of photos, stickers and voices are never looked at."""

    message_id: Id
    chat: Chat
    sender: Annotated[Sender, Field(alias="from")] = Sender()
    text: str | None = None
    caption: str | None = None
    date: object = None
    """Milliseconds; nothing is lost when they make no sense."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    event_name: str
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class Wrapped:
    """An event as the documentation shows it; webhooks were seen to bring it bare."""

    result: Event


_EVENT: TypeAdapter[Wrapped | Event] = TypeAdapter(
    Annotated[Wrapped | Event, Field(union_mode="left_to_right")]
)


def read(content: object) -> Event | None:
    """Return the event in a JSON value, wrapped or bare; None for whatever is none."""
    try:
        found = _EVENT.validate_python(content)
    except ValidationError:  # holds the input, and must not be logged
        return None
    return found.result if isinstance(found, Wrapped) else found


def shape(content: object) -> list[str] | str:
    """Tell what cannot be read by the names of its fields or its type, never by what it holds."""
    if isinstance(content, dict):
        return sorted(str(name)[:_SHOWN] for name in content)[:_SHOWN]
    return type(content).__name__


def parse(event: Event, bot: str) -> Received | None:
    """Return what a person said; None for what our own account said and for any other kind of event."""
    message = event.message
    inbound = _said(event.event_name, message) if message else None
    if message is None or inbound is None or message.sender.is_bot:
        return None
    chat = message.chat
    if (chat.chat_type.upper() or _type_of(message)) != _PRIVATE:
        inbound = Inbound(Kind.GROUP)
    sent_at = _sent_at(message.date)
    return Received(NAME, bot, message.message_id, chat.id, {"chat": chat.id}, inbound, sent_at)


def _type_of(message: Message) -> str:
    """Tell a private chat where its type is not told: it bears the id of who wrote."""
    return _PRIVATE if message.chat.id == message.sender.id else ""


def _said(event_name: str, message: Message) -> Inbound | None:
    match event_name:
        case "message.text.received":
            return Inbound(Kind.TEXT, message.text or "", reference=message.message_id)
        case "message.unsupported.received":
            return Inbound(Kind.WITHHELD)
        case name if _ANY_MESSAGE.fullmatch(name):
            return Inbound(Kind.UNREADABLE, message.caption or "")
    return None


def _sent_at(date: object) -> dt.datetime | None:
    if not isinstance(date, int):
        return None
    try:
        return _EPOCH + dt.timedelta(milliseconds=date)
    except OverflowError:
        return None
