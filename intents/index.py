"""Everything we can answer as bags of words, and the evidence that a question is about each.

Each name, everyday name and example of a service or topic is a *view*; the views of one service or topic
make its *document*. Evidence is counted for all documents at once, over inverted lists.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from intents.text import Words, fold

Numbers = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Scores = npt.NDArray[np.float32]
Gains = tuple[Small, Scores, float]
"""Numbers of views, the share that a term has of each, and what the term weighs."""

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
EXACT = 0.95
"""Who says just what one service alone is called means that service."""
CONSIDERED = 28
"""Documents that are weighed in full."""
ONLY_ONCE = 1e-9
NO_PAIR = -1
_NOWHERE = np.zeros(0, np.int32)

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
    text: str = ""
    """As we wrote it down."""


@dataclass(frozen=True, slots=True)
class Document:
    """A service or a topic, apart from its wordings."""

    id: str
    service: bool = True
    explained: bool = False
    """We wrote a plain text about it: people ask for it."""
    acts: frozenset[str] = frozenset()
    """What its official name does: a renewal, a change."""
    papers: Collection[str] = ()
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
        self._folded = _Side([f for _, f in self._kept(v.said)] for v in self.views)
        self._accented = _Side([a for a, _ in self._kept(v.said)] for v in self.views)
        self._bags = _Bags(self._folded, self._owner, len(documents))
        self._papers = _Papers([document.papers for document in documents])
        self._acts = sorted({act for document in documents for act in document.acts})
        self._done = np.array([[act in d.acts for act in self._acts] for d in documents], np.float32)
        self._explained = np.array([d.explained for d in documents], np.float32)
        self._usual = np.array([d.usual for d in documents], np.float32)
        self._services = np.array([d.service for d in documents], np.float32)
        self._nowhere = np.zeros(len(self.views), np.float32)

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

    def tells(self, said: Words) -> int:
        """Count those words."""
        return sum(word not in self._silent for word in said.accented)

    def rarity(self, word: str) -> float:
        """Return how much a folded word tells; one that no view holds tells nothing here."""
        return self._folded.rarity(word)

    def holding(self, weights: Mapping[str, float], share: float) -> list[View]:
        """Return the wordings that hold at least a share of what some folded words weigh."""
        held = self._folded.shared(weights)
        least = share * sum(weights.values())
        return [self.views[number] for number in (held >= least).nonzero()[0].tolist()] if weights else []

    def shared(self, said: frozenset[str], view: int) -> tuple[str, ...]:
        """Return the telling folded words that a view holds, in order."""
        held = self.views[view].said
        forms = zip(held.accented, held.folded, strict=True)
        return tuple(sorted({f for a, f in forms if f in said and a not in self._silent}))

    def worded(self, written: tuple[str, ...]) -> frozenset[str]:
        """Return the documents with a wording of just these folded words, more than one of them telling."""
        same = [self.views[number] for number in self._by_wording.get(written, ())]
        return frozenset(view.document for view in same if len({f for _, f in self._kept(view.said)}) > 1)

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
        weights = np.array([self.rarity(word) or UNKNOWN_RARITY for word in words], np.float32)
        return _Query(telling, official, words, weights, float(weights.sum()))

    def _found(self, query: _Query) -> _Found:
        total = self._likeness(query.telling)
        official = self._likeness(query.official) if len(query.official) else self._nowhere
        if len(query.official):
            total += np.float32(MEANT_WEIGHT) * official
        hits = self._folded.shared(dict.fromkeys((*query.folded, *query.official.folded)))
        weight = np.float32(query.weight)
        nearest: Scores = hits * (self._folded.coverage + np.float32(COVERAGE) / weight)
        nearest += total
        bags, document = self._bags.scores(query.folded)
        return _Found(
            total,
            official,
            hits,
            nearest,
            best=np.maximum.reduceat(nearest, self._starts[:-1]),
            bags=bags / weight,
            document=document,
            papers=self._papers.shared(query.folded, query.weights) / weight,
        )

    def _likeness(self, said: Words) -> Scores:
        """Return the cosine of each view with the words; with marks, the mean of both forms."""
        if not said.marked:
            return _summed(self._folded.gains(said.folded), len(self.views))
        folded, accented = self._folded.gains(said.folded, 0.5), self._accented.gains(said.accented, 0.5)
        return _summed((*folded, *accented), len(self.views))

    def _chosen(self, found: _Found) -> Numbers:
        worth = found.best + found.papers + found.bags + found.document + np.float32(0.1) * self._explained
        few = min(CONSIDERED, len(worth))
        chosen: Numbers = (-worth).argpartition(few - 1)[:few]
        return chosen[(-worth[chosen]).argsort(kind="stable")]

    def _weighed(self, query: _Query, found: _Found, chosen: Numbers, asked: Query) -> Evidence:
        views, starts = _spans(self._starts[chosen], self._starts[chosen + 1])
        at = views[self._first_best(found.nearest[views], starts)]
        named, names = self._named[views], views[starts]  # the name of a service comes first
        worded = np.where(named, np.float32(0), found.total[views])
        first = self._first_best(worded, starts)
        second = worded.copy()
        second[first] = 0
        has_name = self._named[names]
        done = self._done[chosen]
        wanted = np.array([act in asked.acts for act in self._acts], np.float32)
        rows = (
            found.total[names] * has_name,
            worded[first],
            np.maximum.reduceat(second, starts),
            self._of_question(query, found, at),
            found.hits[at] / self._folded.weights[at],
            found.nearest[at],
            found.official[names] * has_name,
            self._of_question(query, found, names) * has_name,
            found.hits[names] / self._folded.weights[names] * has_name,
            found.bags[chosen],
            found.document[chosen],
            found.papers[chosen],
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

    @staticmethod
    def _of_question(query: _Query, found: _Found, views: Numbers) -> Scores:
        """Return the share of the question that some views hold; official words may be held, and not said."""
        share: Scores = np.minimum(found.hits[views] / np.float32(query.weight), np.float32(1))
        return share

    @staticmethod
    def _first_best(values: Scores, starts: Numbers) -> Numbers:
        """Return the position of the first greatest value of each run."""
        best = np.maximum.reduceat(values, starts)
        lengths = np.diff(np.append(starts, len(values)))
        hits: Numbers = (values == best.repeat(lengths)).nonzero()[0]
        return hits[hits.searchsorted(starts)]


def _summed(gains: Sequence[Gains], size: int) -> Scores:
    """Add up what each view gains."""
    if not gains:
        return np.zeros(size, np.float32)
    shares = np.concatenate([shares for _, shares, _ in gains])
    shares *= np.repeat(
        np.array([weight for _, _, weight in gains], np.float32), [len(views) for views, _, _ in gains]
    )
    views = np.concatenate([views for views, _, _ in gains])
    return np.bincount(views, shares, minlength=size).astype(np.float32)


def _spans(starts: Numbers, ends: Numbers) -> tuple[Numbers, Numbers]:
    """Return all numbers of several ranges in a row, and where each range begins in that row."""
    lengths = ends - starts
    begins = np.cumsum(lengths) - lengths
    return np.arange(int(lengths.sum())) + np.repeat(starts - begins, lengths), begins


@dataclass(frozen=True, slots=True)
class _Query:
    telling: Words
    official: Words
    folded: tuple[str, ...]
    """Each telling word once."""
    weights: Scores
    """What each of them tells."""
    weight: float
    """The same of all."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Likeness by view, and shares of the question by document."""

    total: Scores
    official: Scores
    hits: Scores
    """The weight of the words that it holds."""
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

    def __init__(self, rows: Iterable[Sequence[str]]) -> None:
        numbers: dict[str, int] = {}
        lengths: list[int] = []
        self.words = np.fromiter(_numbered(rows, numbers, lengths), np.int32)
        self.owners = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
        self.numbers = numbers
        self._size = len(lengths)
        together = self.owners[1:] == self.owners[:-1]
        pairs = self.words[:-1][together].astype(np.int64) * len(numbers) + self.words[1:][together]
        codes, pair_terms = np.unique(pairs, return_inverse=True)
        self._pairs = np.append(codes, NO_PAIR)  # so that there is always one to look at
        terms = np.concatenate((self.words, (len(numbers) + pair_terms).astype(np.int32)))
        self._weigh(*_each_once(terms, np.concatenate((self.owners, self.owners[1:][together])), self._size))

    def _weigh(self, terms: Small, views: Small) -> None:
        """Give each term its share of each view; they come sorted by term."""
        frequency = np.bincount(terms)
        single = np.arange(len(frequency)) < len(self.numbers)
        self._rarity = (np.log1p(self._size / frequency) * np.where(single, 1.0, PAIR_WEIGHT)).astype(
            np.float32
        )
        weights = self._rarity[terms]
        lengths = np.bincount(views, weights**2, minlength=self._size).astype(np.float32) ** (PIVOT / 2)
        self._views = views
        self._shares = weights / lengths[views]
        self._starts = np.concatenate(([0], np.cumsum(frequency)))
        words = np.where(single[terms], weights, 0)
        self.weights = np.maximum(np.bincount(views, words, minlength=self._size), ONLY_ONCE).astype(
            np.float32
        )
        self.coverage = np.float32(COVERAGE) / self.weights

    def rarity(self, word: str) -> float:
        number = self.numbers.get(word)
        return 0.0 if number is None else float(self._rarity[number])

    def gains(self, row: Sequence[str], factor: float = 1) -> list[Gains]:
        """Return what views gain by each word and pair: summed up, their cosine with the words."""
        known = self._terms(row)
        rarity = self._rarity[known]
        rarest = (-rarity).argsort(kind="stable")[:MAX_TERMS]
        length = max(float(np.linalg.norm(rarity)), ONLY_ONCE)
        weights = (rarity[rarest] * np.float32(factor / length)).tolist()
        spans = zip(self._spans(known[rarest]), weights, strict=True)
        return [(self._views[span], self._shares[span], weight) for span, weight in spans]

    def shared(self, words: Iterable[str]) -> Scores:
        """Return for each view the weight of the words that it holds."""
        known = np.array([self.numbers[word] for word in words if word in self.numbers], np.int64)
        lists = [self._views[span] for span in self._spans(known)]
        weights = self._rarity[known].repeat([len(views) for views in lists])
        return np.bincount(np.concatenate([_NOWHERE, *lists]), weights, minlength=self._size).astype(
            np.float32
        )

    def _spans(self, terms: Numbers) -> list[slice]:
        starts, ends = self._starts[terms].tolist(), self._starts[terms + 1].tolist()
        return [slice(start, end) for start, end in zip(starts, ends, strict=True)]

    def _terms(self, row: Sequence[str]) -> Numbers:
        """Return the numbers of the words and pairs that are known, each once."""
        words = [self.numbers.get(word, -1) for word in row]
        codes = [a * len(self.numbers) + b for a, b in pairwise(words) if a >= 0 and b >= 0]
        at = self._pairs[:-1].searchsorted(codes)
        near = zip(at.tolist(), self._pairs[at].tolist(), codes, strict=True)
        pairs = (len(self.numbers) + number for number, found, code in near if found == code)
        known = dict.fromkeys((*(number for number in words if number >= 0), *pairs))
        return np.fromiter(known, np.int64, len(known))


