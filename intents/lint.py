"""Content against the ranker: every example must lead to its own service.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from content.models import Content, PlainText, Service
from intents.engine import decide
from intents.knowledge import Knowledge
from intents.patterns import problem
from intents.retrieve import query_of, retrieve
from intents.turn import DialogueState, Inbound, Kind
from intents.understand import understand

ANY_DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def malformed(content: Content) -> Iterator[tuple[str, str]]:
    """Yield phrases that are no patterns, each with the id of where it stands."""
    groups = {t.id: (*t.patterns, *t.short_patterns) for t in content.topics.values()} | {
        m.id: m.patterns for m in content.missing
    }
    vocabulary = content.vocabulary
    groups |= {f"vocabulary {aspect}": phrases for aspect, phrases in vocabulary.aspects.items()}
    groups |= {f"vocabulary {aspect}, short": phrases for aspect, phrases in vocabulary.short_aspects.items()}
    groups |= {f"{f.id} {s.code}": s.cues for f in content.families for s in f.siblings}
    groups["vocabulary"] = (*vocabulary.noise, *vocabulary.follow_ups, *vocabulary.rejections)
    groups["vocabulary"] += (*vocabulary.place_questions, *vocabulary.synonyms)
    for name, phrases in groups.items():
        yield from ((name, wrong) for phrase in phrases if (wrong := problem(phrase)))


def overmatched(knowledge: Knowledge) -> Iterator[tuple[PlainText, str]]:
    """Yield texts with a problem: an example that another service, or a topic, takes away."""
    for text in knowledge.content.texts:
        for example in text.examples:
            if problem := _thief(example, text, knowledge):
                yield text, f"«{example}»: {problem}"


def unreachable(knowledge: Knowledge) -> Iterator[Service]:
    """Yield services that are not even among the candidates for their own name."""
    for service in knowledge.content.catalogue.services.values():
        u = replace(understand(service.name, knowledge), written=())
        found = retrieve(query_of(u, knowledge), knowledge).services
        if not any(knowledge.alike(candidate.code, service.code) for candidate in found):
            yield service


def _thief(example: str, text: PlainText, knowledge: Knowledge) -> str:
    u = understand(example, knowledge)
    if u.guard or u.missing:
        decision = decide(Inbound(Kind.TEXT, example), DialogueState(), knowledge, ANY_DAY)
        if not _own(text, knowledge).intersection(c.code for c in decision.services):
            return f"taken by {decision.topic}"
    found = retrieve(query_of(u, knowledge), knowledge).services
    winner = found[0] if found else None
    if winner is None:
        return "leads to no service"
    if winner.code in _own(text, knowledge):
        return ""
    own = next((c.score for c in found if c.code in text.codes), 0.0)
    return f"taken by {winner.code} {knowledge.title(winner.code)} ({winner.score:.2f} against {own:.2f})"


def _own(text: PlainText, knowledge: Knowledge) -> set[str]:
    names = {knowledge.service(code).name for code in text.codes}
    twins = {s.code for s in knowledge.content.catalogue.services.values() if s.name in names}
    family = knowledge.families.get(text.codes[0])
    return (
        {*text.codes, *twins, *(m.code for m in family.siblings if family)}
        if family
        else {*text.codes, *twins}
    )
