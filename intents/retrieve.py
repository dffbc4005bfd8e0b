"""From words to services that may be meant, with a calibrated confidence and its reasons.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from intents.index import Hit
from intents.knowledge import Knowledge
from intents.text import Words, words
from intents.turn import Candidate

CONSIDERED = 40
KEPT = 10
COVERAGE = 0.6
"""How much it counts, against the likeness of words, that little of the question and little of the wording
is left over."""
WRITTEN = 0.1
"""A service that we explain in plain words is one that people ask for: it wins a draw."""
UNKNOWN_RARITY = 4.0
"""Weight of a word that no service knows; it speaks against all of them alike."""
FULL_WEIGHT = 30.0
"""Weight of shared words beyond which more of them make nobody surer."""

EXACT = 0.95
"""Who says just what one service alone is called means that service."""
ALL = 0.999

LIKENESS, OF_QUESTION, OF_WORDING, MARGIN, WEIGHT, BIAS = 1.42, 0.49, 1.5, 1.98, 1.37, -3.66
"""A logistic regression on 270 labelled questions and 30 out of scope. Measured over 279 questions, with and
without diacritics, and those 30: of candidates with confidence 0.9 and more 98 % were right, of 0.7 to 0.9
85 %, of 0.5 to 0.6 60 %, of 0.2 to 0.3 9 %."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched: the words as meant, and official words for everyday ones among them."""

    said: Words
    meant: Words


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What speaks for one service."""

    hit: Hit
    of_question: float
    """Share of the question's weight that the wording explains."""
    of_wording: float
    """Share of the wording's weight that the question names."""
    weight: float
    shared: tuple[str, ...]
    rank: float

    @property
    def exact(self) -> bool:
        """Tell whether question and wording say the same, in more than a single word."""
        return len(self.shared) > 1 and min(self.of_question, self.of_wording) > ALL


def with_synonyms(said: Words, knowledge: Knowledge) -> Query:
    """Add the official words for everyday ones."""
    everyday, official = knowledge.synonyms
    meant = [official[number] for number in everyday.matching(said)]
    accented = tuple(w for words in meant for w in words.accented)
    folded = tuple(w for words in meant for w in words.folded)
    return Query(said, Words(accented, folded))


def retrieve(query: Query, knowledge: Knowledge) -> tuple[Candidate, ...]:
    """Return the services that share most with a query, best first."""
    hits = knowledge.index.search(query.said, query.meant, CONSIDERED)
    said = frozenset(knowledge.index.telling(query.said).folded)
    named = said.union(query.meant.folded)
    said_weight = _weight(said, knowledge) or 1.0
    evidence = [_evidence(hit, named, said_weight, knowledge) for hit in hits]
    ranked = sorted(evidence, key=lambda e: -e.rank)
    candidates = [_candidate(e, ranked, knowledge) for e in ranked[:KEPT]]
    falling = accumulate((c.score for c in candidates), min)
    return tuple(replace(c, score=score) for c, score in zip(candidates, falling, strict=True))


def siblings(
    said: Words, code: str, found: tuple[Candidate, ...], knowledge: Knowledge
) -> tuple[Candidate, ...]:
    """Return services of the same field that «and the other one?» may mean, else what was found.

    After «đăng ký tạm trú», «thế còn gia hạn» is about extending it: the title in hand is searched along.
    """
    title = words(knowledge.title(code))
    both = Words((*said.accented, *title.accented), (*said.folded, *title.folded))
    new = set(knowledge.index.telling(said).folded)
    fields = set(knowledge.service(code).fields)
    near = tuple(
        candidate
        for candidate in retrieve(with_synonyms(both, knowledge), knowledge)
        if candidate.code != code
        and new & set(candidate.shared)
        and fields & set(knowledge.service(candidate.code).fields)
    )
    return near if near and (not found or near[0].score >= found[0].score) else found


def _evidence(hit: Hit, named: frozenset[str], said_weight: float, knowledge: Knowledge) -> _Evidence:
    wording = knowledge.index.telling(knowledge.index.views[hit.view].said).folded
    shared = named.intersection(wording)
    weight = _weight(shared, knowledge)
    of_question = min(weight / said_weight, 1.0)
    of_wording = weight / (_weight(frozenset(wording), knowledge) or 1.0)
    written = WRITTEN if knowledge.text(hit.code).summary else 0.0
    rank = hit.score + COVERAGE * (of_question + of_wording) + written
    return _Evidence(hit, of_question, of_wording, weight, tuple(sorted(shared)), rank)


def _candidate(evidence: _Evidence, ranked: Sequence[_Evidence], knowledge: Knowledge) -> Candidate:
    code = evidence.hit.code
    rival = next((e.rank for e in ranked if not knowledge.alike(e.hit.code, code)), 0.0)
    confidence = (
        LIKENESS * evidence.hit.score
        + OF_QUESTION * evidence.of_question
        + OF_WORDING * evidence.of_wording
        + MARGIN * (evidence.rank - rival)
        + WEIGHT * min(evidence.weight / FULL_WEIGHT, 1.0)
        + BIAS
    )
    score = 1 / (1 + math.exp(-confidence))
    if evidence.exact and not any(e.exact and not knowledge.alike(e.hit.code, code) for e in ranked):
        score = max(score, EXACT)
    return Candidate(code, round(score, 3), evidence.shared)


def _weight(folded: Iterable[str], knowledge: Knowledge) -> float:
    rarity = knowledge.index.rarity
    return sum(rarity(word) or UNKNOWN_RARITY for word in folded)
