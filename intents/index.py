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

Numbers = npt.NDArray[np.int64]
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
        marked = frozenset(word for word in stopwords if word != fold(word))
        self._silent = marked | _mostly_stopwords((v.said for v in views), stopwords)
        codes = {code: n for n, code in enumerate(dict.fromkeys(v.code for v in views))}
        self._codes = tuple(codes)
        self._owner = np.fromiter((codes[v.code] for v in views), np.int32, len(views))
        self._trust = np.fromiter((v.weight for v in views), np.float32, len(views))
        kept = [self._kept(v.said) for v in views]
        self._folded = _Side([[f for _, f in row] for row in kept])
        self._accented = _Side([[a for a, _ in row] for row in kept])

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
        scores = self._folded.scores(kept.folded)
        if kept.marked:
            accented = self._accented.scores(kept.accented)
            return (scores + accented) * np.float32(0.5)
        return scores

    def telling(self, said: Words) -> Words:
        """Return the words that can tell services apart.

        An unmarked word may be a stopword or not («bao» is «bao», «bảo» or «báo»): the catalogue's own
        frequencies decide.
        """
        kept = self._kept(said)
        return Words(tuple(a for a, _ in kept), tuple(f for _, f in kept))

    def _kept(self, said: Words) -> list[tuple[str, str]]:
        return [form for form in zip(said.accented, said.folded, strict=True) if form[0] not in self._silent]

    def rarity(self, word: str) -> float:
        """Return how much a folded word tells; one that no view holds tells nothing here."""
        return self._folded.rarity(word)


def _mostly_stopwords(texts: Iterable[Words], stopwords: frozenset[str]) -> frozenset[str]:
    balance: Counter[str] = Counter()
    for said in texts:
        for accented, folded in zip(said.accented, said.folded, strict=True):
            balance[folded] += 1 if accented in stopwords else -TELLING
    rare = {fold(w) for w in stopwords} - balance.keys()
    return frozenset(rare | {w for w, n in balance.items() if n > 0})


class _Side:
    """Inverted lists of one form: terms are words, and pairs of words in a row."""

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        numbers: dict[str, int] = {}
        words = np.fromiter((numbers.setdefault(w, len(numbers)) for row in rows for w in row), np.int64)
        views = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        together = views[1:] == views[:-1]
        pairs = words[:-1][together] * len(numbers) + words[1:][together]
        codes, pair_terms = np.unique(pairs, return_inverse=True)
        self._numbers = numbers
        self._pairs = dict(zip(codes.tolist(), range(len(numbers), len(numbers) + len(codes)), strict=True))
        self._size = len(rows)
        terms = np.concatenate((words, len(numbers) + pair_terms))
        self._weigh(terms, np.concatenate((views, views[1:][together])))

    def _weigh(self, terms: Numbers, views: Numbers) -> None:
        """Sort by term, each once in a view, and give each its share of the view."""
        unique = np.unique(terms * self._size + views)
        terms, views = unique // self._size, unique % self._size
        frequency = np.bincount(terms)
        kind = np.where(np.arange(len(frequency)) < len(self._numbers), 1.0, PAIR_WEIGHT)
        self._rarity = (np.log1p(self._size / frequency) * kind).astype(np.float32)
        weights = self._rarity[terms]
        lengths = np.bincount(views, weights**2, minlength=self._size).astype(np.float32) ** (PIVOT / 2)
        self._views = views
        self._shares = weights / lengths[views]
        self._starts = np.concatenate(([0], np.cumsum(frequency)))

    def rarity(self, word: str) -> float:
        number = self._numbers.get(word)
        return 0.0 if number is None else float(self._rarity[number])

    def scores(self, row: Sequence[str]) -> Scores:
        scores = np.zeros(self._size, np.float32)
        known = list(self._terms(row))
        length = float(np.linalg.norm(self._rarity[known])) or 1.0
        for number in sorted(known, key=self._rarity.__getitem__, reverse=True)[:MAX_TERMS]:
            span = slice(self._starts[number], self._starts[number + 1])
            scores[self._views[span]] += self._shares[span] * (self._rarity[number] / length)
        return scores

    def _terms(self, row: Sequence[str]) -> dict[int, None]:
        words = [self._numbers.get(word, -1) for word in row]
        codes = (a * len(self._numbers) + b for a, b in pairwise(words) if min(a, b) >= 0)
        pairs = (self._pairs.get(code, -1) for code in codes)
        return dict.fromkeys(number for number in (*words, *pairs) if number >= 0)
