"""What each outside service posts for one message of one person, as bytes and headers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

APP, OA = "360846524940903967", "388613280878808645"
APP_SECRET, OA_SECRET = "made-up-app-secret", "made-up-oa-secret"
SECRET = "made-up-webhook-secret"
TELEGRAM_TOKEN = "110201543:made-up-token-of-the-tests"
ZALO_BOT_TOKEN = "4005112233:made-up-token-of-the-tests"
NOON = 1_800_000_000
"""Seconds; a time like any other, the same in every run."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something that a person says."""

    number: int
    """Unlike that of any other message of a run; the order of a person's messages."""
    person: int
    text: str


Body = dict[str, Any]
Post = tuple[bytes, dict[str, str]]
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Wire:
    """One service's way to report a message."""

    channel: str
    path: str
    told: Callable[[Message], Body]
    sealed: Callable[[Body], Post]
    """Writes a body and vouches for it, as the service does."""
    address: Callable[[int], str]
    """The id of a person as the service shows it when it is sent to."""

    def post(self, message: Message) -> Post:
        """Return what the service posts."""
        return self.sealed(self.told(message))


def telegram_id(person: int) -> str:
    """Return the id of a chat."""
    return str(7_700_000_000 + person)


def zalo_id(person: int) -> str:
    """Return the id of a user, beyond what a float holds."""
    return str(246_845_883_529_000_000 + person)


def zalo_bot_id(person: int) -> str:
    """Return the id of a chat."""
    return f"6ede9afa66b8{person:08x}"


def _telegram(message: Message) -> Body:
    chat = {"id": int(telegram_id(message.person)), "type": "private", "first_name": "An"}
    told = {
        "message_id": message.number,
        "from": {"id": chat["id"], "is_bot": False, "first_name": "An"},
        "chat": chat,
        "date": NOON,
        "text": message.text,
    }
    return {"update_id": 900_000_000 + message.number, "message": told}


def _sealed_by_telegram(body: Body) -> Post:
    return _bytes(body), {**_JSON, "X-Telegram-Bot-Api-Secret-Token": SECRET}


def _zalo_oa(message: Message) -> Body:
    return {
        "app_id": APP,
        "sender": {"id": zalo_id(message.person)},
        "user_id_by_app": "552177279717587730",
        "recipient": {"id": OA},
        "event_name": "user_send_text",
        "message": {"text": message.text, "msg_id": f"96d3cdf3af15{message.number:08x}"},
        "timestamp": str(NOON * 1000 + message.number),
    }


def _sealed_by_zalo_oa(body: Body) -> Post:
    raw = _bytes(body)
    mac = hashlib.sha256(APP.encode() + raw + body["timestamp"].encode() + OA_SECRET.encode()).hexdigest()
    return raw, {**_JSON, "X-ZEvent-Signature": f"mac={mac}"}


def _zalo_bot(message: Message) -> Body:
    told = {
        "from": {"id": zalo_bot_id(message.person), "display_name": "An", "is_bot": False},
        "chat": {"id": zalo_bot_id(message.person), "chat_type": "PRIVATE"},
        "text": message.text,
        "message_id": f"2d758cb5e222{message.number:08x}",
        "date": NOON * 1000,
    }
    return {"ok": True, "result": {"event_name": "message.text.received", "message": told}}


def _sealed_by_zalo_bot(body: Body) -> Post:
    return _bytes(body), {**_JSON, "X-Bot-Api-Secret-Token": SECRET}


def _bytes(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


TELEGRAM = Wire("telegram", "/webhook/telegram", _telegram, _sealed_by_telegram, telegram_id)
ZALO_OA = Wire("zalo_oa", "/webhook/zalo-oa", _zalo_oa, _sealed_by_zalo_oa, zalo_id)
ZALO_BOT = Wire("zalo_bot", "/webhook/zalo-bot", _zalo_bot, _sealed_by_zalo_bot, zalo_bot_id)
WIRES = (TELEGRAM, ZALO_OA, ZALO_BOT)
