"""What Zalo reports to an official account: its signature, and only the fields that we read.

Pure: no network, no database. Fields: docs.zaloplatforms.com, webhook of the official account.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, TypeAdapter

from bot.channels.base import Received
from intents.turn import Inbound, Kind

NAME = "zalo_oa"
STALE = dt.timedelta(days=2)
"""Zalo stops trying long before: what is older was kept by somebody and sent again."""
TAP = "#"
"""Stands before the payload of a button: a tap arrives as text."""

_PAYLOAD = re.compile(r"#([a-z_]{2,20}:.*)", re.DOTALL)
_SIGNS = 32

_TEXTS = frozenset({"user_send_text", "anonymous_send_text"})
_SIGNALS = {
    "follow": Kind.START,
    "user_click_chatnow": Kind.START,
    "unfollow": Kind.LEFT,
    "user_withdraw": Kind.WITHDRAWN,
}

Id = Annotated[str, Field(coerce_numbers_to_str=True)]
"""Always text: many are beyond what a float holds."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who sent or gets something."""

    id: Id = ""
    admin_id: Id | None = None
    """The human who wrote in the account's name."""


@dataclass(frozen=True, slots=True)
class Message:
    """What was sent; attachments are never looked at."""

    msg_id: Id = ""
    text: str | None = None
    conversation_id: Id | None = None
    """Of somebody who is not signed in."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    app_id: Id
    event_name: str
    timestamp: Id = ""
    """Milliseconds, as text."""
    sender: Party | None = None
    recipient: Party | None = None
    follower: Party | None = None
    user_id: Id | None = None
    message: Message | None = None

    @property
    def person(self) -> str:
        """Return the id of the person it is about, wherever it stands."""
        ours = self.event_name.startswith("oa_send")
        places = (self.recipient if ours else self.sender, self.follower)
        return next((party.id for party in places if party and party.id), self.user_id or "")

    @property
    def account(self) -> str:
        """Return the id of our account, where it is told."""
        party = self.sender if self.event_name.startswith("oa_send") else self.recipient
        return party.id if party else ""

    @property
    def sent_at(self) -> dt.datetime | None:
        """Return when it happened, None when that is not told in a believable way."""
        if not re.fullmatch(r"1[0-9]{12}", self.timestamp):
            # The documentation's samples have fewer digits and mean years long past: these say nothing.
            return None
        return dt.datetime.fromtimestamp(int(self.timestamp) / 1000, dt.UTC)


EVENT = TypeAdapter(Event)
"""Reads an event; a ValidationError holds the input and must not be logged."""


@dataclass(frozen=True, slots=True)
class Account:
    """What a request is checked against."""

    app_id: str
    secret: str
    """The account's secret key, not the one of the app."""
    oa_id: str = ""


def is_signed(raw: bytes, signature: str, event: Event, account: Account, header_time: str = "") -> bool:
    """Tell whether Zalo sent these bytes: SHA-256 of app id, body, time and secret, one behind the other.

    Some report that the time stands in a header; that one counts as well.
    """
    given = signature.rpartition("=")[2].strip().lower().encode("utf-8", "replace")
    times = [time for time in (event.timestamp, header_time) if time]
    expected = [_mac(raw, time, account).encode() for time in times]
    matches = [hmac.compare_digest(one, given) for one in expected]
    return any(matches) and event.app_id == account.app_id


def _mac(raw: bytes, time: str, account: Account) -> str:
    rest = time.encode("utf-8", "replace") + account.secret.encode()
    return hashlib.sha256(account.app_id.encode() + raw + rest).hexdigest()


def parse(event: Event, bot: str) -> Received | None:
    """Return what a person said, or what we learnt about one; None for what concerns nobody."""
    inbound = _inbound(event)
    if inbound is None or not event.person:
        return None
    address = {"user": event.person}
    if event.event_name.startswith("anonymous_") and event.message and event.message.conversation_id:
        address = {"anonymous": event.person, "conversation": event.message.conversation_id}
    return Received(NAME, bot, _identity(event), event.person, address, inbound, event.sent_at)


def is_stale(event: Event, now: dt.datetime) -> bool:
    """Tell whether an event is so old that somebody else than Zalo must have sent it."""
    return event.sent_at is not None and now - event.sent_at > STALE


def _inbound(event: Event) -> Inbound | None:
    name, message = event.event_name, event.message or Message()
    if name in _TEXTS:
        return _said(message)
    if name in _SIGNALS:
        return Inbound(_SIGNALS[name])
    if name.startswith(("user_send_", "anonymous_send_")):
        return Inbound(Kind.UNREADABLE, message.text or "", reference=message.msg_id)
    if name.startswith("oa_send_") and event.sender and event.sender.admin_id:
        return Inbound(Kind.TAKEN_OVER)
    return None


def _said(message: Message) -> Inbound:
    text = message.text or ""
    if tap := _PAYLOAD.fullmatch(text.strip()):
        return Inbound(Kind.BUTTON, payload=tap[1])
    return Inbound(Kind.TEXT, text, reference=message.msg_id)


def _identity(event: Event) -> str:
    """Return what makes a repeat a repeat; the id of a person does not stand in it in clear."""
    if event.message and event.message.msg_id:
        return f"{event.event_name} {event.message.msg_id}"
    return f"{event.event_name} {_short(event)}"


def _short(event: Event) -> str:
    return hashlib.sha256("\n".join(_parts(event)).encode("utf-8", "replace")).hexdigest()[:_SIGNS]


def _parts(event: Event) -> Iterator[str]:
    yield from (event.event_name, event.person, event.timestamp)
