"""Calls to a service that answers with a JSON object, whatever its HTTP status says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout
from pydantic_core import to_json

from bot.channels.base import ANSWER_SECONDS, ChannelDownError


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, whoever it was that did."""

    status: int
    content: Mapping[str, Any] | None
    """The JSON object, an empty one for an empty success; None for anything else."""
    retry_after: str = ""
    """The header of that name."""


class JsonClient:
    """Posts; whatever is no JSON object comes from nobody we know. Addresses and tokens are in no error."""

    def __init__(self, seconds: float = ANSWER_SECONDS) -> None:
        """Take how long an answer may take; nothing is connected yet."""
        self._seconds = seconds
        self._session: ClientSession | None = None

    async def post(
        self,
        url: str,
        headers: Mapping[str, str],
        **content: Any,  # noqa: ANN401 - `json` or `data`, as the client takes it
    ) -> Mapping[str, Any]:
        """Return the object that was answered, an empty one for an empty answer; raise ChannelDownError."""
        answer = await self.call(url, headers, **content)
        if answer.content is None:
            raise ChannelDownError(f"no JSON object, status {answer.status}")
        return answer.content

    async def call(
        self,
        url: str,
        headers: Mapping[str, str],
        **content: Any,  # noqa: ANN401 - `json`, `data` or `timeout`, as the client takes it
    ) -> Answer:
        """Return whatever was answered; raise ChannelDownError when nothing was."""
        if self._session is None:
            timeout = ClientTimeout(self._seconds)
            self._session = ClientSession(timeout=timeout, json_serialize_bytes=to_json)
        try:
            async with self._session.post(url, headers=headers, allow_redirects=False, **content) as response:
                raw = await response.read()
        except (ClientError, OSError, TimeoutError) as error:
            raise ChannelDownError(type(error).__name__) from None
        return Answer(response.status, _object(raw, response.status), response.headers.get("Retry-After", ""))

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


def loaded(raw: bytes) -> object:
    """Return the value that JSON holds, None for what is no JSON."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _object(raw: bytes, status: int) -> Mapping[str, Any] | None:
    if not raw.strip() and status < 300:  # noqa: PLR2004 - any success
        return {}
    answer = loaded(raw)
    return answer if isinstance(answer, dict) else None
