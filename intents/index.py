"""Everything we can answer as bags of words, and the evidence that a question is about each.

Each name, everyday name and example of a service or topic is a *view*; the views of one service or topic
make its *document*. Evidence is counted for all documents at once, over inverted lists.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
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
COVERAGE = 0.6
"""How much it counts, against the likeness of words, that little of the question and little of the wording
is left over."""
UNKNOWN_RARITY = 4.0
"""Weight of a word that no wording holds; it speaks against all documents alike."""
SATURATION, LENGTH_SHARE = 1.2, 0.5
"""The two numbers of BM25: how soon a repeated word says no more, and how far a long document is damped."""
CONSIDERED = 28
"""Documents that are weighed in full."""
ONLY_ONCE = 1e-9

FEATURES = (
    "name",
    "wording",
    "second",
    "of_question",
    "of_wording",
    "nearest",
    "official",
    "name_of_question",
    "name_of_wording",
    "all_words",
    "document",
    "papers",
    "papers_only",
    "acts_shared",
    "acts_extra",
    "acts_missed",
    "explained",
    "service",
    "usual",
    "cued",
    "length",
)
"""What is known of a document against a question, in the order of a row of `Evidence.features`."""


@dataclass(frozen=True, slots=True)
class View:
    """One wording of one document."""

    document: str
    said: Words
    name: bool = False
    """True for an official name."""


@dataclass(frozen=True, slots=True)
class Document:
    """A service or a topic, apart from its wordings."""

    id: str
    service: bool = True
    explained: bool = False
    """We wrote a plain text about it: people ask for it."""
    acts: frozenset[str] = frozenset()
    """What its official name does: a renewal, a change."""
    papers: frozenset[str] = frozenset()
    """Folded words of its papers and conditions."""
    usual: float = 0
    """1 for the usual case of a family of siblings, -1 for the others, 0 outside families."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched."""

    said: Words
    """The words as meant."""
    meant: Words
    """Official words for everyday ones that were said; they count for less."""
    acts: frozenset[str] = frozenset()
    """What is to be done with a paper."""
    cued: Mapping[str, int] = field(default_factory=dict)
    """1 for documents that a word picks from their siblings, -1 for the siblings."""
    written: tuple[str, ...] = ()
    """Every word as it was written, folded: what we wrote down word for word needs no guessing."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for the documents that may be meant, one row each."""

    documents: tuple[str, ...]
    features: Scores
    views: tuple[int, ...]
    """The nearest view of each."""