def _each_once(terms: Small, views: Small, size: int) -> tuple[Small, Small]:
    """Sort by term, then by view, each pair once."""
    pairs = terms * np.int64(size)
    pairs += views
    pairs.sort()
    first = np.ones(len(pairs), bool)
    first[1:] = pairs[1:] != pairs[:-1]
    pairs = pairs[first]
    return (pairs // size).astype(np.int32), (pairs % size).astype(np.int32)


def _numbered(rows: Iterable[Sequence[str]], numbers: dict[str, int], lengths: list[int]) -> Iterator[int]:
    """Yield the numbers of all words in a row, noting new words and the length of each row."""
    for row in rows:
        lengths.append(len(row))
        for word in row:
            yield numbers.setdefault(word, len(numbers))


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

    def __init__(self, papers: Sequence[Collection[str]]) -> None:
        self._size = len(papers)
        lists: dict[str, list[int]] = {}
        for number, words in enumerate(papers):
            for word in words:
                lists.setdefault(word, []).append(number)
        self._lists = {word: np.array(numbers, np.int32) for word, numbers in lists.items()}

    def shared(self, words: Sequence[str], weights: Scores) -> Scores:
        """Return for each document the weight of the words that its papers hold."""
        lists = [self._lists.get(word, _NOWHERE) for word in words]
        gains = weights.repeat([len(numbers) for numbers in lists])
        documents = np.concatenate([_NOWHERE, *lists])
        return np.bincount(documents, gains, minlength=self._size).astype(np.float32)
