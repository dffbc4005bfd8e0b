"""Telegram's Bot API on loopback: its wire format, its checks, its way with updates, and its bad days."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from bot.fakes.telegram_rules import (
    RefusedError,
    check_action,
    checked_keyboard,
    checked_text,
    checked_webhook,
)

TOKEN = "110201543:made-up-token-of-the-tests"
DATE = 1_784_520_000
T = TypeVar("T")
Params = dict[str, Any]
Json = dict[str, Any]
Act = Callable[[], Awaitable[object]]
Trouble = Callable[[web.Request, Act], Awaitable[object]]
"""What happens to a call instead of the usual: it may act as usual before or after."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that Telegram accepted."""

    chat_id: int
    text: str
    """What the person sees."""
    buttons: list[list[Json]]

    @property
    def labels(self) -> list[str]:
        """Return the words on its buttons."""
        return [button["text"] for row in self.buttons for button in row]


def refused(description: str, code: int = 400, **parameters: int) -> Trouble:
    """Answer with an error."""

    async def trouble(_request: web.Request, _act: Act) -> NoReturn:
        raise RefusedError(description, code, **parameters)

    return trouble


def too_many(seconds: int) -> Trouble:
    """Ask to wait."""
    return refused(f"Too Many Requests: retry after {seconds}", 429, retry_after=seconds)


def foreign_page(status: int) -> Trouble:
    """Answer as something on the way that is not Telegram."""

    async def trouble(_request: web.Request, _act: Act) -> web.Response:
        return web.Response(status=status, text="<html>not here</html>", content_type="text/html")

    return trouble


def held(gate: asyncio.Event) -> Trouble:
    """Accept nothing before the gate opens; a caller who leaves earlier was never heard."""

    async def trouble(_request: web.Request, act: Act) -> object:
        await gate.wait()
        return await act()

    return trouble


async def lost_answer(request: web.Request, act: Act) -> object:
    """Accept, and drop the connection before saying so."""
    await act()
    if request.transport:
        request.transport.abort()
    return True