class Index:
    """Compare a question with every document at once."""

    def __init__(
        self, documents: Sequence[Document], views: Sequence[View], stopwords: frozenset[str]
    ) -> None:
        """Weigh the terms of all views; `stopwords` are accented forms."""
        self.documents = tuple(documents)
        numbers = {document.id: n for n, document in enumerate(documents)}
        self.views = tuple(sorted(views, key=lambda view: (numbers[view.document], not view.name)))
        marked = frozenset(word for word in stopwords if word != fold(word))
        self._silent = marked | _mostly_stopwords((v.said for v in self.views), stopwords)
        self._owner = np.fromiter((numbers[v.document] for v in self.views), np.int64, len(self.views))
        self._starts = np.searchsorted(self._owner, np.arange(len(documents) + 1))
        self._named = np.fromiter((v.name for v in self.views), bool, len(self.views))
        kept = [self._kept(v.said) for v in self.views]
        self._folded = _Side([[f for _, f in row] for row in kept])
        self._accented = _Side([[a for a, _ in row] for row in kept])
        self._bags = _Bags(self._folded, self._owner, len(documents))
        self._papers = _Papers([document.papers for document in documents])
        self._acts = sorted({act for document in documents for act in document.acts})
        self._done = np.array([[act in d.acts for act in self._acts] for d in documents], np.float32)
        self._explained = np.array([d.explained for d in documents], np.float32)
        self._usual = np.array([d.usual for d in documents], np.float32)
        self._services = np.array([d.service for d in documents], np.float32)

    def search(self, query: Query) -> Evidence:
        """Weigh the documents that share most with what was said."""
        told = self._told(query)
        if not told.folded or not self.documents:
            return Evidence((), np.zeros((0, len(FEATURES)), np.float32), ())
        found = self._found(told)
        return self._weighed(told, found, self._chosen(found), query)

    def telling(self, said: Words) -> Words:
        """Return the words that can tell documents apart.

        An unmarked word may be a stopword or not («bao» is «bao», «bảo» or «báo»): the catalogue's own
        frequencies decide.
        """
        kept = self._kept(said)
        return Words(tuple(a for a, _ in kept), tuple(f for _, f in kept))

    def rarity(self, word: str) -> float:
        """Return how much a folded word tells; one that no view holds tells nothing here."""
        return self._folded.rarity(word)

    @cached_property
    def words_of(self) -> tuple[frozenset[str], ...]:
        """The telling folded words of each view."""
        return tuple(frozenset(self.telling(view.said).folded) for view in self.views)

    def worded(self, written: tuple[str, ...]) -> frozenset[str]:
        """Return the documents with a wording of just these folded words, more than one of them telling."""
        return frozenset(
            self.views[n].document for n in self._by_wording.get(written, ()) if len(self.words_of[n]) > 1
        )

    @cached_property
    def _by_wording(self) -> dict[tuple[str, ...], list[int]]:
        found: dict[tuple[str, ...], list[int]] = {}
        for number, view in enumerate(self.views):
            found.setdefault(view.said.folded, []).append(number)
        return found

    def _kept(self, said: Words) -> list[tuple[str, str]]:
        forms = zip(said.accented, said.folded, strict=True)
        return [form for form in forms if form[0] not in self._silent]

    def _told(self, query: Query) -> _Query:
        telling, official = self.telling(query.said), self.telling(query.meant)
        words = tuple(dict.fromkeys(telling.folded))
        weights = tuple(self.rarity(word) or UNKNOWN_RARITY for word in words)
        return _Query(telling, official, words, sum(weights))

    def _found(self, query: _Query) -> _Found:
        likeness = self._likeness(query.telling)
        official = self._likeness(query.official)
        said = dict.fromkeys((*query.folded, *query.official.folded))
        hits = self._folded.shared(said)
        total = likeness + np.float32(MEANT_WEIGHT) * official
        of_question = np.minimum(hits / np.float32(query.weight), np.float32(1))
        of_wording = hits / self._folded.weights
        nearest = total + np.float32(COVERAGE) * (of_question + of_wording)
        best = np.maximum.reduceat(nearest, self._starts[:-1])
        bags, document = self._bags.scores(query.folded)
        papers = self._papers.shared(query.folded, self.rarity)
        weight = np.float32(query.weight)
        return _Found(
            total, official, of_question, of_wording, nearest, best, bags / weight, document, papers / weight
        )

    def _likeness(self, said: Words) -> Scores:
        folded = self._folded.likeness(said.folded)
        if not said.marked:
            return folded
        return (folded + self._accented.likeness(said.accented)) * np.float32(0.5)

    def _chosen(self, found: _Found) -> Numbers:
        worth = found.best + found.papers + found.bags + found.document + np.float32(0.1) * self._explained
        few = min(CONSIDERED, len(worth))
        chosen = np.argpartition(-worth, few - 1)[:few]
        return chosen[np.argsort(-worth[chosen], kind="stable")]

    def _weighed(self, query: _Query, found: _Found, chosen: Numbers, asked: Query) -> Evidence:
        spans = [np.arange(self._starts[d], self._starts[d + 1]) for d in chosen]
        views = np.concatenate(spans)
        starts = np.concatenate(([0], np.cumsum([len(span) for span in spans])))[:-1]
        nearest = self._first_best(found.nearest[views], starts)
        named = self._named[views]
        total = found.total[views]
        worded = np.where(named, np.float32(0), total)
        first = self._first_best(worded, starts)
        second = worded.copy()
        second[first] = 0
        by_name = np.where(named, total, np.float32(0))
        done = self._done[chosen]
        wanted = np.array([act in asked.acts for act in self._acts], np.float32)
        at = views[nearest]
        shared_with_papers = self._papers_only(query, chosen, at)
        rows = (
            np.maximum.reduceat(by_name, starts),
            worded[first],
            np.maximum.reduceat(second, starts),
            found.of_question[at],
            found.of_wording[at],
            found.nearest[at],
            np.maximum.reduceat(np.where(named, found.official[views], np.float32(0)), starts),
            np.maximum.reduceat(np.where(named, found.of_question[views], np.float32(0)), starts),
            np.maximum.reduceat(np.where(named, found.of_wording[views], np.float32(0)), starts),
            found.bags[chosen],
            found.document[chosen],
            found.papers[chosen],
            shared_with_papers,
            done @ wanted,
            done @ (1 - wanted),
            (1 - done) @ wanted,
            self._explained[chosen],
            self._services[chosen],
            self._usual[chosen],
            np.array([asked.cued.get(self.documents[d].id, 0) for d in chosen.tolist()]),
            np.full(len(chosen), np.log1p(query.weight), np.float32),
        )
        features = np.stack(rows, axis=1).astype(np.float32)
        return Evidence(
            tuple(self.documents[d].id for d in chosen), features, tuple(int(view) for view in at)
        )

    def _papers_only(self, query: _Query, chosen: Numbers, at: Numbers) -> Scores:
        """Return the share of the question that stands in the papers and not in the nearest view."""
        said = frozenset(query.folded)
        left = [
            sum(
                self.rarity(w) or UNKNOWN_RARITY for w in (said & self.documents[d].papers) - self.words_of[v]
            )
            for d, v in zip(chosen.tolist(), at.tolist(), strict=True)
        ]
        return np.array(left, np.float32) / np.float32(query.weight)

    @staticmethod
    def _first_best(values: Scores, starts: Numbers) -> Numbers:
        """Return the position of the first greatest value of each run."""
        best = np.maximum.reduceat(values, starts)
        lengths = np.diff(np.append(starts, len(values)))
        hits = np.flatnonzero(values == np.repeat(best, lengths))
        runs = np.searchsorted(starts, hits, side="right") - 1
        _, first = np.unique(runs, return_index=True)
        return hits[first]


