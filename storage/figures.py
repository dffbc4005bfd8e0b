"""The figures: each is named once, with its unit and what it counts; words about it are in the content.

Pages, files and the report show these objects and nothing else, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from storage.records import EventName


class Unit(StrEnum):
    """What a number is a number of."""

    PEOPLE = "people"
    QUESTIONS = "questions"
    ANSWERS = "answers"
    TIMES = "times"
    SHARE = "share"
    """From 0 to 1."""
    TURNS = "turns"
    MINUTES = "minutes"
    MILLISECONDS = "milliseconds"


class Who(StrEnum):
    """Which people are counted, each once however often they wrote."""

    PRESENT = "present"
    NEW = "new"
    """Wrote for the first time ever."""
    RETURNING = "returning"
    """Wrote, and had written before the period."""
    TOLD_ONLINE = "told_online"
    """Were told for the first time ever."""
    TOLD_POST = "told_post"


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """Events of some kinds."""

    slug: str
    unit: Unit
    names: tuple[EventName, ...]
    values: tuple[str, ...] = ()
    """Empty for all."""
    aspects: tuple[str, ...] = ()
    """Empty for all."""
    topics: bool = False
    """Only what is about a topic, not about a service."""
    personal: bool = True
    """Few people behind it are hidden; False for what machines do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class People:
    """People, counted once however often they wrote."""

    slug: str
    unit: Unit = Unit.PEOPLE
    who: Who


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """How much of a whole a part is; part and rest together are the whole."""

    slug: str
    unit: Unit = Unit.SHARE
    part: Count
    rest: Count


@dataclass(frozen=True, kw_only=True, slots=True)
class Middle:
    """The value below which a part of the events lies: half of them for a median."""

    slug: str
    unit: Unit
    of: Count
    part: float = 0.5


Figure = Count | People | Share | Middle

_N = EventName
_ASKED = (
    _N.TURN_ANSWERED,
    _N.TURN_CHOICES,
    _N.TURN_NOT_IN_CATALOGUE,
    _N.TURN_OUT_OF_SCOPE,
    _N.TURN_NOT_UNDERSTOOD,
    _N.TURN_WARNING,
    _N.TURN_CANNOT_ACT,
    _N.TURN_INJECTION,
    _N.TURN_EMERGENCY,
    _N.TURN_HANDOFF,
)
"""All but greetings, thanks and our own failures."""
_LATER = tuple(str(number) for number in range(2, 10))


def _questions(slug: str, *names: EventName, values: tuple[str, ...] = ()) -> Count:
    return Count(slug=slug, unit=Unit.QUESTIONS, names=names, values=values)


def _answers(slug: str, name: EventName, *values: str) -> Count:
    return Count(slug=slug, unit=Unit.ANSWERS, names=(name,), values=values)


def _times(slug: str, *names: EventName, values: tuple[str, ...] = ()) -> Count:
    return Count(slug=slug, unit=Unit.TIMES, names=names, values=values)


# Reach
PEOPLE = People(slug="people", who=Who.PRESENT)
NEW = People(slug="people-new", who=Who.NEW)
RETURNING = People(slug="people-returning", who=Who.RETURNING)

# Questions
ASKED = _questions("questions", *_ASKED, values=("1",))
AT_ONCE = _questions("answered-at-once", _N.TURN_ANSWERED, values=("1",))
AFTER_A_CHOICE = _questions("answered-after-a-choice", _N.TURN_ANSWERED, values=_LATER)
REFUSED = _questions("refused", _N.TURN_OUT_OF_SCOPE, _N.TURN_CANNOT_ACT, _N.TURN_INJECTION)
NOT_IN_CATALOGUE = _questions("not-in-catalogue", _N.TURN_NOT_IN_CATALOGUE)
WARNED = _questions("warned", _N.TURN_WARNING, _N.TURN_EMERGENCY)
NOT_UNDERSTOOD = _questions("not-understood", _N.TURN_NOT_UNDERSTOOD)
HANDED_OVER = _questions("handed-over", _N.HANDOFF_OPENED)
UNDERSTOOD = _questions(
    "understood", *(name for name in _ASKED if name not in {_N.TURN_CHOICES, _N.TURN_NOT_UNDERSTOOD})
)
SHARE_UNDERSTOOD = Share(slug="share-understood", part=UNDERSTOOD, rest=NOT_UNDERSTOOD)
ANSWERED = _questions("answered", _N.TURN_ANSWERED)
TURNS = Middle(slug="turns-to-an-answer", unit=Unit.TURNS, of=ANSWERED)

# Awareness
TOLD_ONLINE = People(slug="told-online", who=Who.TOLD_ONLINE)
TOLD_POST = People(slug="told-post", who=Who.TOLD_POST)
AWARENESS_ASKED = _answers("awareness-asked", _N.AWARENESS_ASKED)
AWARENESS_ANSWERED = _answers("awareness-answered", _N.AWARENESS_ANSWERED)
KNEW_BEFORE = Share(
    slug="share-knew-before",
    part=_answers("knew-before", _N.AWARENESS_ANSWERED, "knew"),
    rest=_answers("new-to-them", _N.AWARENESS_ANSWERED, "new"),
)
WORRIES = _times("worries", _N.WORRY_RAISED)
TOPICS = Count(slug="topics-read", unit=Unit.TIMES, names=(_N.TURN_ANSWERED,), topics=True)

