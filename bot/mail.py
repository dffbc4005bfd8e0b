"""Mail: one short message to the operators through the server that the settings name."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

ANSWER_SECONDS = 10.0
"""How long each step of the conversation with the server may take."""
PORTS = {"smtp": 587, "smtps": 465}
FORM = (
    "must look like smtp://user:password@host:587 or smtps://…, user and password both or neither; "
    "/ ? # @ in them are written %2F %3F %23 %40"
)


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in."""

    host: str
    port: int
    encrypted: bool
    """TLS from the first byte; else STARTTLS when it is offered, and always when there is a password."""
    user: str = ""
    password: str = field(default="", repr=False)


def parse_server(url: str) -> MailServer:
    """Read `smtp://user:password@host:587` or `smtps://…`; raise ValueError, which repeats nothing of it."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise ValueError(FORM) from None
    beyond = parts.path.strip("/") or parts.query or parts.fragment
    if not host or beyond or bool(parts.username) != bool(parts.password):
        raise ValueError(FORM)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(host, port, parts.scheme == "smtps", user, password)


@dataclass(frozen=True, slots=True)
class Mail:
    """Sends from one address to a few others."""

    server: MailServer
    sender: str
    receivers: Sequence[str]
    trusted: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    """Whose certificates are believed."""

    async def send(self, subject: str, text: str) -> None:
        """Send one message to all; raise an `OSError`, of which `SMTPException` is a kind."""
        message = EmailMessage()
        message["Subject"], message["From"], message["To"] = subject, self.sender, ", ".join(self.receivers)
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=self._domain)
        message["Auto-Submitted"] = "auto-generated"  # nobody's holiday notice shall answer
        message.set_content(text)
        await asyncio.to_thread(self._hand_in, message)

    def _hand_in(self, message: EmailMessage) -> None:
        with self._connected() as smtp:
            if self.server.password:
                smtp.login(self.server.user, self.server.password)
            smtp.send_message(message, self.sender, self.receivers)

    def _connected(self) -> smtplib.SMTP:
        server, us = self.server, self._domain
        if server.encrypted:
            return smtplib.SMTP_SSL(
                server.host, server.port, us, timeout=ANSWER_SECONDS, context=self.trusted
            )
        smtp = smtplib.SMTP(server.host, server.port, us, timeout=ANSWER_SECONDS)
        try:
            smtp.ehlo()
            if server.password:
                smtp.starttls(context=self.trusted)  # refused where it is not offered
            elif smtp.has_extn("starttls"):
                smtp.starttls(context=_anybody())
        except BaseException:
            smtp.close()
            raise
        return smtp

    @property
    def _domain(self) -> str:
        return self.sender.rpartition("@")[2]


def _anybody() -> ssl.SSLContext:
    """Encrypt without asking who it is: a server of one's own signs for itself, and no secret is told."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
