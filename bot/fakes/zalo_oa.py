"""Zalo for official accounts on loopback: its wire format, checks, tokens and events, and its bad days."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from io import SEEK_END
from typing import Any, NoReturn
from urllib.parse import urlencode

from aiohttp import ClientSession, web
from aiohttp.typedefs import Handler

from bot.clock import Clock, utc_now
from bot.fakes.reporting import Reporting
from bot.fakes.scene import (
    Act,
    Json,
    Trouble,
    alongside,
    foreign_page,
    held,
    lost_answer,
    on_loopback,
    posted,
)
from bot.fakes.zalo_oa_events import ATTACHMENTS, Envelope, by_app, identity, written
from bot.fakes.zalo_oa_rules import (
    Message,
    RefusedError,
    checked_message,
    checked_person,
    checked_visitor,
    proof,
    signature,
)
from bot.fakes.zalo_oa_tokens import OAuthError, SpentError, Tokens

__all__ = [
    "AN",
    "APP_ID",
    "APP_SECRET",
    "CS",
    "OA_ID",
    "TOKENS",
    "UNNAMED",
    "WEBHOOK_SECRET",
    "FakeZaloOA",
    "Sent",
    "Trouble",
    "fake_zalo_oa",
    "foreign_page",
    "held",
    "lost_answer",
    "refused",
]

APP_ID, OA_ID = "360846524940903967", "388613280878808645"
APP_SECRET, WEBHOOK_SECRET = "made-up-app-secret", "made-up-oa-secret"
AN = "246845883529197922"
"""The person that does what nobody else is named for."""
CS, UNNAMED, TOKENS = "message/cs", "message", "access_token"
"""Names of calls, the ends of their paths."""

WINDOW = dt.timedelta(days=7)
MAX_UPLOAD = {"image": 1 << 20, "gif": 5 << 20, "file": 5 << 20}
RETRIES = (30.0, 300.0, 900.0, 1800.0, 3600.0)
Call = Callable[[web.Request, Json], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that Zalo accepted."""

    person: str
    text: str
    buttons: list[Json]
    message_id: str
    quote: str = ""
    attachment: Json | None = None
    admin: str = ""
    """Who of the staff wrote it by hand."""

    @property
    def labels(self) -> list[str]:
        """Return the words on its buttons."""
        return [button["title"] for button in self.buttons]


@dataclass(slots=True)
class Person:
    """Somebody whom the account may or may not write to."""

    last_heard: dt.datetime
    follows: bool = True
    reachable: bool = True
    """False since they unfollowed, until they write or follow again."""
    blocks: bool = False


def refused(code: int) -> Trouble:
    """Answer with an error."""

    async def trouble(_request: web.Request, _act: Act) -> NoReturn:
        raise RefusedError(code)

    return trouble