@dataclass(kw_only=True)
class FakeTelegram:
    """One bot's Telegram; people write with `says` and `taps`, what they were sent is in `sent`."""

    url: str = ""
    token: str = TOKEN
    sent: list[Sent] = field(default_factory=list)
    calls: list[tuple[str, Params]] = field(default_factory=list)
    """All calls with their parameters, also those refused."""
    taps_answered: list[str] = field(default_factory=list)
    pending: list[Json] = field(default_factory=list)
    """Updates that the bot has not confirmed."""
    webhook: tuple[str, str] = ("", "")
    pushes: list[tuple[int, int]] = field(default_factory=list)
    """Each try to post an update: its id and the status that came back, 0 for none."""
    pushing: bool = True
    """Post updates to the webhook; the tests do it by hand when False."""
    busy: int = 0
    """Calls that wait for an answer."""
    blocked_by: set[int] = field(default_factory=set)
    _people: set[int] = field(default_factory=set)
    _taps: set[str] = field(default_factory=set)
    _allowed: list[str] = field(default_factory=list)
    _poll: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(870_001))
    _trouble: defaultdict[str, deque[Trouble]] = field(default_factory=lambda: defaultdict(deque))
    _always: dict[str, Trouble] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    # What people do

    async def says(self, text: str, person: int = 5001, **more: Any) -> Json:
        """Let a person write; return the update, which now waits for the bot."""
        return await self.happens("message", self._message(person, text=text, **more), person)

    async def taps(self, data: str, person: int = 5001) -> Json:
        """Let a person tap a button below the last message."""
        tap_id = str(4_382_000_000_000_000 + self._number())
        self._taps.add(tap_id)
        query = {
            "id": tap_id,
            "from": _person(person),
            "chat_instance": "-374",
            "data": data,
            "message": self._message(person, text="…") | {"from": self._me()},
        }
        return await self.happens("callback_query", query, person)

    async def happens(self, kind: str, what: Json, person: int = 5001) -> Json:
        """Report anything; a kind that the bot did not ask for is not kept."""
        self._people.add(person)
        update = {"update_id": self._number(), kind: what}
        if not self._allowed or kind in self._allowed:
            self.pending.append(update)
            await self._tell()
        return update

    # What the tests arrange and look at

    def next(self, method: str, *troubles: Trouble) -> None:
        """Let the next calls of a method go wrong."""
        self._trouble[method].extend(troubles)

    def always(self, method: str, trouble: Trouble | None) -> None:
        """Let all calls of a method go wrong until told None."""
        self._always.pop(method, None)
        if trouble:
            self._always[method] = trouble

    def called(self, method: str) -> int:
        """Count the calls of a method."""
        return sum(name == method for name, _ in self.calls)

    def texts_to(self, person: int) -> list[str]:
        """Return what a person was sent."""
        return [message.text for message in self.sent if message.chat_id == person]

    async def until(self, condition: Callable[[], T], seconds: float = 15) -> T:
        """Wait for something to become true."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(condition)
        except TimeoutError:
            seen = [(message.chat_id, message.text[:40]) for message in self.sent]
            raise AssertionError(f"waited {seconds} s in vain; sent {seen}, pushes {self.pushes}") from None
        return condition()

    # The methods of the interface

    async def _get_me(self, _params: Params) -> Json:
        return self._me()

    async def _get_updates(self, params: Params) -> list[Json]:
        if self.webhook[0]:
            raise RefusedError("can't use getUpdates method while webhook is active; use deleteWebhook", 409)
        self._allow(params)
        offset, limit = int(params.get("offset", 0)), int(params.get("limit", 100))
        self.pending = [update for update in self.pending if update["update_id"] >= offset]
        self._poll += 1
        mine = self._poll
        await self._tell()
        try:
            async with asyncio.timeout(float(params.get("timeout", 0))), self._changed:
                await self._changed.wait_for(lambda: self.pending or self._poll != mine)
        except TimeoutError:
            return []
        if self._poll != mine:
            raise RefusedError("terminated by other getUpdates request", 409)
        return self.pending[:limit]

    async def _send_message(self, params: Params) -> Json:
        chat_id = int(params["chat_id"]) if "chat_id" in params else 0
        if chat_id not in self._people:
            raise RefusedError("chat not found")
        if chat_id in self.blocked_by:
            raise RefusedError("bot was blocked by the user", 403)
        text, buttons = checked_text(params), checked_keyboard(params)
        self.sent.append(Sent(chat_id, text, buttons))
        return self._message(chat_id, text=text) | {"from": self._me()}

    async def _answer_callback_query(self, params: Params) -> bool:
        tap_id = str(params.get("callback_query_id", ""))
        if tap_id not in self._taps:
            raise RefusedError("query is too old and response timeout expired or query ID is invalid")
        self.taps_answered.append(tap_id)
        return True

    async def _send_chat_action(self, params: Params) -> bool:
        check_action(params)
        return True

    async def _set_webhook(self, params: Params) -> bool:
        self.webhook = checked_webhook(params)
        self._allow(params)
        self._drop(params)
        return True

    async def _delete_webhook(self, params: Params) -> bool:
        self.webhook = ("", "")
        self._drop(params)
        return True

    # The wire

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        method, params = request.match_info["method"].lower(), await _params(request)
        self.calls.append((method, params))
        self.busy += 1
        try:
            await self._tell()
            result = await self._result(request, method, params)
        except RefusedError as error:
            return web.json_response(_failure(error), status=error.code)
        finally:
            self.busy -= 1
            await self._tell()
        if isinstance(result, web.StreamResponse):
            return result
        return web.json_response({"ok": True, "result": result})

    async def _result(self, request: web.Request, method: str, params: Params) -> object:
        if request.match_info["token"] != self.token:
            raise RefusedError("invalid token specified", 401)
        act = self._methods().get(method)
        if act is None:
            raise RefusedError("Not Found", 404)
        queued = self._trouble[method]
        trouble = queued.popleft() if queued else self._always.get(method)
        return await trouble(request, lambda: act(params)) if trouble else await act(params)

    def _methods(self) -> dict[str, Callable[[Params], Awaitable[object]]]:
        return {
            "getme": self._get_me,
            "getupdates": self._get_updates,
            "sendmessage": self._send_message,
            "answercallbackquery": self._answer_callback_query,
            "sendchataction": self._send_chat_action,
            "setwebhook": self._set_webhook,
            "deletewebhook": self._delete_webhook,
        }

    async def push(self) -> None:
        """Post what waits to the webhook, in order, each until it is taken."""
        async with ClientSession(timeout=ClientTimeout(10)) as session:
            while True:
                async with self._changed:
                    await self._changed.wait_for(lambda: self.pushing and self.webhook[0] and self.pending)
                update = self.pending[0]
                status = await self._post(session, update)
                self.pushes.append((update["update_id"], status))
                if 200 <= status < 300:
                    self.pending.remove(update)
                else:
                    await asyncio.sleep(0.1)  # Telegram waits a second and more
                await self._tell()

    async def _post(self, session: ClientSession, update: Json) -> int:
        url, secret = self.webhook
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
        try:
            async with session.post(url, json=update, headers=headers) as response:
                return response.status
        except (ClientError, OSError, TimeoutError):
            return 0

    # Small parts

    def _allow(self, params: Params) -> None:
        if allowed := params.get("allowed_updates"):
            self._allowed = json.loads(allowed) if isinstance(allowed, str) else allowed

    def _drop(self, params: Params) -> None:
        if str(params.get("drop_pending_updates", "")).lower() == "true":
            self.pending.clear()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _number(self) -> int:
        return next(self._numbers)

    def _message(self, person: int, **content: Any) -> Json:
        chat = _person(person) | {"type": "private"}
        del chat["is_bot"]
        return {"message_id": self._number(), "from": _person(person), "chat": chat, "date": DATE, **content}

    def _me(self) -> Json:
        number = int(self.token.partition(":")[0])
        return {"id": number, "is_bot": True, "first_name": "Bot", "username": "made_up_bot"}


def _person(person: int) -> Json:
    return {"id": person, "is_bot": False, "first_name": "An"}


async def _params(request: web.Request) -> Params:
    body = await request.json() if request.content_type == "application/json" else await request.post()
    return {**request.query, **body}


def _failure(error: RefusedError) -> Json:
    failure: Json = {"ok": False, "error_code": error.code, "description": error.description}
    return failure | ({"parameters": error.parameters} if error.parameters else {})


@asynccontextmanager
async def fake_telegram() -> AsyncIterator[FakeTelegram]:
    """Serve on a free port of loopback."""
    telegram = FakeTelegram()
    app = web.Application()
    app.router.add_route("*", "/bot{token}/{method}", telegram.handle)
    # A caller who hangs up is not served further, as if his call had never come.
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    telegram.url = f"http://{host}:{port}"
    pusher = asyncio.create_task(telegram.push())
    try:
        yield telegram
    finally:
        pusher.cancel()
        await asyncio.gather(pusher, return_exceptions=True)
        await runner.cleanup()
