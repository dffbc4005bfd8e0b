"""From candidates to one service, a few to choose from, or none.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from content.models import Family
from intents.knowledge import Knowledge
from intents.turn import Candidate

SURE = 0.58
"""From here on the best candidate is answered directly: more than nine in ten of these are right."""
SURE_USUAL = 0.45
"""The same for the usual case of a family, which most people mean."""
SURE_UNEXPLAINED = 0.85
"""The same for services that we know by name alone: their siblings are many and named alike."""
CERTAIN = 0.95
"""From here on the wording decides, not a word that points to a sibling."""
SURE_ALONE = 0.5
"""From here on a candidate without any rival is answered directly."""
POSSIBLE = 0.2
"""Below this the best candidate is right hardly ever: better to say that nothing was found."""
MANY = 99
"""Telling words of a question that nobody counted."""
NAMED = 0.8
"""Share of a wording from which on it is named in full."""
AS_NEAR = 0.15
"""Candidates no further apart than this are equally near."""
OUTSIDER = 0.5
"""Beside the best, a candidate outside a family this likely keeps the family from asking its question."""
SIBLING = 0.3
"""Beside the best, a sibling this likely makes the family ask."""
WORTH_SHOWING = 0.01
"""A choice this unlikely only makes the list longer."""
SURE_BY_WORDS = {0: CERTAIN, 1: CERTAIN, 2: CERTAIN, 3: 0.7}
"""Below this a question of so few telling words («sang tên»), no wording named in full, is asked back."""
SHOWN = 4
"""How many choices a person is asked to read."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One service is meant."""

    candidate: Candidate


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several may be meant; the person is asked."""

    candidates: tuple[Candidate, ...]
    question: str = ""
    """The family's own question, where one separates them."""


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Nothing in the catalogue is near enough."""


Choice = Answered | Ambiguous | NotUnderstood


def choose(
    candidates: tuple[Candidate, ...], cued: Mapping[str, int], knowledge: Knowledge, telling: int = MANY
) -> Choice:
    """Decide by confidence, by the distance to the next, and by families of siblings.

    `cued` tells what words of the question pick from siblings, 1, and what they pass over, -1; `telling` how
    many of its words tell services apart.
    """
    if not candidates or candidates[0].score < POSSIBLE:
        return NotUnderstood()
    candidates = prefer_usual(candidates, cued, knowledge)
    vague = candidates[0].named < NAMED and candidates[0].score < SURE_BY_WORDS.get(telling, 0.0)
    if candidates[0].score >= sure(candidates[0], knowledge) and not vague:
        twins = _twins(candidates, knowledge)
        return Ambiguous(twins) if len(twins) > 1 else _within_family(candidates, cued, knowledge)
    distinct = _distinct(candidates, knowledge)
    alone = len(distinct) == 1 and candidates[0].score >= SURE_ALONE
    return Answered(candidates[0]) if alone else _family_question(distinct, knowledge)


def prefer_usual(
    candidates: tuple[Candidate, ...], cued: Mapping[str, int], knowledge: Knowledge
) -> tuple[Candidate, ...]:
    """Put first what is as near and meant more often: the service a text is about, a family's usual case."""
    if not candidates:
        return ()
    best = candidates[0]
    family = knowledge.families.get(best.code)
    picked = family is None or any(cued.get(sibling.code) == 1 for sibling in family.siblings)
    usual = "" if picked or family is None else family.siblings[0].code
    main = knowledge.text(best.code).codes[:1]
    near = [c for c in candidates if c.score >= best.score - AS_NEAR]
    first = next((c for c in near if c.code == usual), best)
    if first is best:  # a text is about its first service, unless words point to another
        first = next((c for c in near if (c.code,) == main and len(c.shared) >= len(best.shared)), best)
    return (replace(first, score=best.score), *(c for c in candidates if c.code != first.code))


def sure(best: Candidate, knowledge: Knowledge) -> float:
    """Return from where on a candidate is answered directly."""
    family = knowledge.families.get(best.code)
    if family and family.default and family.siblings[0].code == best.code:
        return SURE_USUAL
    return SURE if knowledge.text(best.code).summary else SURE_UNEXPLAINED


def _family_question(distinct: tuple[Candidate, ...], knowledge: Knowledge) -> Ambiguous:
    """Ask the question that separates siblings when hardly anything else is meant; else list what may be."""
    family = knowledge.families.get(distinct[0].code)
    among = {s.code for s in family.siblings} if family else set()
    rivals = [c for c in distinct if c.code not in among and c.score >= OUTSIDER * distinct[0].score]
    alone = len(distinct) == 1 or distinct[1].code not in among
    if family is None or alone or rivals:
        return Ambiguous(distinct)
    return _asked(family, distinct)


def _asked(family: Family, candidates: tuple[Candidate, ...]) -> Ambiguous:
    """Ask a family's question, the likeliest sibling first, the others in the family's order."""
    found = {c.code: c for c in reversed(candidates)}
    siblings = (found.get(s.code, Candidate(s.code, 0.0)) for s in family.siblings)
    best = candidates[0].code
    return Ambiguous(tuple(sorted(siblings, key=lambda c: c.code != best)), family.question)


def _twins(candidates: tuple[Candidate, ...], knowledge: Knowledge) -> tuple[Candidate, ...]:
    """Return the best with those of its name at another tier; where a text explains it, the text decides."""
    best = candidates[0]
    if knowledge.text(best.code).summary:
        return (best,)
    tiers = knowledge.service(best.code).tiers
    others = (c for c in candidates[1:] if knowledge.alike(best.code, c.code))
    return (best, *(c for c in others if knowledge.service(c.code).tiers != tiers))[:SHOWN]


def _within_family(
    candidates: tuple[Candidate, ...], cued: Mapping[str, int], knowledge: Knowledge
) -> Choice:
    best = candidates[0]
    family = knowledge.families.get(best.code)
    if family is None:
        return Answered(best)
    picked = [s.code for s in family.siblings if cued.get(s.code) == 1]
    if len(picked) == 1 and (best.score < CERTAIN or picked[0] == best.code):
        return Answered(replace(best, code=picked[0]))
    usual = family.siblings[0].code
    as_near = any(c.code == usual and c.score >= best.score for c in candidates)
    if family.default:
        return Answered(replace(best, code=usual) if as_near else best)
    among = {s.code for s in family.siblings}
    rivals = any(c.code in among and c.score >= SIBLING * best.score for c in candidates if c is not best)
    if best.code != usual and not rivals:
        return Answered(best)
    return _asked(family, candidates)


def _distinct(candidates: tuple[Candidate, ...], knowledge: Knowledge) -> tuple[Candidate, ...]:
    kept: list[Candidate] = []
    for candidate in candidates:
        if candidate.score >= WORTH_SHOWING and not any(
            knowledge.alike(k.code, candidate.code) for k in kept
        ):
            kept.append(candidate)
    return tuple(kept[:SHOWN])
