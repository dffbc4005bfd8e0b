"""How both Zalos report what happens: each event on its own, again after waits, until taken or given up."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections import deque
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import ClientSession, TCPConnector

from bot.fakes.scene import Json, Scene, SentT, posted

CONNECTIONS = 100


@dataclass(kw_only=True)
class Reporting(Scene[SentT]):
    """A stand-in with events; no order is kept between them."""

    retries: tuple[float, ...] = ()
    """Seconds between the tries to post an event."""
    answer_seconds: float = 2.0
    pending: dict[str, Json] = field(default_factory=dict)
    """Events that were not taken yet, by what tells one from another."""
    _fresh: deque[str] = field(default_factory=deque)
    """Those of them that nobody has begun to hand over."""

    @property
    @abstractmethod
    def hook(self) -> str:
        """Return where events are posted; empty for nowhere."""

    @abstractmethod
    def signed(self, event: Json) -> tuple[bytes, dict[str, str]]:
        """Return body and headers with which an event is posted."""

    def give_up(self) -> None:
        """Do what the service does after the last try."""

    def report(self, name: str, event: Json) -> Json:
        """Keep an event until it is handed over."""
        self.pending[name] = event
        self._fresh.append(name)
        self.tell()
        return event

    async def push(self) -> None:
        """Post events as they happen."""
        async with (
            ClientSession(connector=TCPConnector(limit=CONNECTIONS)) as session,
            asyncio.TaskGroup() as tries,
        ):
            while True:
                await self.change(lambda: self.pushing and self.hook and self._fresh)
                while self._fresh:
                    tries.create_task(self._deliver(session, self._fresh.popleft()))

    async def _deliver(self, session: ClientSession, name: str) -> None:
        body, headers = self.signed(self.pending[name])
        for number, wait in enumerate((0.0, *self.retries)):
            await asyncio.sleep(wait)
            retry = {"num_retry": str(number)} if number else {}
            status = await posted(session, self.hook, body, headers | retry, self.answer_seconds)
            self.remember(self.pushes, (name, status))
            if status == HTTPStatus.OK:
                break
            self.tell()
        else:
            self.give_up()
        self.pending.pop(name, None)
        self.tell()
