"""The stored conversation as the web chat shows it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from bot.conversation import REPLY
from bot.runtime import Runtime
from bot.web.page import Line
from intents.turn import OURS, SIGNALS
from storage.records import PendingMessage, Side, TranscriptLine

CHANNEL = "webchat"
LONGEST = 1000
"""Replies of one conversation that are read at once."""


@dataclass(frozen=True, slots=True)
class WebView:
    """Reads what one visitor may see: their own conversation."""

    runtime: Runtime

    async def whole(self, visitor: str) -> tuple[Line, ...]:
        """Return the visitor's conversation, oldest line first; at its end what waits for an answer."""
        key = self._key(visitor)
        async with self.runtime.storage.reading() as unit:
            lines = await unit.transcript.lines(key, limit=LONGEST)
            conversation = await unit.conversations.find(key)
            waiting = await unit.inbox.pending(conversation) if conversation else ()
            silent = await unit.transcript.unanswered(key, LONGEST)
        return *_with(_shown(lines), silent), *(
            _unanswered(message) for message in waiting if message.kind not in OURS
        )

    async def since(self, visitor: str, after: int) -> tuple[Line, ...]:
        """Return the line of this number, if the visitor has it, and what came after."""
        async with self.runtime.storage.reading() as unit:
            return _shown(await unit.transcript.lines(self._key(visitor), after - 1, limit=LONGEST))

    async def newest(self, visitors: Collection[str]) -> dict[str, int]:
        """Return the number of the newest line of each visitor who has one."""
        keys = {self._key(visitor): visitor for visitor in visitors}
        async with self.runtime.storage.reading() as unit:
            newest = await unit.transcript.newest(keys)
        return {keys[key]: number for key, number in newest.items()}

    async def answered(self, _visitor: str, message_id: str) -> bool:
        """Tell whether a message has been handled, so that all replies to it are stored."""
        async with self.runtime.storage.reading() as unit:
            return await unit.inbox.handled(CHANNEL, CHANNEL, message_id)

    def _key(self, visitor: str) -> str:
        return self.runtime.keys.key(CHANNEL, CHANNEL, visitor)


def _shown(lines: Iterable[TranscriptLine]) -> tuple[Line, ...]:
    return tuple(shown for line in lines if (shown := _line(line)))


def _with(lines: tuple[Line, ...], silent: Iterable[TranscriptLine]) -> tuple[Line, ...]:
    """Put in what nobody replied to, by its time; it bears the number of the line before."""
    whole = list(lines)
    for message in silent:
        before = sum(line.at <= message.at for line in lines)
        number = lines[before - 1].number if before else 0
        at = sum(line.at <= message.at for line in whole)
        if message.kind not in SIGNALS + OURS:
            whole.insert(at, Line(number, "person", message.text or message.payload or "", (), message.at))
    return tuple(whole)


def _unanswered(message: PendingMessage) -> Line:
    return Line(0, "person", message.text or message.payload or "", (), message.received_at)


def _line(line: TranscriptLine) -> Line | None:
    """Return a line as it is shown; None for what is none, or of a form that we no longer read."""
    if line.side is Side.PERSON:
        if line.kind in OURS:
            return None
        return Line(line.number, "person", line.text or line.payload or "", (), line.at)
    try:
        reply = REPLY.validate_json(line.body or "")
    except ValidationError:
        return None
    return Line(line.number, "assistant", reply.text, reply.buttons, line.at)