@dataclass(kw_only=True)
class FakeZaloOA(Reporting[Sent]):
    """One account's Zalo; people write with `says` and `taps`, what they were sent is in `sent`."""

    app_id: str = APP_ID
    app_secret: str = APP_SECRET
    webhook_secret: str = WEBHOOK_SECRET
    oa_id: str = OA_ID
    clock: Clock = utc_now
    webhook: str = ""
    """Where events are posted, as written into the console."""
    retries: tuple[float, ...] = RETRIES
    subscribed: bool = True
    """False since an event was given up: Zalo then reports nothing more."""
    buttons_allowed: bool = True
    package_allows: bool = True
    proof_required: bool = False
    with_quota: bool = True
    """Tell the quota with each send; Zalo is said to have stopped."""
    echoing: bool = True
    """Report what the account itself sends."""
    people: dict[str, Person] = field(default_factory=dict)
    visitors: dict[str, str] = field(default_factory=dict)
    """The conversation of each who is not signed in."""
    tokens: Tokens = field(init=False)
    _stamp: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    """Where ids come from."""

    def __post_init__(self) -> None:
        """Hand out the first refresh token."""
        self.tokens = Tokens(app_id=self.app_id, app_secret=self.app_secret, clock=self._now)

    # What people do

    async def says(self, text: str, person: str = AN, quote: str = "") -> Json:
        """Let a person write; return the event."""
        message = {"text": text, "msg_id": self._id()} | ({"quote_msg_id": quote} if quote else {})
        return self._reports(self._envelope().from_person("user_send_text", person, message=message), person)

    async def taps(self, payload: str, person: str = AN) -> Json:
        """Let a person tap a button with a payload: it arrives as if it had been written."""
        return await self.says(payload, person)

    async def sends(self, kind: str, person: str = AN, text: str = "", **payload: Any) -> Json:
        """Let a person send something else than text, one of `ATTACHMENTS`."""
        sort, sample = ATTACHMENTS[kind]
        message: Json = {"attachments": [{"type": sort, "payload": sample | payload}], "msg_id": self._id()}
        if text:
            message["text"] = text
        return self._reports(
            self._envelope().from_person(f"user_send_{kind}", person, message=message), person
        )

    async def follows(self, person: str = AN) -> Json:
        """Let a person follow the account."""
        event = self._reports(self._envelope().of_follower("follow", person), person)
        self.people[person].follows = True
        return event

    async def unfollows(self, person: str = AN) -> Json:
        """Let a person turn away: nothing reaches them until they come back."""
        event = self._reports(self._envelope().of_follower("unfollow", person), person)
        self.people[person].follows = self.people[person].reachable = False
        return event

    async def blocks(self, person: str = AN) -> None:
        """Let a person block the account, which is not told."""
        self._known(person).blocks = True

    async def returns(self, person: str = AN) -> None:
        """Let a person be reached again."""
        self._known(person).blocks = False

    async def opens_chat(self, person: str = AN) -> Json:
        """Let a person open the chat for the first time."""
        return self._reports(self._envelope().of_user("user_click_chatnow", person), person)

    async def withdraws(self, person: str = AN) -> Json:
        """Let a person demand that their data be erased."""
        return self._reports(self._envelope().of_user("user_withdraw", person))

    async def receives(self, message_id: str, person: str = AN) -> Json:
        """Let a message arrive on a person's telephone."""
        message = {"msg_id": message_id}
        return self._reports(self._envelope().from_person("user_received_message", person, message=message))

    async def sees(self, *message_ids: str, person: str = AN) -> Json:
        """Let a person see messages."""
        message = {"msg_ids": list(message_ids)}
        return self._reports(self._envelope().from_person("user_seen_message", person, message=message))

    async def reacts(self, message_id: str, icon: str = ":>", person: str = AN) -> Json:
        """Let a person put a face on a message."""
        message = {"msg_id": message_id, "react_icon": icon}
        return self._reports(self._envelope().from_person("user_reacted_message", person, message=message))

    async def staff_says(self, text: str, person: str = AN, admin: str = "490000000000000011") -> Json:
        """Let somebody of the staff write to a person by hand, in the account's name."""
        message = {"text": text, "msg_id": self._id()}
        self.remember(self.sent, Sent(person, text, [], message["msg_id"], admin=admin))
        return self._reports(self._envelope().from_account("oa_send_text", person, message, admin))

    async def says_unnamed(self, text: str, visitor: str, conversation: str) -> Json:
        """Let somebody write who is not signed in."""
        self.visitors[visitor] = conversation
        message = {"text": text, "msg_id": self._id(), "conversation_id": conversation}
        return self._reports(self._envelope().from_person("anonymous_send_text", visitor, message=message))

    async def happens(self, event: str, person: str = AN, **fields: Any) -> Json:
        """Report anything, also what does not exist yet."""
        return self._reports(self._envelope().from_person(event, person, **fields))

    async def checks_webhook(self) -> int:
        """Press the console's button that tries the address: an unsigned post; return the status."""
        async with ClientSession() as session:
            return await posted(session, self.webhook, b"{}", {}, self.answer_seconds)

    # What the tests arrange and look at

    def texts_to(self, person: str) -> list[str]:
        """Return what a person was sent."""
        return [message.text for message in self.sent if message.person == person]

    @property
    def hook(self) -> str:
        """Return where events are posted; empty for nowhere."""
        return self.webhook

    def signed(self, event: Json) -> tuple[bytes, dict[str, str]]:
        """Return body and headers with which an event is posted: signed."""
        raw = written(event)
        mac = signature(self.app_id, raw, str(event.get("timestamp", "")), self.webhook_secret)
        return raw, {"X-ZEvent-Signature": mac}

    def give_up(self) -> None:
        """End the subscription."""
        self.subscribed = False

    # The calls of the interface

    async def _cs(self, request: web.Request, body: Json) -> Json:
        self._authorise(request)
        person = checked_person(body.get("recipient"))
        self._check_reachable(person)
        message = checked_message(body.get("message"))
        if message.buttons and not self.buttons_allowed:
            raise RefusedError(-233)
        if self.clock() - self.people[person].last_heard > WINDOW:
            raise RefusedError(-230)
        return await self._carry(person, message)

    async def _unnamed(self, request: web.Request, body: Json) -> Json:
        self._authorise(request)
        visitor, conversation = checked_visitor(body.get("recipient"))
        if self.visitors.get(visitor) != conversation:
            raise RefusedError(-213)
        message = checked_message(body.get("message"))
        return await self._carry(visitor, message, "oa_send_anonymous_")

    async def _get_oa(self, request: web.Request, _body: Json) -> Json:
        self._authorise(request)
        return {
            "oa_id": self.oa_id,
            "name": "Made-up account",
            "description": "",
            "is_verified": True,
            "avatar": "https://files.example.vn/made-up/a.jpg",
            "cover": "https://files.example.vn/made-up/c.jpg",
            "num_follower": sum(person.follows for person in self.people.values()),
        }

    async def _user_detail(self, request: web.Request, body: Json) -> Json:
        self._authorise(request)
        person = checked_person(body)
        known = self.people.get(person)
        if known is None:
            raise RefusedError(-213)
        return {
            "user_id": person,
            "user_id_by_app": by_app(person),
            "user_external_id": "",
            "display_name": "An",
            "user_alias": "An",
            "is_sensitive": False,
            "user_last_interaction_date": f"{known.last_heard:%d/%m/%Y}",
            "user_is_follower": known.follows,
            "avatar": "https://files.example.vn/made-up/a.jpg",
            "avatars": {"120": "https://files.example.vn/made-up/a.jpg"},
            "tags_and_notes_info": {"notes": [], "tag_names": []},
            "shared_info": {},
        }

    async def _upload(self, request: web.Request, _body: Json) -> Json:
        self._authorise(request)
        kind, given = request.match_info["kind"], (await request.post()).get("file")
        if not isinstance(given, web.FileField):
            raise RefusedError(-201, "file is invalid")
        if given.file.seek(0, SEEK_END) > MAX_UPLOAD[kind]:
            raise RefusedError(-210, "file is too large")
        return {"token" if kind == "file" else "attachment_id": self._id()}

    def _authorise(self, request: web.Request) -> None:
        token = request.headers.get("access_token", "")
        self.tokens.check(token)
        if not self.package_allows:
            raise RefusedError(-224)
        given = request.headers.get("appsecret_proof", "")
        if self.proof_required and given != proof(self.app_secret, token):
            raise RefusedError(-242)

    def _check_reachable(self, person: str) -> None:
        known = self.people.get(person)
        if known is None or known.blocks or not known.reachable:
            raise RefusedError(-213)

    async def _carry(self, person: str, message: Message, prefix: str = "oa_send_") -> Json:
        accept = partial(self._accept, person, message, f"{prefix}{message.kind}")
        return await self.weather.carry(person, accept, RefusedError(-32))

    def _accept(self, person: str, message: Message, event: str) -> Json:
        number = self._id()
        self.remember(
            self.sent,
            Sent(person, message.text, message.buttons, number, message.quote, message.attachment),
        )
        envelope = self._envelope()
        if self.echoing:
            echo = {"text": message.text, "msg_id": number}
            self._reports(envelope.from_account(event, person, echo))
        answer: Json = {"message_id": number, "user_id": person, "sent_time": envelope.timestamp}
        if self.with_quota:
            answer["quota"] = {"quota_type": "reply", "remain": "8", "total": "8"}
        return answer

    # The wire

    def routes(self) -> list[web.RouteDef]:
        """Return the addresses of the interface and of the sign-in."""
        return [
            web.post("/v3.0/oa/message/cs", self._answers(CS, self._cs)),
            web.post("/v2.0/oa/message", self._answers(UNNAMED, self._unnamed)),
            web.get("/v2.0/oa/getoa", self._answers("getoa", self._get_oa)),
            web.post("/v4/oa/access_token", self._exchange),
            web.get("/v4/oa/permission", self._permit),
            web.get("/v3.0/oa/user/detail", self._answers("user/detail", self._user_detail)),
            web.post("/v2.0/oa/upload/{kind:image|gif|file}", self._answers("upload", self._upload)),
        ]

    def _answers(self, method: str, call: Call) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            body = await _body(request)
            with self.heard(method, body):
                try:
                    result = await self.troubled(request, method, lambda: call(request, body))
                except RefusedError as error:
                    return web.json_response({"error": error.code, "message": error.words})
            if isinstance(result, web.StreamResponse):
                return result
            return web.json_response({"data": result, "error": 0, "message": "Success"})

        return answer

    async def _exchange(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}

        async def act() -> Json:
            return dict(self.tokens.exchange(form, request.headers.get("secret_key", "")))

        with self.heard(TOKENS, dict(form)):
            try:
                result = await self.troubled(request, TOKENS, act)
            except SpentError:
                return web.Response()
            except OAuthError as error:
                return web.json_response(error.body)
            except RefusedError as error:
                return web.json_response(OAuthError(error.code, error.words).body)
        return result if isinstance(result, web.StreamResponse) else web.json_response(result)

    async def _permit(self, request: web.Request) -> web.Response:
        """Consent at once, as an administrator would after a look at the page."""
        asked = request.query
        code = self.tokens.grant(asked.get("code_challenge", ""))
        back = urlencode({"code": code, "oa_id": self.oa_id, "state": asked.get("state", "")})
        location = {"Location": f"{asked['redirect_uri']}?{back}"}
        return web.Response(status=HTTPStatus.FOUND, headers=location)

    # Small parts

    def _reports(self, event: Json, heard: str = "") -> Json:
        """Let the webhook know; who was heard may be written to for the days that follow."""
        if heard:
            known = self._known(heard)
            known.last_heard, known.reachable = self.clock(), True
        return self.report(identity(event), event) if self.subscribed and self.webhook else event

    def _known(self, person: str) -> Person:
        return self.people.setdefault(person, Person(self.clock()))

    def _envelope(self) -> Envelope:
        """Take a time for an event, later than any before, in milliseconds."""
        self._stamp = max(self._stamp + 1, int(self.clock().timestamp() * 1000))
        return Envelope(self.app_id, self.oa_id, str(self._stamp))

    def _now(self) -> dt.datetime:
        return self.clock()

    def _id(self) -> str:
        return hashlib.sha256(f"message {next(self.numbers)}".encode()).hexdigest()[:20]


async def _body(request: web.Request) -> Json:
    """Return what was posted as JSON, or the JSON in the query."""
    if request.content_type == "multipart/form-data":
        return {}
    raw = await request.read() or request.query.get("data", "{}").encode()
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


@asynccontextmanager
async def fake_zalo_oa(**settings: Any) -> AsyncIterator[FakeZaloOA]:
    """Serve on a free port of loopback."""
    zalo = FakeZaloOA(**settings)
    async with on_loopback(zalo.routes()) as zalo.url, alongside(zalo.push()):
        yield zalo
