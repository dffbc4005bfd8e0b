"""The least application that the web chat can be given: it remembers, and answers from a list."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from pathlib import Path

import yaml
from aiohttp import web

from bot.channels.base import Received
from bot.channels.webchat import Line, WebChat, WebChatSettings
from bot.loops import Bell, keep_working
from intents.turn import Button, Reply
from storage.errors import DatabaseUnavailableError

LOOK = 0.02
NOON = dt.datetime(2026, 7, 20, 5, 0, tzinfo=dt.UTC)
_WRITTEN: dict[str, str] = yaml.safe_load(Path("content/answers/web.yaml").read_text("utf-8"))
TEXTS = {key.removeprefix("web."): text for key, text in _WRITTEN.items()}
GREETING = Reply("Chào anh/chị.\nAnh/chị cần làm **giấy tờ** gì?", (Button("Làm giấy tờ", "papers"),))
ANSWER = Reply("Trả lời.", (Button("Giấy tờ", "documents"), Button("Mở trang", "https://dichvucong.gov.vn/")))


class Memory:
    """Stores messages and answers each at once, or when told."""

    def __init__(self, *answers: Reply) -> None:
        self.answers = list(answers)
        self.lines: dict[str, list[Line]] = {}
        self.received: list[Received] = []
        self.handled: set[tuple[str, str]] = set()
        self.looks: list[list[str]] = []
        """Whom each look for new lines asked about."""
        self.reads = 0
        """How often lines were asked for."""
        self.away = False
        self.silent = False
        self.held: list[Received] | None = None

    async def accept(self, received: Received) -> bool:
        if any(one.message_id == received.message_id for one in self.received):
            return False
        self.received.append(received)
        if self.held is not None:
            self.held.append(received)
            self.handled.add((received.user_id, received.message_id))
            return True
        self.add(received.user_id, Reply(received.inbound.text), side="person")
        if not self.silent:
            self.answer(received)
        return True

    async def whole(self, visitor: str) -> tuple[Line, ...]:
        lines = self.lines.get(visitor, [])
        newest = next((r.message_id for r in reversed(self.received) if r.user_id == visitor), "")
        if not lines or lines[-1].side != "person" or (visitor, newest) in self.handled:
            return tuple(lines)
        return *lines[:-1], replace(lines[-1], number=0)  # waits for its answer

    async def since(self, visitor: str, after: int) -> tuple[Line, ...]:
        self.reads += 1
        if self.away:
            raise DatabaseUnavailableError("the database is away")
        return tuple(line for line in self.lines.get(visitor, ()) if line.number >= after)

    async def newest(self, visitors: Collection[str]) -> dict[str, int]:
        self.looks.append(sorted(visitors))
        return {visitor: self.lines[visitor][-1].number for visitor in visitors if self.lines.get(visitor)}

    async def answered(self, visitor: str, message_id: str) -> bool:
        return (visitor, message_id) in self.handled

    def hold(self) -> None:
        """Take messages without a reply from here on, as while staff have the conversation."""
        self.held = []

    def release(self, user_id: str, reply: Reply) -> None:
        for received in self.held or ():
            self.add(user_id, Reply(received.inbound.text), side="person")
        self.add(user_id, reply)

    def answer(self, received: Received) -> None:
        self.add(received.user_id, self.answers.pop(0) if self.answers else ANSWER)
        self.handled.add((received.user_id, received.message_id))

    def add(self, user_id: str, reply: Reply, *, side: str = "assistant") -> None:
        lines = self.lines.setdefault(user_id, [])
        number = sum(len(one) for one in self.lines.values()) + 1
        at = NOON + dt.timedelta(minutes=number)
        lines.append(
            Line(number, "person" if side == "person" else "assistant", reply.text, reply.buttons, at)
        )


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def a_chat(
    memory: Memory,
    settings: WebChatSettings | None = None,
    *,
    clock: Clock | None = None,
    greeting: Reply = GREETING,
) -> WebChat:
    return WebChat(
        accept=memory.accept,
        view=memory,
        texts=TEXTS,
        greeting=greeting,
        farewell="Đã xóa.",
        settings=settings or WebChatSettings(answer_wait=0.2, late_wait=0.2),
        clock=clock or Clock(),
    )


def an_app(chat: WebChat, *, looking: bool = True) -> web.Application:
    """Return the least application; one that does not look sees only what is sent."""
    app = web.Application()
    app.add_routes(chat.routes())

    async def look(_app: web.Application) -> AsyncIterator[None]:
        loop = asyncio.create_task(keep_working("looking", chat.look, Bell(), idle=LOOK, patience=0))
        yield
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)

    async def shutdown(_app: web.Application) -> None:
        await chat.stop()

    if looking:
        app.cleanup_ctx.append(look)
    app.on_shutdown.append(shutdown)
    return app