@dataclass(frozen=True, slots=True)
class _Query:
    telling: Words
    official: Words
    folded: tuple[str, ...]
    """Each telling word once."""
    weight: float


@dataclass(frozen=True, slots=True)
class _Found:
    """Likeness by view, and shares of the question by document."""

    total: Scores
    official: Scores
    of_question: Scores
    of_wording: Scores
    nearest: Scores
    best: Scores
    bags: Scores
    document: Scores
    papers: Scores


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
        self.numbers = numbers
        self.words, self.owners = words, views
        self._pairs = dict(zip(codes.tolist(), range(len(numbers), len(numbers) + len(codes)), strict=True))
        self._size = len(rows)
        terms = np.concatenate((words, len(numbers) + pair_terms))
        self._weigh(terms, np.concatenate((views, views[1:][together])))

    def _weigh(self, terms: Numbers, views: Numbers) -> None:
        """Sort by term, each once in a view, and give each its share of the view."""
        unique = np.unique(terms * self._size + views)
        terms, views = unique // self._size, unique % self._size
        frequency = np.bincount(terms)
        single = np.arange(len(frequency)) < len(self.numbers)
        self._rarity = (np.log1p(self._size / frequency) * np.where(single, 1.0, PAIR_WEIGHT)).astype(
            np.float32
        )
        weights = self._rarity[terms]
        lengths = np.bincount(views, weights**2, minlength=self._size).astype(np.float32) ** (PIVOT / 2)
        self._views = views.astype(np.int32)
        self._shares = weights / lengths[views]
        self._starts = np.concatenate(([0], np.cumsum(frequency))).tolist()
        words = np.where(single[terms], weights, 0)
        self.weights = np.maximum(np.bincount(views, words, minlength=self._size), ONLY_ONCE).astype(
            np.float32
        )

    def rarity(self, word: str) -> float:
        number = self.numbers.get(word)
        return 0.0 if number is None else float(self._rarity[number])

    def likeness(self, row: Sequence[str]) -> Scores:
        """Return the cosine of each view with the words."""
        known = list(self._terms(row))
        if not known:
            return np.zeros(self._size, np.float32)
        rarity = self._rarity[known]
        length = float(np.linalg.norm(rarity))
        rarest = sorted(range(len(known)), key=lambda n: -rarity[n])[:MAX_TERMS]
        return self._add([known[n] for n in rarest], [float(rarity[n]) / length for n in rarest])

    def _add(self, terms: Sequence[int], factors: Sequence[float]) -> Scores:
        spans = [slice(self._starts[term], self._starts[term + 1]) for term in terms]
        views = np.concatenate([self._views[span] for span in spans])
        shares = np.concatenate(
            [self._shares[span] * np.float32(f) for span, f in zip(spans, factors, strict=True)]
        )
        return np.bincount(views, shares, minlength=self._size).astype(np.float32)

    def shared(self, words: Iterable[str]) -> Scores:
        """Return for each view the weight of the words that it holds."""
        known = [self.numbers[word] for word in words if word in self.numbers]
        if not known:
            return np.zeros(self._size, np.float32)
        spans = [slice(self._starts[term], self._starts[term + 1]) for term in known]
        views = np.concatenate([self._views[span] for span in spans])
        weights = np.repeat(self._rarity[known], [span.stop - span.start for span in spans])
        return np.bincount(views, weights, minlength=self._size).astype(np.float32)

    def _terms(self, row: Sequence[str]) -> dict[int, None]:
        words = [self.numbers.get(word, -1) for word in row]
        codes = (a * len(self.numbers) + b for a, b in pairwise(words) if min(a, b) >= 0)
        pairs = (self._pairs.get(code, -1) for code in codes)
        return dict.fromkeys(number for number in (*words, *pairs) if number >= 0)


