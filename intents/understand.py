"""What a message asks, before any service is searched: topic, aspect, follow-up, refusal.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from dataclasses import dataclass

from content.models import Aspect, Missing, Topic
from intents.knowledge import Knowledge
from intents.redact import MASK
from intents.text import Words
from intents.turn import Outcome

GUARDS = (
    Outcome.EMERGENCY,
    Outcome.WARNING,
    Outcome.INJECTION,
    Outcome.CANNOT_ACT,
    Outcome.HANDOFF,
)
"""Topics that are met before any service, the gravest first."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """A message read."""

    said: Words
    subject: Words
    """What was said without the words of the aspect: «làm hộ chiếu mất bao lâu» is about «làm hộ chiếu»."""
    aspect: Aspect | None
    guard: Topic | None
    """A topic that is met before any service."""
    topic: Topic | None
    """A topic that is told when no service is meant more clearly."""
    missing: Missing | None
    follow_up: bool
    rejection: bool
    masked: bool
    """The message held personal numbers."""


def understand(text: str, knowledge: Knowledge) -> Understanding:
    """Read a message."""
    said = knowledge.speller.read(text)
    aspect, subject = _aspect(said, knowledge)
    found = {name: words for name, p in knowledge.topic_patterns.items() if (words := p.find(said))}
    topics = [knowledge.topic(name) for name in found]
    guards = sorted(
        (t for t in topics if t.outcome in GUARDS), key=lambda t: GUARDS.index(Outcome(t.outcome))
    )
    plain = [t for t in topics if t.outcome not in GUARDS and _enough(t, found[t.id], said)]
    return Understanding(
        said=said,
        subject=subject,
        aspect=aspect,
        guard=guards[0] if guards else None,
        topic=max(plain, key=lambda t: len(found[t.id]), default=None),
        missing=next((m for m, p in knowledge.missing_patterns if p.find(said)), None),
        follow_up=bool(knowledge.follow_ups.find(said)),
        rejection=bool(knowledge.rejections.find(said)),
        masked=MASK in text,
    )


def _aspect(said: Words, knowledge: Knowledge) -> tuple[Aspect | None, Words]:
    tails = {aspect: patterns.tails(said) for aspect, patterns in knowledge.aspect_patterns.items()}
    found = [aspect for aspect, positions in tails.items() if positions]
    methods = [a for a in found if a in (Aspect.ONLINE, Aspect.POST)]
    asking = {i for aspect, positions in tails.items() if aspect is not Aspect.CONDITIONS for i in positions}
    asking |= knowledge.noise.tails(said)
    return next(iter([*methods, *found]), None), _without(said, asking)


def _without(said: Words, taken: set[int]) -> Words:
    kept = [i for i in range(len(said)) if i not in taken]
    return Words(tuple(said.accented[i] for i in kept), tuple(said.folded[i] for i in kept))


def _enough(topic: Topic, found: str, said: Words) -> bool:
    """Tell whether enough of a message speaks of a topic: «ok» in a long question is no small talk."""
    return topic.outcome != Outcome.SMALL_TALK or 2 * len(found.split()) >= len(said)
