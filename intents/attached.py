"""Phrases that staff attached to services, compared with what is said.

They lie over the index and borrow its weights: attaching one builds no index anew.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intents.index import EXACT, UNKNOWN_RARITY, Index, Query, Small
from intents.text import MARKED, Words, folded

Weights = npt.NDArray[np.float64]

NEAR = 0.7
"""Share of what is told, by the phrase or by the question, that both must tell to mean the same.

Of our own examples, each compared with all others, four in five so near to one are of its service.
"""
LEAST = 2
"""Telling words of a phrase that others may come near to; a shorter one is met word for word."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that staff attached to a service."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A phrase with what a message of these words asks for."""

    phrase: Phrase
    query: Query


@dataclass(frozen=True, slots=True)
class Meant:
    """The phrase that a question comes nearest to."""

    phrase: Phrase
    likeness: float
    """From 0 to 1."""
    shared: tuple[str, ...]
    """The telling words of both."""

    @property
    def wording(self) -> str:
        """Return the phrase, folded."""
        return folded(self.phrase.text)

    @property
    def word_for_word(self) -> bool:
        """Tell whether it was said word for word."""
        return self.likeness == 1


class Attached:
    """All phrases, looked through at once."""

    def __init__(self, heard: Iterable[Heard], index: Index) -> None:
        """Weigh the phrases, the newest last: of two that are worded alike it is the one that counts."""
        self._index = index
        self._last: tuple[Query | None, Meant | None] = None, None
        self._heard = [one for one in heard if index.tells(one.query.said)]
        self._written = {one.query.written: one for one in self._heard}
        self._worded = {one.query.said.folded: one for one in self._heard}
        self._words = [told(one.query.said, index) for one in self._heard]
        self._weights = np.array([sum(telling.values()) for telling in self._words])
        lists: dict[str, list[int]] = {}
        for number, telling in enumerate(self._words):
            for word in telling if len(telling) >= LEAST else ():
                lists.setdefault(word, []).append(number)
        self._lists = {word: np.array(numbers, np.int32) for word, numbers in lists.items()}

    def __len__(self) -> int:
        """Count the phrases that can be met."""
        return len(self._heard)

    def holding(self, weights: Mapping[str, float], share: float) -> list[Phrase]:
        """Return the phrases that hold at least a share of what some folded words weigh."""
        least = share * sum(weights.values())
        held = (sum(weights[word] for word in weights.keys() & telling.keys()) for telling in self._words)
        return [
            one.phrase for one, weight in zip(self._heard, held, strict=True) if weights and weight >= least
        ]

    def also(self, heard: Heard) -> Attached:
        """Return all of them and one that is newer."""
        return Attached((*self._heard, heard), self._index)

    def meant(self, query: Query) -> Meant | None:
        """Return the phrase that a question means; None where it comes near to none."""
        if not self._heard:
            return None
        asked, meant = self._last
        if asked != query:  # one message is looked for several times on its way
            meant = self._found(query)
            self._last = query, meant
        return meant

    def _found(self, query: Query) -> Meant | None:
        telling = told(query.said, self._index)
        same = self._same(query)
        if same is not None:
            return Meant(same.phrase, 1.0, tuple(sorted(telling)))
        near = self._near(query, telling) if len(telling) >= LEAST else ()
        return max(near, key=lambda meant: meant.likeness, default=None)

    def _same(self, query: Query) -> Heard | None:
        same = self._written.get(query.written) or self._worded.get(query.said.folded)
        return same if same and _sounds(same.query.said, query.said) else None

    def _near(self, query: Query, telling: Mapping[str, float]) -> list[Meant]:
        """Return the phrases that are near enough, the newest first.

        Who asks for another act, or names another of several siblings, means something else however like the
        words are: «mất hộ chiếu» is not «làm hộ chiếu».
        """
        known = [(self._lists[word], weight) for word, weight in telling.items() if word in self._lists]
        if not known:
            return []
        shared = _summed(known, len(self._heard))
        likeness = shared / (self._weights + sum(telling.values()) - shared)
        found = []
        for number in (likeness >= NEAR).nonzero()[0][::-1].tolist():
            one, like = self._heard[number], float(likeness[number])
            like *= self._in_marks(one.query.said, query.said)
            if like >= NEAR and (one.query.acts, one.query.cued) == (query.acts, query.cued):
                both = tuple(sorted(telling.keys() & self._words[number].keys()))
                found.append(Meant(one.phrase, round(min(like, EXACT), 3), both))
        return found

    def _in_marks(self, one: Words, other: Words) -> float:
        """Return the share of the shared words whose marks agree too; 1 where one has no marks."""
        if not _both_marked(one, other):
            return 1.0
        marks: dict[str, set[str]] = {}
        for accented, bare in zip(one.accented, one.folded, strict=True):
            marks.setdefault(bare, set()).add(accented)
        shared = [
            (self._index.rarity(bare), accented in marks[bare])
            for accented, bare in zip(other.accented, other.folded, strict=True)
            if bare in marks
        ]
        total = sum(weight for weight, _ in shared)
        return sum(weight for weight, agrees in shared if agrees) / total if total else 1.0


def told(said: Words, index: Index) -> dict[str, float]:
    """Return the telling words, folded, with what each tells."""
    return {word: index.rarity(word) or UNKNOWN_RARITY for word in index.telling(said).folded}


def _sounds(one: Words, other: Words) -> bool:
    """Tell whether the same folded words may be the same words: marks, where both have them, agree."""
    return not _both_marked(one, other) or one.accented == other.accented


def _both_marked(one: Words, other: Words) -> bool:
    """Tell whether both are typed with diacritics; an abbreviation written out makes no message marked."""
    return min(one.share_marked, other.share_marked) >= MARKED


def _summed(lists: Sequence[tuple[Small, float]], size: int) -> Weights:
    """Add up the weights that each phrase has in common with the question."""
    each = np.repeat([weight for _, weight in lists], [len(numbers) for numbers, _ in lists])
    shared = np.bincount(np.concatenate([numbers for numbers, _ in lists]), each, minlength=size)
    return shared.astype(np.float64, copy=False)
