"""What Telegram reports: only the fields that we read, so that whatever it adds elsewhere breaks nothing.

Pure: no network, no database. Fields: core.telegram.org/bots/api#update.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field, TypeAdapter

from bot.channels.base import Received
from intents.turn import Inbound, Kind

NAME = "telegram"
ALLOWED = ("message", "edited_message", "callback_query", "my_chat_member")
"""The kinds of update that we ask for."""
EDIT_SECONDS = 15 * 60
"""Words that are changed later do not change what was asked."""

_GROUPS = frozenset({"group", "supergroup"})
_PRESENT = frozenset({"member", "administrator"})
_ABSENT = frozenset({"left", "kicked"})
_START = re.compile(r"/start(?:@\w+)?(?:\s+([A-Za-z0-9_-]{1,64}))?\s*")
_CODE = re.compile(r"(\d)_(\d{6})")
"""A service's code in a link: `/start` takes no dot."""
_COMMAND = re.compile(r"/(\w{1,32})(?:@(\w+))?(?:\s+(.*))?", re.DOTALL)
_MENTION = re.compile(r"(?<![\w@])@(\w{5,32})")


@dataclass(frozen=True, slots=True)
class Account:
    """Our bot, as people call it."""

    id: str
    username: str = ""
    """Without the @; empty until Telegram has told it."""
    topics: Mapping[str, str] = field(default_factory=dict)
    """Commands with the topics that they open."""


@dataclass(frozen=True, slots=True)
class Chat:
    """Where a message was written."""

    id: int
    type: str

    @property
    def is_private(self) -> bool:
        """Tell whether only one person reads it."""
        return self.type == "private"

    @property
    def is_group(self) -> bool:
        """Tell whether several people write there."""
        return self.type in _GROUPS


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who has an account."""

    id: int


@dataclass(frozen=True, slots=True)
class Quoted:
    """A message that another one replies to."""

    sender: Annotated[User | None, Field(alias="from")] = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message, or a note of Telegram's about the chat."""

    chat: Chat
    message_id: int = 0
    date: int = 0
    edit_date: int = 0
    text: str | None = None
    caption: str | None = None
    media_group_id: str | None = None
    """Shared by the photos of one album, each of which is an update of its own."""
    message_thread_id: int | None = None
    is_topic_message: bool = False
    """It stands in a topic of a group that has topics."""
    reply_to_message: Quoted | None = None
    reply_markup: object = None
    """The buttons below it, as Telegram keeps them."""
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

    @property
    def reference(self) -> str:
        """Return what the message is known by within its chat."""
        return str(self.message_id) if self.message_id else ""


@dataclass(frozen=True, slots=True)
class Tap:
    """A button was tapped."""

    id: str
    message: Message | None = None
    """What the button stands below; absent when Telegram has forgotten it."""
    data: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """What we are in a chat."""

    status: str


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody blocked us or let us in again, added us to a group or removed us."""

    chat: Chat
    old_chat_member: Member
    new_chat_member: Member

    @property
    def arrived(self) -> bool:
        """Tell whether we are there now and were not before."""
        return self.old_chat_member.status in _ABSENT and self.new_chat_member.status in _PRESENT

    @property
    def left(self) -> bool:
        """Tell whether we are not there any more."""
        return self.new_chat_member.status in _ABSENT


@dataclass(frozen=True, slots=True)
class Update:
    """One thing that happened."""

    update_id: int
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: Tap | None = None
    my_chat_member: Change | None = None

    @property
    def chat(self) -> Chat | None:
        """Return where it happened."""
        tapped = self.callback_query.message if self.callback_query else None
        place = self.message or self.edited_message or tapped or self.my_chat_member
        return place.chat if place else None


@dataclass(frozen=True, slots=True)
class Envelope:
    """All that an update must have."""

    update_id: int


ENVELOPE = TypeAdapter(Envelope)
UPDATE = TypeAdapter(Update)
"""Reads an update; a ValidationError holds the input and must not be logged."""


def parse(update: Update, account: Account) -> Received | None:
    """Return what a person said or did, or that a group called us; None for what concerns nobody."""
    chat = update.chat
    if chat is None:
        return None
    inbound = _in_private(update, account) if chat.is_private else _in_group(update, chat, account)
    if inbound is None:
        return None
    address = {"chat": str(chat.id)}
    if update.message and update.message.is_topic_message and update.message.message_thread_id:
        address["thread"] = str(update.message.message_thread_id)
    return Received(NAME, account.id, _identity(update), str(chat.id), address, inbound)


def _identity(update: Update) -> str:
    """Return what makes a repeat a repeat: the photos of an album are one message and get one answer."""
    album = update.message.media_group_id if update.message else None
    return f"album {album}" if album else str(update.update_id)


def _in_private(update: Update, account: Account) -> Inbound | None:
    if update.callback_query:
        return Inbound(Kind.BUTTON, payload=update.callback_query.data)
    if update.my_chat_member:
        return Inbound(Kind.LEFT) if update.my_chat_member.left else None
    if update.edited_message:
        return _edited(update.edited_message)
    if update.message is None or update.message.is_note:
        return None
    return _said(update.message, account)


def _in_group(update: Update, chat: Chat, account: Account) -> Inbound | None:
    """Tell that we were called, never what was said: everybody there would read the answer."""
    if not chat.is_group:
        return None
    change = update.my_chat_member
    if change and change.left:
        return Inbound(Kind.LEFT)
    called = update.message is not None and _calls(update.message, account)
    return Inbound(Kind.GROUP) if called or (change and change.arrived) else None


def _edited(message: Message) -> Inbound | None:
    if message.text is None or message.edit_date - message.date > EDIT_SECONDS:
        return None
    return Inbound(Kind.EDITED, message.text, reference=message.reference)


def _said(message: Message, account: Account) -> Inbound:
    if message.text is None:
        return Inbound(Kind.UNREADABLE, message.caption or "")
    if start := _START.fullmatch(message.text):
        return Inbound(Kind.START, payload=_CODE.sub(r"\1.\2", start[1] or ""))
    command = _COMMAND.fullmatch(message.text.strip())
    topic = account.topics.get(command[1].lower()) if command else None
    if command is None or topic is None:
        return Inbound(Kind.TEXT, message.text, reference=message.reference)
    if words := command[3]:
        return Inbound(Kind.TEXT, words, reference=message.reference)
    return Inbound(Kind.BUTTON, payload=f"topic:{topic}")


def _calls(message: Message, account: Account) -> bool:
    """Tell whether a message in a group is for us: a command, our name, or a reply to what we said."""
    quoted = message.reply_to_message.sender if message.reply_to_message else None
    if quoted and str(quoted.id) == account.id:
        return True
    text = message.text or message.caption or ""
    if command := _COMMAND.fullmatch(text.strip()):
        return command[2] is None or _is_ours(command[2], account)
    return any(_is_ours(name, account) for name in _MENTION.findall(text))


def _is_ours(name: str, account: Account) -> bool:
    """Tell whether a name means us; before we know our own, Telegram is believed to bring only what does."""
    return not account.username or name.lower() == account.username.lower()
