"""What Zalo reports to an official account, field by field. Pure: no network.

Shapes: docs.zaloplatforms.com, webhook of the official account.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_FILE = "https://files.example.vn/made-up"
_CARD = json.dumps({"phone": "84900000000", "qrCodeUrl": f"{_FILE}/qr.png"}, separators=(",", ":"))
ATTACHMENTS: dict[str, tuple[str, Json]] = {
    "image": ("image", {"thumbnail": f"{_FILE}/t.jpg", "url": f"{_FILE}/p.jpg"}),
    "gif": ("gif", {"thumbnail": f"{_FILE}/t.gif", "url": f"{_FILE}/p.gif"}),
    "link": ("link", {"thumbnail": f"{_FILE}/t.jpg", "description": "a page", "url": "https://example.vn/"}),
    "audio": ("audio", {"url": f"{_FILE}/v.amr"}),
    "video": ("video", {"thumbnail": f"{_FILE}/t.jpg", "description": "a film", "url": f"{_FILE}/v.mp4"}),
    "sticker": ("sticker", {"id": "1005", "url": f"{_FILE}/s.png"}),
    "location": ("location", {"coordinates": {"latitude": "21.8233", "longitude": "105.2142"}}),
    "file": (
        "file",
        {"url": f"{_FILE}/f.pdf", "size": "1024", "name": "f.pdf", "checksum": "0" * 32, "type": "pdf"},
    ),
    "business_card": ("link", {"thumbnail": f"{_FILE}/t.jpg", "description": _CARD, "url": f"{_FILE}/c"}),
}
"""What a person can send besides text: the type of the attachment and a payload for it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every event has."""

    app_id: str
    oa_id: str
    timestamp: str
    """Milliseconds, as text."""

    def from_person(self, event: str, person: str, **fields: Any) -> Json:
        """Return an event that a person caused by writing, seeing or reacting."""
        return {
            "app_id": self.app_id,
            "sender": {"id": person},
            "user_id_by_app": by_app(person),
            "recipient": {"id": self.oa_id},
            "event_name": event,
            **fields,
            "timestamp": self.timestamp,
        }

    def from_account(self, event: str, person: str, message: Json, admin: str = "") -> Json:
        """Return the echo of what the account wrote, through the app or by hand of its staff."""
        sender = {"id": self.oa_id} | ({"admin_id": admin} if admin else {})
        return {
            "app_id": self.app_id,
            "sender": sender,
            "recipient": {"id": person},
            "user_id_by_app": by_app(person),
            "event_name": event,
            "message": message,
            "timestamp": self.timestamp,
        }

    def of_follower(self, event: str, person: str) -> Json:
        """Return an event about following: here the person is the follower, and nobody sends."""
        return {
            "oa_id": self.oa_id,
            "follower": {"id": person},
            "user_id_by_app": by_app(person),
            "event_name": event,
            "source": "oa_profile",
            "app_id": self.app_id,
            "timestamp": self.timestamp,
        }

    def of_user(self, event: str, person: str) -> Json:
        """Return an event that names the person alone."""
        return {
            "event_name": event,
            "app_id": self.app_id,
            "oa_id": self.oa_id,
            "user_id": person,
            "user_id_by_app": by_app(person),
            "timestamp": self.timestamp,
        }


def by_app(person: str) -> str:
    """Return the person's other id, the one that this app alone knows."""
    return f"55{person[2:]}"


def identity(event: Json) -> str:
    """Return what tells an event from another: the id of its message, or its time."""
    message = event.get("message")
    number = message.get("msg_id") if isinstance(message, dict) else None
    return f"{event['event_name']} {number or event['timestamp']}"


def written(event: Json) -> bytes:
    """Return the bytes that are posted and signed."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
