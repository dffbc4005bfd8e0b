"""Telegram's Bot API on loopback: its wire format, its checks, its way with updates, and its bad days."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import ClientSession, TCPConnector

from bot.fakes.bot_api import BotApi, Params, RefusedError, refused_as
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
from bot.fakes.telegram_rules import (
    check_action,
    checked_commands,
    checked_keyboard,
    checked_text,
    checked_webhook,
    member,
    refusal,
)

__all__ = [
    "TOKEN",
    "Act",
    "FakeTelegram",
    "Sent",
    "Trouble",
    "fake_telegram",
    "foreign_page",
    "held",
    "lost_answer",
    "refused",
    "too_many",
]

TOKEN = "110201543:made-up-token-of-the-tests"
DATE = 1_784_520_000
BUSY_SECONDS = 1
"""How long a busy Telegram asks to wait."""
_FILE = {"file_id": "made-up-file", "file_unique_id": "made-up"}
KINDS: dict[str, Any] = {
    "photo": [_FILE | {"width": 90, "height": 67}],
    "sticker": _FILE
    | {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False},
    "voice": _FILE | {"duration": 3},
    "location": {"latitude": 21.8233, "longitude": 105.2142},
    "contact": {"phone_number": "84900000000", "first_name": "An"},
}
"""What a person can send besides text."""
CONNECTIONS = 40
"""Posts to the webhook at one time."""
ANSWER_SECONDS = 10.0
AGAIN = 0.1
"""Seconds until a post is tried again; Telegram waits one and more."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that Telegram accepted."""

    chat_id: int
    text: str
    """What the person sees."""
    buttons: list[list[Json]]
    """As they are now: the bot may change them later."""
    marked: str = ""
    """The text as it was given, with its marks."""
    message_id: int = 0
    thread: int = 0
    """The topic of a group in which it stands, 0 for none."""

    @property
    def labels(self) -> list[str]:
        """Return the words on its buttons."""
        return [button["text"] for row in self.buttons for button in row]


def refused(description: str, code: int = 400, **parameters: int) -> Trouble:
    """Answer with an error."""
    return refused_as(refusal(description, code, **parameters))


def too_many(seconds: int) -> Trouble:
    """Ask to wait."""
    return refused_as(_too_many(seconds))


def _too_many(seconds: int) -> RefusedError:
    return refusal(f"Too Many Requests: retry after {seconds}", 429, retry_after=seconds)


