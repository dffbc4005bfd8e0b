"""From words to services that may be meant, with a confidence and its reasons.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from dataclasses import dataclass

from intents.index import Hit
from intents.knowledge import Knowledge
from intents.text import Words
from intents.turn import Candidate

LIMIT = 10
"""How many candidates are kept."""
UNKNOWN_RARITY = 4.0
"""Weight of a word that no service knows, against a known one of medium rarity: it speaks against all."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched: the words as meant, and official words for everyday ones among them."""

    said: Words
    meant: Words


def retrieve(query: Query, knowledge: Knowledge) -> tuple[Candidate, ...]:
    """Return the services that share most with a query, best first."""
    hits = knowledge.index.search(query.said, query.meant, LIMIT)
    said = knowledge.index.telling(query.said)
    return tuple(_candidate(hit, said, query.meant, knowledge) for hit in hits)


def with_synonyms(said: Words, knowledge: Knowledge) -> Query:
    """Add the official words for everyday ones."""
    meant = [official for pattern, official in knowledge.synonyms if pattern.find(said)]
    accented = tuple(w for words in meant for w in words.accented)
    folded = tuple(w for words in meant for w in words.folded)
    return Query(said, Words(accented, folded))


def _candidate(hit: Hit, said: Words, meant: Words, knowledge: Knowledge) -> Candidate:
    view = knowledge.index.telling(knowledge.index.views[hit.view].said)
    shared = tuple(dict.fromkeys(w for w in said.folded if w in view.folded))
    ours = _weight(set(view.folded), knowledge)
    theirs = _weight(set(said.folded), knowledge)
    both = _weight(set(shared) | (set(meant.folded) & set(view.folded)), knowledge)
    score = both / (theirs or 1) * 0.6 + both / (ours or 1) * 0.4
    return Candidate(hit.code, round(min(score, 1.0), 3), (f"{hit.score:.2f}", *shared))


def _weight(folded: set[str], knowledge: Knowledge) -> float:
    return sum(knowledge.index.rarity(w) or UNKNOWN_RARITY for w in folded)
