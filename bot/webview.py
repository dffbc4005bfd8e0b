"""The stored conversation as the web chat shows it."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from bot.conversation import REPLY
from bot.runtime import Runtime
from bot.web.page import Line
from storage.records import Side, TranscriptLine

CHANNEL = "webchat"


@dataclass(frozen=True, slots=True)
class WebView:
    """Reads what one visitor may see: their own conversation."""

    runtime: Runtime

    async def lines(self, visitor: str) -> tuple[Line, ...]:
        """Return the visitor's conversation, oldest line first."""
        async with self.runtime.storage.reading() as unit:
            lines = await unit.transcript.lines(self._key(visitor), limit=1000)
        return tuple(shown for line in lines if (shown := _shown(line)))

    async def answered(self, _visitor: str, message_id: str) -> bool:
        """Tell whether a message has been handled, so that all replies to it are stored."""
        async with self.runtime.storage.reading() as unit:
            return await unit.inbox.handled(CHANNEL, CHANNEL, message_id)

    def _key(self, visitor: str) -> str:
        return self.runtime.keys.key(CHANNEL, CHANNEL, visitor)


def _shown(line: TranscriptLine) -> Line | None:
    """Return a line as it is shown; None for a reply of a form that we no longer read."""
    if line.side is Side.PERSON:
        return Line(line.number, "person", line.text or line.payload or "", (), line.at)
    try:
        reply = REPLY.validate_json(line.body or "")
    except ValidationError:
        return None
    return Line(line.number, "assistant", reply.text, reply.buttons, line.at)
