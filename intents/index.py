"""Services as bags of words in both forms, weighed so that rare words decide.

Each name, everyday name and example question of a service is a *view*; a service is as near as its
nearest view. The accented forms are compared only when the question carries marks.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from intents.text import Words, fold

Scores = npt.NDArray[np.float32]

PAIR_WEIGHT = 0.8
"""Two words in a row say more than both apart, but repeat them: less than a full third word."""
PIVOT = 0.7
"""How strongly a long wording is held against it: official names run to a hundred words (0 not, 1 fully)."""
TELLING = 3
"""A stopword kept does less harm than a telling word lost: one «rời» of a name outweighs three «rồi»."""
MEANT_WEIGHT = 0.4
"""Official words stand in for what was said; what was said itself decides."""
MAX_TERMS = 48
"""Only the rarest terms of a long message are compared; the rest cannot change the order."""


@dataclass(frozen=True, slots=True)
class View:
    """One wording of one service."""

    code: str
    said: Words
    weight: float = 1.0
    """How far this kind of wording is trusted: a name more than an example."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A view that shares words with a question."""

    code: str
    score: float
    view: int


class Index:
    """Compare a question with every view at once (inverted lists, cosine of weighed terms)."""

    def __init__(self, views: Sequence[View], stopwords: frozenset[str]) -> None:
        """Weigh the terms of all views; `stopwords` are accented forms."""
        self.views = tuple(views)
        self._stopwords = stopwords
        self._unmarked_stopwords = _mostly_stopwords((v.said for v in views), stopwords)
        codes = {code: n for n, code in enumerate(dict.fromkeys(v.code for v in views))}
        self._codes = tuple(codes)
        self._owner = np.fromiter((codes[v.code] for v in views), np.int32, len(views))
        self._trust = np.fromiter((v.weight for v in views), np.float32, len(views))
        self.kept = tuple(self.telling(v.said) for v in views)
        self._folded = _Side([_terms(k.folded) for k in self.kept])
        self._accented = _Side([_terms(k.accented) for k in self.kept])

    def search(self, said: Words, meant: Words, limit: int) -> list[Hit]:
        """Return the best view of the services that share most with what was said, best first.

        `meant` holds official words for everyday ones that were said; they count for less.
        """
        scores: Scores = (self._scores(said) + MEANT_WEIGHT * self._scores(meant)) * self._trust
        order = np.argsort(-scores, kind="stable")[: limit * 8]
        best: dict[int, Hit] = {}
        for view in order:
            owner = int(self._owner[view])
            if scores[view] > 0 and owner not in best:
                best[owner] = Hit(self._codes[owner], float(scores[view]), int(view))
        return list(best.values())[:limit]

    def _scores(self, said: Words) -> Scores:
        kept = self.telling(said)
        scores = self._folded.scores(_terms(kept.folded))
        if kept.marked:
            accented = self._accented.scores(_terms(kept.accented))
            return (scores + accented) * np.float32(0.5)
        return scores

    def telling(self, said: Words) -> Words:
        """Return the words that can tell services apart.

        An unmarked word may be a stopword or not («bao» is «bao», «bảo» or «báo»): the catalogue's own
        frequencies decide.
        """
        kept = [
            (a, f)
            for a, f in zip(said.accented, said.folded, strict=True)
            if (a not in self._stopwords if a != f else f not in self._unmarked_stopwords)
        ]
        return Words(tuple(a for a, _ in kept), tuple(f for _, f in kept))

    def rarity(self, word: str) -> float:
        """Return how much a folded word tells; one that no view holds tells nothing here."""
        return self._folded.rarity(word)


def _terms(forms: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*forms, *(f"{a} {b}" for a, b in pairwise(forms))]))


def _mostly_stopwords(texts: Iterable[Words], stopwords: frozenset[str]) -> frozenset[str]:
    balance: Counter[str] = Counter()
    for said in texts:
        for accented, folded in zip(said.accented, said.folded, strict=True):
            balance[folded] += 1 if accented in stopwords else -TELLING
    rare = {fold(w) for w in stopwords} - balance.keys()
    return frozenset(rare | {w for w, n in balance.items() if n > 0})


class _Side:
    """Inverted lists of one form, each list a slice of three parallel arrays."""

    def __init__(self, bags: Sequence[Sequence[str]]) -> None:
        numbers: dict[str, int] = {}
        terms = np.fromiter((numbers.setdefault(t, len(numbers)) for bag in bags for t in bag), np.int32)
        views = np.repeat(np.arange(len(bags), dtype=np.int32), [len(bag) for bag in bags])
        frequency = np.bincount(terms, minlength=len(numbers))
        kind = np.fromiter((PAIR_WEIGHT if " " in t else 1.0 for t in numbers), np.float32, len(numbers))
        self._numbers = numbers
        self._size = len(bags)
        self._rarity = (np.log1p(len(bags) / frequency) * kind).astype(np.float32)
        weights = self._rarity[terms]
        lengths = np.bincount(views, weights**2, minlength=len(bags)).astype(np.float32) ** (PIVOT / 2)
        order = np.argsort(terms, kind="stable")
        self._views = views[order]
        self._shares = (weights / lengths[views])[order]
        self._starts = np.concatenate(([0], np.cumsum(frequency)))

    def rarity(self, term: str) -> float:
        number = self._numbers.get(term)
        return 0.0 if number is None else float(self._rarity[number])

    def scores(self, bag: Sequence[str]) -> Scores:
        scores = np.zeros(self._size, np.float32)
        known = [n for t in bag if (n := self._numbers.get(t)) is not None]
        length = float(np.linalg.norm(self._rarity[known])) or 1.0
        for number in sorted(known, key=self._rarity.__getitem__, reverse=True)[:MAX_TERMS]:
            span = slice(self._starts[number], self._starts[number + 1])
            scores[self._views[span]] += self._shares[span] * (self._rarity[number] / length)
        return scores
