"""A Zalo official account: its webhook and its messages.

The interface: docs.zaloplatforms.com. What nobody has confirmed is taken tolerantly or is a setting.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from aiohttp import web
from pydantic import ValidationError

from bot.channels.base import Accept, ChannelDownError, send_parts
from bot.channels.json_client import JsonClient
from bot.channels.requests import body_of
from bot.channels.zalo_oa_errors import NO_BUTTONS, TOKEN, channel_error
from bot.channels.zalo_oa_events import EVENT, NAME, Account, Event, is_signed, is_stale, parse
from bot.channels.zalo_oa_replies import Message, render, without_buttons
from bot.clock import Clock
from intents.turn import Reply

log = structlog.get_logger(__name__)

SEND = "/v3.0/oa/message/cs"
SEND_ANONYMOUS = "/v2.0/oa/message"


@dataclass(frozen=True, slots=True)
class ZaloOASettings:
    """How this account is reached."""

    app_id: str
    app_secret: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    oa_id: str
    api_url: str
    buttons: bool = True
    title_chars: int = 20
    site_verification: str = ""
    secret_proof: bool = False
    """The app demands a proof of its secret with every call."""


class Tokens(Protocol):
    """What gives access tokens."""

    async def access(self) -> str:
        """Return one; raise a `ChannelError` when there is none."""

    async def renew(self, refused: str) -> str:
        """Return another than one that is refused."""


@dataclass(slots=True)
class ZaloOA:
    """One official account."""

    settings: ZaloOASettings
    accept: Accept
    tokens: Tokens
    clock: Clock
    client: JsonClient
    name: str = NAME
    _account: Account = field(init=False)

    def __post_init__(self) -> None:
        """Prepare what requests are checked against; nothing is sent yet."""
        self._account = Account(self.settings.app_id, self.settings.webhook_secret, self.settings.oa_id)

    @property
    def bot(self) -> str:
        """Return the account's public id, or the app's where it is not set."""
        return self.settings.oa_id or self.settings.app_id

    def routes(self) -> list[web.RouteDef]:
        """Return the webhook's address, and the page by which Zalo knows that the domain is ours."""
        routes = [web.post("/webhook/zalo-oa", self._receive)]
        if code := self.settings.site_verification:
            routes.append(web.get(f"/zalo_verifier{code}.html", self._verify))
        return routes

    async def stop(self) -> None:
        """Close the connections."""
        await self.client.close()

    async def send(self, address: Mapping[str, str], reply: Reply, skip: int = 0) -> None:
        """Send one reply, in as many messages as its length needs; the buttons stand below the last."""
        path, recipient = _recipient(address)

        async def say(message: Message) -> None:
            code = await self._say(path, recipient, message)
            if code == NO_BUTTONS and "attachment" in message:
                log.warning("buttons are refused; numbered lines are sent instead")
                for plain in without_buttons(message, reply):
                    code = await self._say(path, recipient, plain) if code in {0, NO_BUTTONS} else code
            if code:
                raise channel_error(code)

        messages = render(reply, buttons=self.settings.buttons, title_chars=self.settings.title_chars)
        await send_parts(messages, skip, say)

    async def _say(self, path: str, recipient: Mapping[str, str], message: Message) -> int:
        """Send one message; return Zalo's number, 0 for success."""
        body = {"recipient": recipient, "message": message}
        token = await self.tokens.access()
        code = await self._call(path, token, body)
        if code in TOKEN:
            code = await self._call(path, await self.tokens.renew(token), body)
        return code

    async def _call(self, path: str, token: str, body: Mapping[str, object]) -> int:
        headers = {"access_token": token}
        if self.settings.secret_proof:
            headers["appsecret_proof"] = proof(self.settings.app_secret, token)
        answer = await self.client.post(f"{self.settings.api_url}{path}", headers, json=body)
        code = answer.get("error")
        if not isinstance(code, int):
            raise ChannelDownError("an answer without a number")
        return code

    async def _receive(self, request: web.Request) -> web.Response:
        """Store what Zalo reports. Always 200: the console's check is unsigned, and must get it too."""
        raw = await body_of(request)
        try:
            event = EVENT.validate_json(raw)
        except ValidationError:
            log.warning("event passed over: it cannot be read", size=len(raw))
            return web.Response()
        if self._is_ours(request, raw, event):
            received = parse(event, self.bot)
            if received is not None:
                await self.accept(received)
        return web.Response()

    def _is_ours(self, request: web.Request, raw: bytes, event: Event) -> bool:
        signature = request.headers.get("X-ZEvent-Signature", "")
        header_time = request.headers.get("X-ZEvent-Timestamp", "")
        if not signature or not is_signed(raw, signature, event, self._account, header_time):
            # Enough to find out why at the first launch, and nothing secret.
            log.warning(
                "event passed over: not signed as expected",
                signature_chars=len(signature),
                size=len(raw),
                own_app=event.app_id == self.settings.app_id,
                time_chars=len(event.timestamp),
                time_in_header=bool(header_time),
            )
            return False
        if is_stale(event, self.clock()):
            log.warning("event passed over: it is days old", kind=event.event_name[:40])
            return False
        if self.settings.oa_id and event.account not in {"", self.settings.oa_id}:
            log.warning("event passed over: of another account")
            return False
        return True

    async def _verify(self, _request: web.Request) -> web.Response:
        code = self.settings.site_verification
        tag = f'<meta name="zalo-platform-site-verification" content="{code}" />'
        return web.Response(text=f"<!doctype html><html><head>{tag}</head></html>", content_type="text/html")


def proof(app_secret: str, token: str) -> str:
    """Return what proves, beside an access token, that the app's secret is known."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def _recipient(address: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    if "anonymous" in address:
        recipient = {"anonymous_id": address["anonymous"], "conversation_id": address["conversation"]}
        return SEND_ANONYMOUS, recipient
    return SEND, {"user_id": address["user"]}
