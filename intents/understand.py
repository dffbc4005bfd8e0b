"""What a message asks, before any service is searched: topic, aspect, follow-up, refusal.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from content.models import Aspect, Missing, Topic
from intents.knowledge import Heard, Knowledge
from intents.patterns import Found, Span
from intents.places import Mention
from intents.redact import MASK
from intents.text import Words
from intents.turn import GUARDS, Outcome


@dataclass(frozen=True, slots=True)
class Understanding:
    """A message read."""

    written: tuple[str, ...]
    """The words as they were written, folded."""
    said: Words
    """The words as they were meant."""
    subject: Words
    """What was said without the words of the aspect: «làm hộ chiếu mất bao lâu» is about «làm hộ chiếu»."""
    matter: Words
    """The subject without «điều kiện», which may ask or be part of a name."""
    aspect: Aspect | None
    guard: Topic | None
    """A topic that is met before any service."""
    topic: Topic | None
    """A topic that is told when no service is meant more clearly."""
    nothing_else: bool
    """Beside the words of the topic nothing was said that could name a service."""
    missing: Missing | None
    next_need: Words
    """What stands behind «that is done, now …»; empty where nothing does."""
    follow_up: bool
    rejection: bool
    masked: bool
    """The message held personal numbers."""
    acts: frozenset[str]
    """What is to be done with a paper: a renewal, a change."""
    cued: Mapping[str, int]
    """1 for services that a word picks from their siblings, -1 for the siblings."""
    communes: tuple[Mention, ...]
    """Communes named; they say where, not what, and are no part of the subject."""
    taken: frozenset[int]
    """Positions of the words that are no part of the subject."""
    official: tuple[int, ...]
    """Numbers of everyday words that stand for official ones."""
    pronoun: str
    """What the person calls themselves; empty where nothing tells."""
    joint: Span | None
    """Where one need ends and the next begins, if the message has two."""
    asks_place: bool
    """What a commune belongs to is the question."""


def understand(text: str, knowledge: Knowledge) -> Understanding:
    """Read a message."""
    said = knowledge.speller.read(text)
    found = knowledge.phrasebook.read(said)
    communes = tuple(knowledge.gazetteer.mentions(said))
    aspect, asking = _aspect(said, found, knowledge)
    where = {i for mention in communes for i in range(mention.start, mention.end)}
    taken = frozenset(asking | where)
    spans = _spans(said, found)
    topics = [topic for topic in knowledge.content.topics.values() if topic.id in spans]
    guards = sorted(
        (t for t in topics if t.outcome in GUARDS), key=lambda t: GUARDS.index(Outcome(t.outcome))
    )
    plain = {t.id: spans[t.id] for t in topics if t.outcome not in GUARDS}
    return Understanding(
        written=knowledge.speller.written(text).folded,
        said=said,
        subject=_without(said, taken),
        matter=_without(said, taken | found.tails((Heard.ASPECT, Aspect.CONDITIONS))),
        aspect=aspect,
        guard=guards[0] if guards else None,
        topic=knowledge.topic(_main(plain)) if plain else None,
        nothing_else=bool(plain) and _nothing_else(said, plain[_main(plain)], found, knowledge),
        missing=_missing(found, knowledge),
        next_need=_behind(said, found.span(Heard.TURN), taken),
        follow_up=_opens(found.span(Heard.FOLLOW_UP)),
        rejection=Heard.REJECTION in found,
        masked=MASK in text,
        cued=_cued(found, taken, knowledge),
        acts=frozenset(act for key, act in found.of_kind(Heard.ACT) if found.beyond(key, taken)),
        communes=communes,
        taken=taken,
        pronoun=next((pronoun for _, pronoun in found.of_kind(Heard.PRONOUN)), ""),
        official=tuple(found.phrases(Heard.SYNONYM)),
        joint=found.span(Heard.JOINT),
        asks_place=bool(communes) and Heard.PLACE in found,
    )


def _missing(found: Found, knowledge: Knowledge) -> Missing | None:
    names = {name for _, name in found.of_kind(Heard.MISSING)}
    return next((m for m in knowledge.content.missing if m.id in names), None) if names else None


def _cued(found: Found, taken: frozenset[int], knowledge: Knowledge) -> dict[str, int]:
    """Return what picks a sibling; the «mất» of «mất bao lâu» speaks of no loss."""
    cued = [code for key, code in found.of_kind(Heard.CUE) if found.beyond(key, taken)]
    siblings = {s.code for code in cued for s in knowledge.families[code].siblings}
    return dict.fromkeys(siblings, -1) | dict.fromkeys(cued, 1)


def _opens(span: Span | None) -> bool:
    """Tell whether a phrase stands at the beginning, at most a «dạ» before it."""
    return span is not None and span[0] <= 1


def _aspect(said: Words, found: Found, knowledge: Knowledge) -> tuple[Aspect | None, set[int]]:
    """Return what is asked, and the positions of the words that ask it or say nothing."""
    vocabulary = knowledge.content.vocabulary
    tails = {aspect: found.tails((Heard.ASPECT, aspect)) for aspect in vocabulary.aspects}
    for aspect in vocabulary.short_aspects:
        span = found.span((Heard.SHORT_ASPECT, aspect))
        if span and _most(span, said):
            tails[aspect] = tails.get(aspect, set()).union(range(*span))
    heard = [aspect for aspect, positions in tails.items() if positions]
    heard = [a for a in heard if not any(tails[a] < tails[other] for other in heard)]
    methods = [a for a in heard if a in (Aspect.ONLINE, Aspect.POST)]
    asking = {i for aspect, positions in tails.items() if aspect is not Aspect.CONDITIONS for i in positions}
    asking |= found.tails(Heard.NOISE) | found.tails(Heard.REJECTION)
    opening = found.span(Heard.FOLLOW_UP)
    asking |= set(range(*opening)) if opening and _opens(opening) else set()
    return next(iter([*methods, *heard]), None), asking


def parts(u: Understanding) -> tuple[Words, ...]:
    """Return what was said before and after a joint; nothing where there is none."""
    if u.joint is None:
        return ()
    before, after = u.joint
    every = range(len(u.said))
    return tuple(
        _without(u.said, u.taken.union(set(every) - set(kept))) for kept in (every[:before], every[after:])
    )


def _behind(said: Words, turn: Span | None, taken: AbstractSet[int]) -> Words:
    return _without(said, {*taken, *range(turn[1])}) if turn else Words((), ())


def _without(said: Words, taken: AbstractSet[int]) -> Words:
    kept = [i for i in range(len(said)) if i not in taken]
    return Words(tuple(said.accented[i] for i in kept), tuple(said.folded[i] for i in kept))


def subject_of(u: Understanding, knowledge: Knowledge) -> Words:
    """Return what a message is about; all of it where nothing telling is left without the asking."""
    return u.subject if knowledge.index.tells(u.subject) else u.said


def _spans(said: Words, found: Found) -> dict[str, Span]:
    """Find the topics; «ok» in a long question is no small talk."""
    spans: dict[str, Span] = {}
    for key, name in (*found.of_kind(Heard.SHORT_TOPIC), *found.of_kind(Heard.TOPIC)):
        span = found.span(key)
        if span and (key[0] == Heard.TOPIC or _most(span, said)):
            spans[name] = span
    return spans


def _nothing_else(said: Words, span: Span, found: Found, knowledge: Knowledge) -> bool:
    silent = found.tails(Heard.NOISE).union(range(*span))
    return not knowledge.index.tells(_without(said, silent))


def _most(span: Span, said: Words) -> bool:
    return 2 * (span[1] - span[0]) >= len(said)


def _main(spans: Mapping[str, Span]) -> str:
    """Return the topic that a message comes to: the later one, of overlapping ones the longer."""
    best = ""
    for name, (start, end) in sorted(spans.items(), key=lambda item: item[1]):
        overlaps = bool(best) and start < spans[best][1]
        if not overlaps or end - start >= spans[best][1] - spans[best][0]:
            best = name
    return best
