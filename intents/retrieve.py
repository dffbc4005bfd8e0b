"""From words to what may be meant, with a calibrated confidence and its reasons.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from intents.attached import Meant
from intents.index import EXACT, FEATURES, Evidence, Query
from intents.knowledge import Knowledge
from intents.ranking import Floats
from intents.text import Words, words
from intents.turn import Candidate
from intents.understand import Understanding, subject_of

KEPT = 8
SHOWN_OTHERS = 2
"""Topics that are looked at."""
NO_RIVAL = -6.0
"""How far below the best a rival is taken to be where there is none."""

_OF_WORDING = FEATURES.index("of_wording")


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What may be meant, best first."""

    services: tuple[Candidate, ...]
    others: tuple[Candidate, ...]
    """Topics, and what the catalogue lacks; their codes are ids of documents."""


def query_of(u: Understanding, knowledge: Knowledge) -> Query:
    """Return what to search for a message that was read."""
    said = subject_of(u, knowledge)
    meant = [knowledge.official[number] for number in u.official]
    accented = tuple(w for words in meant for w in words.accented)
    folded = tuple(w for words in meant for w in words.folded)
    return Query(said, Words(accented, folded), u.acts, u.cued, u.written)


def retrieve(query: Query, knowledge: Knowledge) -> Retrieved:
    """Return the services and topics that may be meant, by phrases that staff attached as well."""
    found = _searched(query, knowledge)
    meant = knowledge.attached.meant(query)
    return replace(found, services=_lifted(found.services, meant)) if meant else found


def _lifted(services: tuple[Candidate, ...], meant: Meant) -> tuple[Candidate, ...]:
    """Give the service of a phrase the confidence of its likeness; said word for word, it comes first.

    What is only near to a phrase does not come before what is as sure of another service.
    """
    code = meant.phrase.code
    known = next((c.score for c in services if c.code == code), 0.0)
    others = tuple(c for c in services if c.code != code)
    candidate = Candidate(code, max(known, min(meant.likeness, EXACT)), meant.shared, 1.0, meant.wording)
    if meant.word_for_word:
        surest = max((c.score for c in others), default=0.0)
        return (replace(candidate, score=max(candidate.score, surest)), *others)[:KEPT]
    return tuple(sorted((*others, candidate), key=lambda c: -c.score))[:KEPT]


def _searched(query: Query, knowledge: Knowledge) -> Retrieved:
    """Return what the index finds."""
    evidence = knowledge.index.search(query)
    if not evidence.documents:
        return Retrieved((), ())
    scores = knowledge.ranker.scores(evidence.features)
    meant = _word_for_word(query, knowledge)
    exact = [n for n, document in enumerate(evidence.documents) if document in meant]
    order = (-scores).argsort(kind="stable").tolist()
    first = [*exact, *(n for n in order if n not in exact)]
    services = [n for n in first if evidence.documents[n] in knowledge.content.catalogue.services]
    others = [n for n in first if n not in services]
    kept = [*services[:KEPT], *others[:SHOWN_OTHERS]]
    sure = _confidence(evidence, scores, order, kept, knowledge)
    said = frozenset((*knowledge.index.telling(query.said).folded, *query.meant.folded))

    def falling(rows: Sequence[int]) -> tuple[Candidate, ...]:
        """Confidence never rises behind a better candidate; what was said word for word is sure."""
        known = (max(EXACT, sure[n]) if n in exact else sure[n] for n in rows)
        listed = zip(rows, accumulate(known, min), strict=True)
        return tuple(_candidate(evidence, n, score, said, knowledge) for n, score in listed)

    return Retrieved(falling(services[:KEPT]), falling(others[:SHOWN_OTHERS]))


def siblings(
    query: Query, code: str, found: tuple[Candidate, ...], knowledge: Knowledge
) -> tuple[Candidate, ...]:
    """Return services of the same field that «and the other one?» may mean, else what was found.

    After «đăng ký tạm trú», «thế còn gia hạn» is about extending it: the title in hand is searched along.
    """
    title = words(knowledge.title(code))
    said = query.said
    both = Words((*said.accented, *title.accented), (*said.folded, *title.folded))
    new = set(knowledge.index.telling(said).folded)
    fields = set(knowledge.service(code).fields)
    near = tuple(
        candidate
        for candidate in retrieve(replace(query, said=both, written=()), knowledge).services
        if candidate.code != code
        and new & set(candidate.shared)
        and fields & set(knowledge.service(candidate.code).fields)
    )
    return near if near and (not found or near[0].score >= found[0].score) else found


def rival(
    documents: Sequence[str], scores: Sequence[float], order: Sequence[int], number: int, knowledge: Knowledge
) -> float:
    """Return the best score of a document that is not the same thing to a citizen; `order` is by score."""
    own = documents[number]
    others = (scores[n] for n in order if n != number and not knowledge.alike(own, documents[n]))
    return next(others, scores[number] + NO_RIVAL)


def _confidence(
    evidence: Evidence, scores: Floats, order: Sequence[int], kept: Sequence[int], knowledge: Knowledge
) -> dict[int, float]:
    listed = scores.tolist()
    rivals = [rival(evidence.documents, listed, order, n, knowledge) for n in kept]
    sure = knowledge.ranker.confidence(evidence.features[kept], scores[kept], rivals).tolist()
    return dict(zip(kept, sure, strict=True))


def _word_for_word(query: Query, knowledge: Knowledge) -> frozenset[str]:
    """Return the documents that have a wording of just these words, if they mean one thing."""
    documents = knowledge.index.worded(query.written)
    alone = all(knowledge.alike(one, other) for one in documents for other in documents)
    return documents if alone else frozenset()


def _candidate(
    evidence: Evidence, number: int, score: float, said: frozenset[str], knowledge: Knowledge
) -> Candidate:
    shared = knowledge.index.shared(said, evidence.views[number])
    named = float(evidence.features[number, _OF_WORDING])
    wording = " ".join(knowledge.index.views[evidence.views[number]].said.folded)
    return Candidate(evidence.documents[number], round(score, 3), shared, named, wording)
