"""What kind of message it is: a question about a service, a scam told, something to be done for a person.

Every word counts, also those that tell no service from another («giùm», «nhé»), and two in a row.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np

from intents.text import Words

BINS = 1 << 16
"""Terms are counted by a hash: two that meet in one bin are rarely both in a message."""
BELIEF = 20.0
"""A kind is taken to say a term as often as all do until so many wordings tell otherwise."""
CLEAR = 10.0
"""A lead of this many nats is clear; a greater one hardly says more."""


class Tone:
    """Tell kinds of messages apart by the words of examples (naive Bayes)."""

    def __init__(self, examples: Iterable[tuple[str, Words]]) -> None:
        """Count the terms of examples, each with its kind."""
        told = tuple(examples)
        numbers = {kind: number for number, kind in enumerate(dict.fromkeys(kind for kind, _ in told))}
        counts = np.zeros((BINS, len(numbers)), np.float32)
        sizes = np.zeros(len(numbers), np.float32)
        for kind, said in told:
            counts[_bins(said), numbers[kind]] += 1
            sizes[numbers[kind]] += 1
        usual = counts.sum(axis=1, keepdims=True) / max(sizes.sum(), np.float32(1))
        expected = (sizes + np.float32(BELIEF)) * usual
        believed = counts + np.float32(BELIEF) * usual
        ratio = np.divide(believed, expected, out=np.ones_like(counts), where=expected > 0)
        self._weights = np.log(ratio)
        self._kinds = tuple(numbers)

    def heard(self, said: Words) -> tuple[str, float]:
        """Return the kind that a message sounds like, and from 0 to 1 how far before all others."""
        if len(self._kinds) < 2:  # noqa: PLR2004 - nothing to tell apart
            return "", 0.0
        total = self._weights[_bins(said)].sum(axis=0)
        second, first = np.argsort(total)[-2:].tolist()
        return self._kinds[first], float(np.tanh((total[first] - total[second]) / CLEAR))


def _bins(said: Words) -> list[int]:
    return list({zlib.crc32(term.encode()) % BINS for term in _terms(said)})


def _terms(said: Words) -> Iterator[str]:
    yield from said.folded
    yield from (f"{one} {other}" for one, other in pairwise(said.folded))
    yield from (f"+{a}" for a, f in zip(said.accented, said.folded, strict=True) if a != f)