@dataclass(kw_only=True)
class FakeTelegram(BotApi[Sent]):
    """One bot's Telegram; people write with `says` and `taps`, what they were sent is in `sent`."""

    token: str = TOKEN
    taps_answered: list[str] = field(default_factory=list)
    pending: list[Json] = field(default_factory=list)
    """Updates that the bot has not confirmed."""
    webhook: tuple[str, str] = ("", "")
    allowed: list[str] = field(default_factory=list)
    """The kinds of update that the bot asked for, all when empty."""
    commands: dict[str, list[Json]] = field(default_factory=dict)
    """The menu by language, "" for everybody else's."""
    blocked_by: set[int] = field(default_factory=set)
    typing_in: Counter[int] = field(default_factory=Counter)
    """How often each chat was shown that something is being done."""
    _people: set[int] = field(default_factory=set)
    _taps: set[str] = field(default_factory=set)
    _placed: dict[tuple[int, int], Sent] = field(default_factory=dict)
    """What stands in the chats, by chat and number, as long as it is remembered."""
    _newest: dict[int, Sent] = field(default_factory=dict)
    _poll: int = 0
    _poll_ended_by: str = ""
    _posting: set[int] = field(default_factory=set)
    """Chats of which an update is being posted: what follows in a chat waits."""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(870_001))
    """Where ids come from."""

    def __post_init__(self) -> None:
        """Name the methods; upper and lower case are the same."""
        self.methods = {
            "getme": self._get_me,
            "getupdates": self._get_updates,
            "sendmessage": self._send_message,
            "answercallbackquery": self._answer_callback_query,
            "sendchataction": self._send_chat_action,
            "setwebhook": self._set_webhook,
            "deletewebhook": self._delete_webhook,
            "getwebhookinfo": self._get_webhook_info,
            "setmycommands": self._set_my_commands,
            "editmessagereplymarkup": self._edit_message_reply_markup,
        }

    # What people do

    async def says(self, text: str, person: int = 5001, **more: Any) -> Json:
        """Let a person write; return the update, which now waits for the bot."""
        return await self.happens("message", self._message(person, text=text, **more), person)

    async def sends(self, kind: str, person: int = 5001, **more: Any) -> Json:
        """Let a person send something else than text, one of `KINDS`; a photo may have a caption."""
        return await self.happens("message", self._message(person, **{kind: KINDS[kind]}, **more), person)

    async def edits(self, update: Json, text: str, seconds: int = 60) -> Json:
        """Let a person change the words of a message so many seconds after writing it."""
        message = update["message"]
        changed = message | {"text": text, "edit_date": message["date"] + seconds}
        return await self.happens("edited_message", changed, message["from"]["id"])

    async def says_in(self, group: int, text: str, person: int = 5001, **more: Any) -> Json:
        """Let a person write in a group."""
        message = self._message(person, text=text, **more) | {"chat": _group(group)}
        return await self.happens("message", message, group)

    async def taps(self, data: str, person: int = 5001, on: Sent | None = None) -> Json:
        """Let a person tap a button, below the last message unless told on which."""
        tap_id = str(4_382_000_000_000_000 + self._number())
        self._taps.add(tap_id)
        below = on or self._newest.get(person)
        told = self._told(below) if below else self._message(person, text="…") | {"from": self._me()}
        query = {
            "id": tap_id,
            "from": _person(person),
            "chat_instance": "-374",
            "data": data,
            "message": told,
        }
        return await self.happens("callback_query", query, person)

    async def blocks(self, person: int = 5001) -> Json:
        """Let a person block the bot."""
        self.blocked_by.add(person)
        return await self._moves(_private(person), "member", "kicked")

    async def returns(self, person: int = 5001) -> Json:
        """Let a person who blocked the bot start it again."""
        self.blocked_by.discard(person)
        return await self._moves(_private(person), "kicked", "member")

    async def adds(self, group: int, status: str = "member") -> Json:
        """Let somebody add the bot to a group."""
        self.blocked_by.discard(group)
        return await self._moves(_group(group), "left", status)

    async def removes(self, group: int, status: str = "kicked") -> Json:
        """Let somebody remove the bot from a group."""
        self.blocked_by.add(group)
        return await self._moves(_group(group), "member", status)

    async def _moves(self, chat: Json, old: str, new: str) -> Json:
        before, after = (member(self._me(), status) for status in (old, new))
        change = {"chat": chat, "from": _person(5001), "date": DATE}
        change |= {"old_chat_member": before, "new_chat_member": after}
        return await self.happens("my_chat_member", change, chat["id"])

    async def happens(self, kind: str, what: Json, person: int = 5001) -> Json:
        """Report anything; a kind that the bot did not ask for is not kept."""
        self._people.add(person)
        update = {"update_id": self._number(), kind: what}
        if not self.allowed or kind in self.allowed:
            self.pending.append(update)
            self.tell()
        return update

    # What the tests look at

    def texts_to(self, person: int) -> list[str]:
        """Return what a person was sent."""
        return [message.text for message in self.sent if message.chat_id == person]

    # The methods of the interface

    async def _get_me(self, _params: Params) -> Json:
        return self._me()

    async def _get_updates(self, params: Params) -> list[Json]:
        if self.webhook[0]:
            raise refusal("can't use getUpdates method while webhook is active; use deleteWebhook", 409)
        self._allow(params)
        offset, limit = int(params.get("offset", 0)), int(params.get("limit", 100))
        self.pending = [update for update in self.pending if update["update_id"] >= offset]
        mine = self._end_polls("other getUpdates")
        try:
            async with asyncio.timeout(float(params.get("timeout", 0))):
                await self.change(lambda: self.pending or self._poll != mine)
        except TimeoutError:
            return []
        if self._poll != mine:
            raise refusal(f"terminated by {self._poll_ended_by} request", 409)
        return self.pending[:limit]

    def _end_polls(self, by: str) -> int:
        self._poll += 1
        self._poll_ended_by = by
        self.tell()
        return self._poll

    async def _send_message(self, params: Params) -> Json:
        chat_id = self._reached(params)
        text, buttons = checked_text(params), checked_keyboard(params)
        thread = int(params.get("message_thread_id", 0))
        sent = Sent(chat_id, text, buttons, str(params["text"]), self._number(), thread)
        return await self.weather.carry(chat_id, lambda: self._accept(sent), _too_many(BUSY_SECONDS))

    def _accept(self, sent: Sent) -> Json:
        self.remember(self.sent, sent)
        self._newest[sent.chat_id] = self._placed[sent.chat_id, sent.message_id] = sent
        if self.keep is not None and len(self._placed) > self.keep:
            del self._placed[next(iter(self._placed))]
        return self._told(sent)

    async def _edit_message_reply_markup(self, params: Params) -> Json:
        sent = self._placed.get((self._reached(params), int(params.get("message_id", 0))))
        if sent is None:
            raise refusal("message to edit not found")
        buttons = checked_keyboard(params)
        if sent.buttons == buttons:
            raise refusal("message is not modified: the reply markup is the same as before")
        sent.buttons[:] = buttons
        return self._told(sent)

    def _reached(self, params: Params) -> int:
        """Return the chat that a call is about; refuse one that the bot cannot reach."""
        chat_id = int(params.get("chat_id", 0))
        if chat_id not in self._people:
            raise refusal("chat not found")
        if chat_id in self.blocked_by:
            kicked = "kicked from the supergroup chat" if chat_id < 0 else "blocked by the user"
            raise refusal(f"bot was {kicked}", 403)
        return chat_id

    async def _set_my_commands(self, params: Params) -> bool:
        self.commands[str(params.get("language_code", ""))] = checked_commands(params)
        return True

    async def _answer_callback_query(self, params: Params) -> bool:
        tap_id = str(params.get("callback_query_id", ""))
        if tap_id not in self._taps:
            raise refusal("query is too old and response timeout expired or query ID is invalid")
        self.remember(self.taps_answered, tap_id)
        return True

    async def _send_chat_action(self, params: Params) -> bool:
        check_action(params)
        self.typing_in[self._reached(params)] += 1
        return True

    async def _set_webhook(self, params: Params) -> bool:
        self.webhook = checked_webhook(params)
        self._end_polls("setWebhook")
        self._allow(params)
        self._drop(params)
        return True

    async def _delete_webhook(self, params: Params) -> bool:
        self.webhook = ("", "")
        self._drop(params)
        return True

    async def _get_webhook_info(self, _params: Params) -> Json:
        waiting = len(self.pending)
        return {"url": self.webhook[0], "has_custom_certificate": False, "pending_update_count": waiting}

    def named(self, method: str) -> str:
        """Return the name of a method as Telegram reads it."""
        return method.lower()

    async def push(self) -> None:
        """Post what waits to the webhook: of each chat in order, each update until it is taken."""
        async with (
            ClientSession(connector=TCPConnector(limit=CONNECTIONS)) as session,
            asyncio.TaskGroup() as posts,
        ):
            while True:
                update = await self.change(self._next_to_post)
                self._posting.add(_chat(update))
                posts.create_task(self._deliver(session, update))

    def _next_to_post(self) -> Json:
        if self.pushing and self.webhook[0] and len(self._posting) < CONNECTIONS:
            return next((update for update in self.pending if _chat(update) not in self._posting), {})
        return {}

    async def _deliver(self, session: ClientSession, update: Json) -> None:
        url, secret = self.webhook
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
        status = await posted(session, url, json.dumps(update).encode(), headers, ANSWER_SECONDS)
        self.remember(self.pushes, (update["update_id"], status))
        self.tell()
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            with contextlib.suppress(ValueError):  # dropped, or fetched meanwhile
                self.pending.remove(update)
        else:
            await asyncio.sleep(AGAIN)
        self._posting.discard(_chat(update))
        self.tell()

    # Small parts

    def _allow(self, params: Params) -> None:
        if allowed := params.get("allowed_updates"):
            self.allowed = json.loads(allowed) if isinstance(allowed, str) else allowed

    def _drop(self, params: Params) -> None:
        if str(params.get("drop_pending_updates", "")).lower() == "true":
            self.pending.clear()

    def _number(self) -> int:
        return next(self.numbers)

    def _message(self, person: int, **content: Any) -> Json:
        chat, number = _private(person), self._number()
        return {"message_id": number, "from": _person(person), "chat": chat, "date": DATE, **content}

    def _told(self, sent: Sent) -> Json:
        """Return a message of the bot's as Telegram shows it."""
        chat = _group(sent.chat_id) if sent.chat_id < 0 else _private(sent.chat_id)
        told = {"message_id": sent.message_id, "from": self._me(), "chat": chat, "date": DATE}
        told |= {"text": sent.text}
        return told | ({"reply_markup": {"inline_keyboard": [*sent.buttons]}} if sent.buttons else {})

    def _me(self) -> Json:
        number = int(self.token.partition(":")[0])
        return {"id": number, "is_bot": True, "first_name": "Bot", "username": "made_up_bot"}


def _person(person: int) -> Json:
    return {"id": person, "is_bot": False, "first_name": "An"}


def _private(person: int) -> Json:
    return {"id": person, "type": "private", "first_name": "An"}


def _group(group: int) -> Json:
    return {"id": group, "type": "supergroup", "title": "Thon Mau"}


def _chat(update: Json) -> int:
    """Return the chat that an update belongs to, or the update's own number where that is not told."""
    what: Json = next(content for kind, content in update.items() if kind != "update_id")
    chat = what.get("message", what).get("chat")
    return int(chat["id"] if isinstance(chat, dict) else update["update_id"])


@asynccontextmanager
async def fake_telegram(**settings: Any) -> AsyncIterator[FakeTelegram]:
    """Serve on a free port of loopback."""
    telegram = FakeTelegram(**settings)
    async with on_loopback(telegram.routes()) as telegram.url, alongside(telegram.push()):
        yield telegram
