"""How alike two questions are that were not understood: to put them before staff once, not a hundred times.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Mapping

from intents.index import UNKNOWN_RARITY
from intents.knowledge import Knowledge
from intents.text import words

ALIKE = 0.6
"""From here on two questions are shown as one."""


def telling(text: str, knowledge: Knowledge) -> str:
    """Return the folded words that tell a question from others, each once; all when none is telling."""
    said = words(text)
    kept = knowledge.index.telling(said).folded or said.folded
    return " ".join(sorted(set(kept)))


def nearest(asked: str, groups: Mapping[int, str], knowledge: Knowledge) -> int | None:
    """Return the group whose telling words are most like those of a question; None when none is alike."""
    best, found = ALIKE, None
    for number, held in groups.items():
        if (score := likeness(asked, held, knowledge)) >= best:
            best, found = score, number
    return found


def likeness(one: str, other: str, knowledge: Knowledge) -> float:
    """Return how much of the telling words of two questions both share, by their rarity, from 0 to 1."""
    first, second = set(one.split()), set(other.split())
    whole = _weight(first | second, knowledge)
    return _weight(first & second, knowledge) / whole if whole else 0.0


def _weight(said: set[str], knowledge: Knowledge) -> float:
    return sum(knowledge.index.rarity(word) or UNKNOWN_RARITY for word in said)
