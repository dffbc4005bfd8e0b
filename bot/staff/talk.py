"""A conversation as the desk shows it: the person, the assistant, the staff, one after the other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from bot.conversation import REPLY
from intents.handoffs import Act
from intents.turn import OURS, Kind
from storage.records import Side, TranscriptLine

STAFF = "staff"
NO_WORDS = "other"
_BARE = (Kind.UNREADABLE, Kind.WITHHELD, Kind.START, Kind.BUTTON)
"""What may come without words."""


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that was said."""

    side: str
    at: dt.datetime
    text: str
    """Masked; empty for what had no words."""
    kind: str
    """What it was then."""


def told(lines: Iterable[TranscriptLine]) -> tuple[Told, ...]:
    """Return what was said, without what only we tell ourselves."""
    return tuple(_told(lines))


def _told(lines: Iterable[TranscriptLine]) -> Iterator[Told]:
    for line in lines:
        if line.side is Side.ASSISTANT:
            by_staff = line.kind == Kind.STAFF and (line.payload or "").startswith(Act.SAYS.by(""))
            yield Told(STAFF if by_staff else Side.ASSISTANT, line.at, _reply(line), NO_WORDS)
        elif line.kind not in OURS:
            kind = line.kind if line.kind in _BARE else NO_WORDS
            yield Told(Side.PERSON, line.at, line.text or "", kind or NO_WORDS)


def _reply(line: TranscriptLine) -> str:
    """Return the words of a reply; one of an older form has none."""
    try:
        return REPLY.validate_json(line.body or "").text.replace("**", "")
    except ValidationError:
        return ""
