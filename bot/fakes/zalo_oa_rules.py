"""What Zalo checks of what an official account sends, and how it signs what it reports. Pure: no network.

Shapes and numbers: docs.zaloplatforms.com; where that is silent, the stricter reading.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

MAX_TEXT, MAX_BUTTONS, MAX_TITLE, MAX_PAYLOAD, MAX_SMS = 2000, 5, 100, 1000, 160
WORDS = {
    -32: "Your application reached limit call api",
    -201: "Params is invalid",
    -210: "Param over limit",
    -213: "User has not followed official account",
    -216: "Access token is invalid",
    -220: "Access token is expired or removed",
    -224: "Official account package does not support this api",
    -230: "User has not interacted with official account in the last 7 days",
    -233: "Message type is not supported",
    -242: "Appsecret_proof is invalid",
}
"""Made-up wording: that of the service differs from copy to copy, and only the number counts."""


class RefusedError(Exception):
    """What Zalo answers instead of a result, with HTTP 200."""

    def __init__(self, code: int, words: str = "") -> None:
        """Take Zalo's number, and words where they tell more than the number."""
        self.code, self.words = code, words or WORDS.get(code, "Unknown error")
        super().__init__(f"{code}: {self.words}")


@dataclass(frozen=True, slots=True)
class Message:
    """A message that is as it must be."""

    text: str
    buttons: list[Json] = field(default_factory=list)
    quote: str = ""
    attachment: Json | None = None
    """A picture, a sticker, a file or a form, as it was given."""

    @property
    def kind(self) -> str:
        """Return what it is called when Zalo reports that it was sent."""
        attachment = self.attachment or {"type": "text", "payload": {}}
        elements = attachment["payload"].get("elements", [{}])
        return str(elements[0].get("media_type", attachment["type"]))


def checked_message(message: object) -> Message:
    """Return what the person sees; refuse what is too long or has the wrong shape."""
    content = _dict(message, "message")
    text, attachment = content.get("text", ""), content.get("attachment")
    quote = content.get("quote_message_id", "")
    if not isinstance(text, str) or not isinstance(quote, str):
        raise RefusedError(-201, "text is invalid")
    if not text.strip() and not attachment:
        raise RefusedError(-201, "text is empty")
    if units(text) > MAX_TEXT:
        raise RefusedError(-210, "text is over 2000 characters")
    if not attachment:
        return Message(text, quote=quote)
    if buttons := _checked_attachment(_dict(attachment, "attachment")):
        if not text.strip():
            raise RefusedError(-201, "text is empty")
        return Message(text, buttons, quote)
    return Message(text, quote=quote, attachment=attachment)


def units(text: str) -> int:
    """Count UTF-16 units: nobody has told how Zalo counts, and these are never fewer than characters."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _checked_attachment(attachment: Json) -> list[Json]:
    payload = _dict(attachment.get("payload"), "payload")
    match attachment.get("type"), payload.get("template_type"):
        case "template", None:
            return _checked_buttons(payload.get("buttons"))
        case "template", "media" | "request_user_info" as kind:
            _check_element(kind, payload.get("elements"))
        case "file", None:
            _text(payload, "token", MAX_PAYLOAD)
        case _:
            raise RefusedError(-201, "attachment type is invalid")
    return []


def _check_element(kind: str, elements: object) -> None:
    if not isinstance(elements, list) or len(elements) != 1:
        raise RefusedError(-201, "elements is invalid")
    element = _dict(elements[0], "element")
    if kind == "request_user_info":
        for name, limit in (("title", 100), ("subtitle", 500), ("image_url", MAX_PAYLOAD)):
            _text(element, name, limit)
        return
    sources = {"image": {"url", "attachment_id"}, "sticker": {"attachment_id"}, "gif": {"attachment_id"}}
    if len(sources.get(str(element.get("media_type")), set()) & element.keys()) != 1:
        raise RefusedError(-201, "media is invalid")


def _checked_buttons(buttons: object) -> list[Json]:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= MAX_BUTTONS:
        raise RefusedError(-201, "buttons is invalid")
    for button in buttons:
        _check_button(_dict(button, "button"))
    return buttons


def _check_button(button: Json) -> None:
    _text(button, "title", MAX_TITLE)
    check = _PAYLOADS.get(str(button.get("type")))
    if check is None:
        raise RefusedError(-201, "button type is invalid")
    check(button)


def _check_query(button: Json) -> None:
    _text(button, "payload", MAX_PAYLOAD)


def _check_url(button: Json) -> None:
    if not _text(_dict(button.get("payload"), "payload"), "url", MAX_PAYLOAD).startswith(
        ("https://", "http://")
    ):
        raise RefusedError(-201, "url is invalid")


def _check_phone(button: Json) -> None:
    if not _text(_dict(button.get("payload"), "payload"), "phone_code", 20).isdigit():
        raise RefusedError(-201, "phone_code is invalid")


def _check_sms(button: Json) -> None:
    _check_phone(button)
    _text(button["payload"], "content", MAX_SMS)


_PAYLOADS: dict[str, Callable[[Json], None]] = {
    "oa.query.show": _check_query,
    "oa.query.hide": _check_query,
    "oa.open.url": _check_url,
    "oa.open.phone": _check_phone,
    "oa.open.sms": _check_sms,
}


def _dict(value: object, name: str) -> Json:
    if not isinstance(value, dict):
        raise RefusedError(-201, f"{name} is invalid")
    return value


def _text(holder: Mapping[str, Any], name: str, limit: int) -> str:
    value = holder.get(name)
    if not isinstance(value, str) or not value.strip() or units(value) > limit:
        raise RefusedError(-201, f"{name} is invalid")
    return value


def checked_person(recipient: object) -> str:
    """Return whom a message is for; ids are text, since a number would have lost its last digits."""
    return _text(_dict(recipient, "recipient"), "user_id", MAX_PAYLOAD)


def checked_visitor(recipient: object) -> tuple[str, str]:
    """Return whom, not signed in, and in which conversation a message is for."""
    given = _dict(recipient, "recipient")
    return _text(given, "anonymous_id", MAX_PAYLOAD), _text(given, "conversation_id", MAX_PAYLOAD)


def signature(app_id: str, raw: bytes, timestamp: str, secret: str) -> str:
    """Return the header that comes with an event: a plain SHA-256, no HMAC."""
    text = app_id.encode() + raw + timestamp.encode() + secret.encode()
    return f"mac={hashlib.sha256(text).hexdigest()}"


def proof(app_secret: str, access_token: str) -> str:
    """Return what shows that the caller knows the app's secret."""
    return hmac.new(app_secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()


def challenge(verifier: str) -> str:
    """Return what is told before of a secret that is shown later."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
