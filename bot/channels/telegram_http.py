"""The library's calls over aiohttp: a fifth of the work of its own client, and no token in any error."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData
from yarl import URL

_FORM = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": BaseRequest.USER_AGENT}


class UnansweredError(Exception):
    """Why nobody answered: the name of an error, which itself may hold the address and so the token."""


class HttpRequest(BaseRequest):
    """Posts forms, without files; a call ends, with an answer or an error, within its seconds."""

    def __init__(self, seconds: float, connections: int = 100) -> None:
        """Take how long a call may take in all, and how many may be under way; nothing is connected yet."""
        self._seconds = seconds
        self._connections = connections
        self._session: ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Return the seconds of a call that names none."""
        return self._seconds

    async def initialize(self) -> None:
        """Do nothing: the first call connects."""

    async def shutdown(self) -> None:
        """Close the connections; a later call opens them again."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ANN401 - the library's own mark, or seconds
        *_other_timeouts: Any,  # noqa: ANN401 - parts of a call have no limits of their own
        **_other_named: Any,  # noqa: ANN401
    ) -> tuple[int, bytes]:
        """Return status and body; raise TimedOut or NetworkError, each caused by an UnansweredError."""
        seconds = self._seconds if read_timeout is BaseRequest.DEFAULT_NONE else read_timeout
        form = request_data.url_encoded_parameters().encode() if request_data else None
        try:
            async with self._connected(url).request(
                method,
                URL(url, encoded=True),
                data=form,
                headers=_FORM,
                timeout=ClientTimeout(seconds),
                allow_redirects=False,
            ) as response:
                return response.status, await response.read()
        except (ClientError, OSError, TimeoutError) as error:
            late, name = isinstance(error, TimeoutError), type(error).__name__
        raise (TimedOut() if late else NetworkError(name)) from UnansweredError(name)

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Return an answer of Telegram; anything else is repeated neither in the error nor in the log."""
        try:
            answer = json.loads(payload)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict) or "ok" not in answer:
            raise TelegramError("no answer of Telegram")
        return answer

    def _connected(self, url: str) -> ClientSession:
        if self._session is None:
            connector = TCPConnector(limit=self._connections)
            self._session = ClientSession(connector=connector, proxy=_proxy(url))
        return self._session


def _proxy(url: str) -> str | None:
    """Return the proxy that the environment names, as the library's own client would take it."""
    parts = urlsplit(url)
    proxies = getproxies()
    known = proxies.get(parts.scheme) or proxies.get("all")
    return None if proxy_bypass(parts.hostname or "") else known