class _Bags:
    """All words of a document together: what several wordings say between them."""

    def __init__(self, side: _Side, owner: Numbers, size: int) -> None:
        self._numbers, self._size, self._rarity = side.numbers, size, side.rarity
        keys, counts = np.unique(side.words * size + owner[side.owners], return_counts=True)
        terms, documents = keys // size, keys % size
        lengths = np.bincount(documents, counts, minlength=size)
        usual = lengths.sum() / max(size, 1)
        damping = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * lengths[documents] / usual)
        spread = np.bincount(terms, minlength=len(self._numbers))
        self._idf = np.log1p(size / np.maximum(spread, 1))
        self._documents = documents.astype(np.int32)
        self._gains = (counts * (SATURATION + 1) / (counts + damping) * self._idf[terms]).astype(np.float32)
        self._starts = np.concatenate(([0], np.cumsum(spread))).tolist()

    def scores(self, words: Iterable[str]) -> tuple[Scores, Scores]:
        """Return for each document the weight of the words that it holds, and its BM25."""
        known = [(self._numbers[word], self._rarity(word)) for word in words if word in self._numbers]
        if not known:
            return np.zeros(self._size, np.float32), np.zeros(self._size, np.float32)
        spans = [slice(self._starts[term], self._starts[term + 1]) for term, _ in known]
        documents = np.concatenate([self._documents[span] for span in spans])
        weights = np.repeat([weight for _, weight in known], [span.stop - span.start for span in spans])
        gains = np.concatenate([self._gains[span] for span in spans])
        most = float(sum(self._idf[term] for term, _ in known))
        return (
            np.bincount(documents, weights, minlength=self._size).astype(np.float32),
            (np.bincount(documents, gains, minlength=self._size) / most).astype(np.float32),
        )


class _Papers:
    """Words of papers and conditions."""

    def __init__(self, papers: Sequence[frozenset[str]]) -> None:
        self._size = len(papers)
        lists: dict[str, list[int]] = {}
        for number, words in enumerate(papers):
            for word in words:
                lists.setdefault(word, []).append(number)
        self._lists = {word: np.array(numbers, np.int32) for word, numbers in lists.items()}

    def shared(self, words: Iterable[str], rarity: Callable[[str], float]) -> Scores:
        """Return for each document the weight of the words that its papers hold."""
        known = [(self._lists[word], rarity(word) or UNKNOWN_RARITY) for word in words if word in self._lists]
        if not known:
            return np.zeros(self._size, np.float32)
        documents = np.concatenate([numbers for numbers, _ in known])
        weights = np.repeat([weight for _, weight in known], [len(numbers) for numbers, _ in known])
        return np.bincount(documents, weights, minlength=self._size).astype(np.float32)
