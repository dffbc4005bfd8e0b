"""What a request to the web chat brings: read, checked and named, or refused with a kind sentence."""

from __future__ import annotations

import asyncio
import re
import uuid
from dataclasses import dataclass
from math import ceil
from urllib.parse import parse_qsl

from aiohttp import web

from bot.channels import requests
from bot.channels.visitors import valid_token

_FORM = "application/x-www-form-urlencoded"
_MAX_BODY = 256 * 1024
_MAX_TEXT = 20_000
_MAX_PAYLOAD = 64
_MAX_FIELDS = 20
_FOR_SCRIPTS = {"/chat/lines", "/chat/events"}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
"""Typed by nobody, and PostgreSQL refuses a NUL."""


class RefusedError(Exception):
    """A request that gets a kind sentence instead of an answer."""

    def __init__(self, status: int, reason: str, *, text: str = "", wait: float = 0) -> None:
        """Take the status, the key of the sentence, the text to keep and the seconds to wait."""
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.text = text
        self.wait = ceil(wait)


@dataclass(frozen=True, slots=True)
class Post:
    """What a form brought."""

    key: uuid.UUID
    """Made by the page, one per message."""
    text: str
    payload: str
    visitor: str
    """The token that the page offered to a newcomer; two clicks on the first message bring the same."""
    after: int
    """The last line that the script has."""

    def message_id(self, user_id: str) -> str:
        """Name the message: a repeat gets the same name, a stale form with other words does not."""
        return str(uuid.uuid5(self.key, f"{user_id}\n{self.payload}\n{self.text}"))


def wants_json(request: web.Request) -> bool:
    """Tell whether the script asks, not a form."""
    return "application/json" in request.headers.get("Accept", "") or request.path in _FOR_SCRIPTS


async def read_post(request: web.Request) -> Post:
    """Read a form up to the limit, or refuse it."""
    if request.content_type != _FORM:
        raise RefusedError(400, "garbled")
    body = bytearray()
    try:
        async with asyncio.timeout(requests.BODY_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > _MAX_BODY:
                    raise RefusedError(413, "too_long")
    except TimeoutError as error:
        raise RefusedError(408, "garbled") from error
    return parse_post(bytes(body))


def parse_post(body: bytes) -> Post:
    """Check the fields of a form, or refuse it."""
    try:
        fields = dict(
            parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
        )
    except ValueError as error:
        raise RefusedError(400, "garbled") from error
    text, payload = _clean(fields.get("text", "")), _clean(fields.get("payload", ""))
    if len(text) > _MAX_TEXT:
        raise RefusedError(413, "too_long", text=text)
    if len(payload.encode()) > _MAX_PAYLOAD:
        raise RefusedError(400, "garbled")
    if not text and not payload:
        raise RefusedError(400, "empty")
    key, after = _key(fields.get("id", "")), number(fields.get("after", ""))
    return Post(key, text, payload, valid_token(fields.get("visitor")), after)


def number(value: str) -> int:
    """Read a line number; 0 for anything else."""
    return maybe_number(value) or 0


def maybe_number(value: str) -> int | None:
    """Read a line number; None for anything else."""
    return int(value) if re.fullmatch(r"[0-9]{1,18}", value) else None


def _clean(value: str) -> str:
    return _CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _key(value: str) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except ValueError:
        return uuid.uuid4()
