"""What kind of message it is: a question about a service, a scam told, something to be done for a person.

Every word counts, also those that tell no service from another («giùm», «nhé»), and two in a row.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from content.models import Tones
from intents.text import Words

ASKED = ""
"""The kind of questions about services."""
MARKED = "+"
"""Beginning of the terms that stand for a word with its marks."""
TOLD = 3
"""Terms that are named as the reason."""


class Tone:
    """Tell kinds of messages apart by what was learnt."""

    def __init__(self, tones: Tones) -> None:
        """Take what was learnt."""
        self._kinds = tones.kinds
        self._bias = np.array(tones.bias, np.float32)
        self._row = {term: row for row, term in enumerate(tones.weights)}
        tenths = np.array(tuple(tones.weights.values()), np.float32).reshape(-1, len(tones.kinds))
        self._weights = tenths / np.float32(10)

    def heard(self, said: Words) -> Mapping[str, float]:
        """Return how likely each kind is, from 0 to 1."""
        return self.chances(terms(said))

    def chances(self, held: Sequence[str]) -> Mapping[str, float]:
        """Return how likely each kind is for a message of these terms."""
        rows = [row for term in held if (row := self._row.get(term)) is not None]
        scores = self._bias + self._weights[rows].sum(axis=0) / np.sqrt(max(len(held), 1))
        chances = np.exp(scores - scores.max())
        return dict(zip(self._kinds, (chances / chances.sum()).tolist(), strict=True))

    def because(self, said: Words, kind: str) -> tuple[str, ...]:
        """Return the words and pairs of words that speak most for a kind, the strongest first."""
        column = self._kinds.index(kind)
        plain = [t for t in terms(said) if t in self._row and not t.startswith(MARKED)]
        known = [(float(self._weights[self._row[t], column]), t) for t in plain]
        return tuple(term for weight, term in sorted(known, reverse=True)[:TOLD] if weight > 0)


def terms(said: Words) -> tuple[str, ...]:
    """Return what is known of a message, each once: words, pairs of words, and words with their marks."""
    pairs = (f"{one} {other}" for one, other in pairwise(said.folded))
    marked = (f"{MARKED}{a}" for a, f in zip(said.accented, said.folded, strict=True) if a != f)
    return tuple(dict.fromkeys((*said.folded, *pairs, *marked)))
