"""A mail server on loopback that speaks enough SMTP: RFC 5321, 3207 (STARTTLS), 4954 (AUTH PLAIN)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass(frozen=True)
class Letter:
    """A mail that was accepted."""

    sender: str
    receivers: list[str]
    message: EmailMessage
    encrypted: bool
    user: str

    @property
    def text(self) -> str:
        return "\n".join(str(self.message.get_content()).splitlines())


@dataclass(kw_only=True)
class Postbox:
    """What it asks for, what it was told, and what it got."""

    tls: ssl.SSLContext | None = None
    offers_tls: bool = False
    from_start: bool = False
    password: str = ""
    port: int = 0
    letters: list[Letter] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    """All lines that came in clear."""

    visits: set[asyncio.Task[None] | None] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            await _Visit(self, reader, writer, encrypted=self.from_start).receive()
        writer.close()


@dataclass
class _Visit:
    box: Postbox
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    encrypted: bool
    user: str = ""
    sender: str = ""
    receivers: list[str] = field(default_factory=list)

    async def receive(self) -> None:
        await self._say("220 loopback")
        while line := (await self.reader.readline()).decode():
            if not self.encrypted:
                self.box.heard.append(line.rstrip())
            verb, _, rest = line.strip().partition(" ")
            if verb.upper() == "QUIT":
                await self._say("221 bye")
                return
            await self._obey(verb.upper(), rest)

    async def _obey(self, verb: str, rest: str) -> None:
        match verb:
            case "EHLO":
                await self._say(*self._offers())
            case "STARTTLS":
                await self._encrypt()
            case "AUTH":
                await self._log_in(rest)
            case "MAIL" if self.box.password and not self.user:
                await self._say("530 who are you")
            case "MAIL":
                self.sender = _address(rest)
                await self._say("250 ok")
            case "RCPT":
                self.receivers.append(_address(rest))
                await self._say("250 ok")
            case "DATA":
                await self._take()
            case _:
                await self._say("502 what")

    def _offers(self) -> list[str]:
        offered = ["loopback", "8BITMIME"]
        if self.box.offers_tls and not self.encrypted:
            offered.append("STARTTLS")
        if self.box.password:
            offered.append("AUTH PLAIN")
        return [f"250-{offer}" for offer in offered[:-1]] + [f"250 {offered[-1]}"]

    async def _encrypt(self) -> None:
        if not self.box.offers_tls or self.box.tls is None:
            await self._say("502 what")
            return
        await self._say("220 go ahead")
        await self.writer.start_tls(self.box.tls)
        self.encrypted = True

    async def _log_in(self, rest: str) -> None:
        _, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
        if password != self.box.password:
            await self._say(f"535 {user} is not known here")
            return
        self.user = user
        await self._say("235 welcome")

    async def _take(self) -> None:
        await self._say("354 go on")
        body = (await self.reader.readuntil(b"\r\n.\r\n")).removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
        message = message_from_bytes(body, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.box.letters.append(Letter(self.sender, self.receivers, message, self.encrypted, self.user))
        await self._say("250 taken")

    async def _say(self, *lines: str) -> None:
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self.writer.drain()


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]


@asynccontextmanager
async def postbox(box: Postbox) -> AsyncIterator[Postbox]:
    """Open a mail server on a free port of loopback."""
    tls = box.tls if box.from_start else None
    server = await asyncio.start_server(box.serve, "127.0.0.1", 0, ssl=tls)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await asyncio.gather(*(visit for visit in box.visits if visit))