# Use
GUIDES = Count(slug="guides", unit=Unit.TIMES, names=(_N.TURN_ANSWERED,), aspects=("online", "post", "place"))
LINKS = _times("links", _N.LINK_OPENED, values=("person",))
LINKS_BY_ROBOTS = Count(
    slug="links-by-robots",
    unit=Unit.TIMES,
    names=(_N.LINK_OPENED,),
    values=("robot",),
    personal=False,
)
INTENTS = _times("intents", _N.INTENT_DECLARED)
METHOD_USE = _times("method-use", _N.LINK_OPENED, _N.INTENT_DECLARED, values=("person", "online", "post"))
"""Somebody went on to submit without going there: opened the official page, or said they would."""
FOLLOW_UP_ASKED = _answers("follow-up-asked", _N.FOLLOW_UP_ASKED)
FOLLOW_UP_ANSWERED = _answers("follow-up-answered", _N.FOLLOW_UP_ANSWERED)
DONE = Share(
    slug="share-done",
    part=_answers("done", _N.FOLLOW_UP_ANSWERED, "alone", "guided", "for_me"),
    rest=_answers("not-yet", _N.FOLLOW_UP_ANSWERED, "not_yet"),
)
EXPLAINED = _answers("follow-up-explained", _N.FOLLOW_UP_EXPLAINED)

# Quality
HELPFUL_ASKED = _answers("helpful-asked", _N.HELPFUL_ASKED)
HELPFUL_ANSWERED = _answers("helpful-answered", _N.HELPFUL_ANSWERED)
HELPFUL = Share(
    slug="share-helpful",
    part=_answers("helpful", _N.HELPFUL_ANSWERED, "yes"),
    rest=_answers("unhelpful", _N.HELPFUL_ANSWERED, "no"),
)
REOPENED = _questions("reopened", _N.QUESTION_REOPENED)
REPORTED_WRONG = _times("reported-wrong", _N.TICKET_OPENED)
HANDOFFS_ANSWERED = _times("handoffs-answered", _N.HANDOFF_ANSWERED)
HANDOFFS_RETURNED = _times("handoffs-returned", _N.HANDOFF_RETURNED)
STAFF_MINUTES = Middle(slug="staff-minutes", unit=Unit.MINUTES, of=HANDOFFS_ANSWERED)

# System
_WAITED = Count(slug="turns", unit=Unit.TIMES, names=(_N.TURN_WAITED,), personal=False)
DELIVERIES_FAILED = Count(
    slug="deliveries-failed", unit=Unit.TIMES, names=(_N.DELIVERY_FAILED,), personal=False
)
TURNS_FAILED = Count(slug="turns-failed", unit=Unit.TIMES, names=(_N.TURN_FAILED,), personal=False)
WAIT_MEDIAN = Middle(slug="wait-median", unit=Unit.MILLISECONDS, of=_WAITED)
WAIT_P95 = Middle(slug="wait-p95", unit=Unit.MILLISECONDS, of=_WAITED, part=0.95)

REACH: tuple[Figure, ...] = (PEOPLE, NEW, RETURNING)
QUESTIONS: tuple[Figure, ...] = (
    ASKED,
    AT_ONCE,
    AFTER_A_CHOICE,
    REFUSED,
    NOT_IN_CATALOGUE,
    WARNED,
    NOT_UNDERSTOOD,
    HANDED_OVER,
    SHARE_UNDERSTOOD,
    TURNS,
)
AWARENESS: tuple[Figure, ...] = (
    TOLD_ONLINE,
    TOLD_POST,
    AWARENESS_ASKED,
    AWARENESS_ANSWERED,
    KNEW_BEFORE,
    WORRIES,
    TOPICS,
)
USE: tuple[Figure, ...] = (
    GUIDES,
    LINKS,
    LINKS_BY_ROBOTS,
    INTENTS,
    METHOD_USE,
    FOLLOW_UP_ASKED,
    FOLLOW_UP_ANSWERED,
    DONE,
    EXPLAINED,
)
QUALITY: tuple[Figure, ...] = (
    HELPFUL_ASKED,
    HELPFUL_ANSWERED,
    HELPFUL,
    REOPENED,
    REPORTED_WRONG,
    HANDOFFS_ANSWERED,
    HANDOFFS_RETURNED,
    STAFF_MINUTES,
)
SYSTEM: tuple[Figure, ...] = (DELIVERIES_FAILED, TURNS_FAILED, WAIT_MEDIAN, WAIT_P95)
PARTS: Mapping[str, tuple[Figure, ...]] = {
    "reach": REACH,
    "questions": QUESTIONS,
    "awareness": AWARENESS,
    "use": USE,
    "quality": QUALITY,
    "system": SYSTEM,
}
"""All figures by what they tell, in the order in which they are shown."""
FIGURES: Mapping[str, Figure] = {figure.slug: figure for part in PARTS.values() for figure in part}
