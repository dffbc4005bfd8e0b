"""Calls to services and to our own address: what was said, or why nothing.

Never the address itself, which may hold a token.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    TCPConnector,
)

from bot.clock import Clock

SECONDS = 5.0
"""How long one call may take."""
MOST = 64 * 1024
"""Bytes of an answer that are read."""
UNKNOWN = "its name is not known"
SILENT = f"no answer within {SECONDS:g} s"


@dataclass(frozen=True, slots=True)
class Said:
    """What was answered."""

    status: int = 0
    text: str = ""
    cause: str = ""
    """Why nothing was answered."""

    @property
    def content(self) -> Mapping[str, Any]:
        """Return the JSON object that was answered; an empty one when it was anything else."""
        try:
            found = json.loads(self.text)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(slots=True)
class Caller:
    """Calls, and compares our clock with those of the services."""

    clock: Clock
    trusted: ssl.SSLContext
    """Whose certificates are believed."""
    ahead: dict[str, float] = field(default_factory=dict)
    """By service, how many seconds our clock is ahead."""

    async def ask(self, service: str, url: str, headers: Mapping[str, str] | None = None) -> Said:
        """Ask a service, through the proxy that the environment names, if any."""
        return await self._call("GET", url, service, headers=headers, proxied=True)

    async def get(self, url: str) -> Said:
        """Fetch one of our own pages."""
        return await self._call("GET", url)

    async def post(self, url: str, body: object) -> Said:
        """Post to one of our own addresses."""
        return await self._call("POST", url, json=body)

    async def _call(
        self,
        method: str,
        url: str,
        service: str = "",
        *,
        proxied: bool = False,
        **content: Any,  # noqa: ANN401
    ) -> Said:
        began = self.clock()
        try:
            async with (
                ClientSession(
                    timeout=ClientTimeout(SECONDS),
                    trust_env=proxied,
                    connector=TCPConnector(ssl=self.trusted, force_close=True),
                ) as session,
                session.request(method, url, allow_redirects=False, **content) as response,
            ):
                text = (await response.content.read(MOST)).decode(errors="replace")
                self._compare(service, began, response.headers.get("Date", ""))
                return Said(response.status, text)
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            return Said(cause=cause_of(error))

    def _compare(self, service: str, began: dt.datetime, date: str) -> None:
        try:
            theirs = parsedate_to_datetime(date)
        except ValueError:
            return
        if service and theirs.tzinfo:
            ours = began + (self.clock() - began) / 2
            self.ahead[service] = (ours - theirs).total_seconds()


def cause_of(error: Exception) -> str:
    """Say why nobody answered."""
    match error:
        case ClientConnectorDNSError():
            return UNKNOWN
        case ClientConnectorCertificateError():
            return _cause(error.certificate_error)
        case ClientConnectorError():
            return _cause(error.os_error)
    return _cause(error)


def _cause(error: Exception) -> str:
    match error:
        case TimeoutError():
            return SILENT
        case ConnectionRefusedError():
            return "connection refused"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not believed: {error.verify_message}"
        case ssl.SSLError():
            return "no https there"
    return type(error).__name__


async def resolve(url: str) -> str:
    """Return why the host's name leads nowhere; nothing when it does."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(SECONDS):
            await asyncio.get_running_loop().getaddrinfo(parts.hostname, parts.port or 443)
    except TimeoutError:
        return SILENT
    except (OSError, UnicodeError):
        return UNKNOWN
    return ""


async def certificate_end(url: str, trusted: ssl.SSLContext) -> dt.datetime | str:
    """Return until when the certificate of an https address is valid, or why it is not believed."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    try:
        async with asyncio.timeout(SECONDS):
            _, writer = await asyncio.open_connection(host, port, ssl=trusted, server_hostname=host)
    except (OSError, TimeoutError) as error:
        return cause_of(error)
    shown = writer.get_extra_info("peercert")
    writer.transport.abort()
    return dt.datetime.fromtimestamp(ssl.cert_time_to_seconds(shown["notAfter"]), dt.UTC)
