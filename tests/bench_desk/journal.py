"""A journal of a busy year, made from a seed: who wrote when, what they asked, how it ended."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from storage.records import EventName

Ints = npt.NDArray[np.int64]
Row = tuple[object, ...]

CHANNELS = ("zalo_oa", "webchat", "telegram", "zalo_bot")
CHANNEL_SHARES = (0.55, 0.25, 0.12, 0.08)
KNOWN_COMMUNE = 0.35
"""Share of the people who said where they live."""
SESSIONS_EACH = 2.4
_N = EventName
_ONE = "1"
SESSIONS: Sequence[tuple[float, tuple[tuple[EventName, str, str], ...]]] = (
    # share, then name, aspect and value of each event
    (0.30, ((_N.TURN_ANSWERED, "overview", _ONE), (_N.TURN_ANSWERED, "documents", _ONE))),
    (
        0.22,
        (
            (_N.TURN_CHOICES, "", _ONE),
            (_N.TURN_ANSWERED, "overview", "2"),
            (_N.TOLD_ONLINE, "", ""),
            (_N.TURN_ANSWERED, "online", _ONE),
            (_N.AWARENESS_ASKED, "", ""),
            (_N.AWARENESS_ANSWERED, "", "new"),
            (_N.INTENT_DECLARED, "", "online"),
        ),
    ),
    (
        0.14,
        (
            (_N.TURN_ANSWERED, "fee", _ONE),
            (_N.TURN_ANSWERED, "post", _ONE),
            (_N.TOLD_POST, "", ""),
            (_N.WORRY_RAISED, "", "post-lost"),
            (_N.LINK_OPENED, "", "person"),
        ),
    ),
    (0.10, ((_N.TURN_ANSWERED, "place", _ONE), (_N.TURN_SMALL_TALK, "", _ONE))),
    (0.08, ((_N.TURN_NOT_UNDERSTOOD, "", _ONE), (_N.TURN_ANSWERED, "overview", _ONE))),
    (0.06, ((_N.FOLLOW_UP_ASKED, "", ""), (_N.FOLLOW_UP_ANSWERED, "", "alone"))),
    (0.04, ((_N.TURN_OUT_OF_SCOPE, "", _ONE),)),
    (0.03, ((_N.TURN_HANDOFF, "", _ONE), (_N.HANDOFF_OPENED, "", ""), (_N.HANDOFF_ANSWERED, "", "45"))),
    (0.02, ((_N.TURN_WARNING, "", _ONE),)),
    (0.01, ((_N.DELIVERY_FAILED, "", ""),)),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is made."""

    events: int
    days: int
    last: dt.datetime
    codes: Sequence[str]
    communes: Sequence[str]
    seed: int = 5


@dataclass(frozen=True, slots=True)
class Made:
    """Rows: people, conversations (whose number is that of their person), events in time order."""

    people: int
    channels: npt.NDArray[np.str_]
    events: Iterator[list[Row]]


COLUMNS = (
    "at",
    "name",
    "conversation_id",
    "channel",
    "commune",
    "service",
    "topic",
    "aspect",
    "value",
    "knowledge",
    "waited_ms",
    "data",
)


def key(person: int) -> str:
    """Return the key of a person."""
    return hashlib.sha256(str(person).encode()).hexdigest()


def make(plan: Plan, chunk: int = 100_000) -> Made:
    """Make the events of a plan, in chunks."""
    sessions = _sessions(plan)
    return Made(sessions.people, sessions.channels, _rows(plan, sessions, chunk))


@dataclass(frozen=True, slots=True)
class _Sessions:
    """What is drawn: of each session its kind, person, service, minute and wait; of each person the rest."""

    people: int
    kinds: Ints
    persons: Ints
    codes: npt.NDArray[np.str_]
    minutes: Ints
    waits: Ints
    channels: npt.NDArray[np.str_]
    communes: npt.NDArray[np.str_]


def _sessions(plan: Plan) -> _Sessions:
    random = np.random.default_rng(plan.seed)
    shares = np.array([share for share, _ in SESSIONS])
    shares /= shares.sum()
    lengths = np.array([len(events) for _, events in SESSIONS])
    # Somewhat more than needed: how long the sessions are is drawn.
    number = int(1.02 * plan.events / float((shares * lengths).sum())) + 100
    people = int(number / SESSIONS_EACH) + 1
    named = np.array(plan.communes)[random.zipf(1.6, people + 1) % len(plan.communes)]
    return _Sessions(
        people=people,
        kinds=random.choice(len(SESSIONS), number, p=shares),
        persons=random.integers(1, people + 1, number),
        codes=np.array(plan.codes)[random.zipf(1.4, number) % len(plan.codes)],
        minutes=np.sort(random.integers(0, plan.days * 1440, number)),
        waits=random.lognormal(5.5, 0.9, number).astype(np.int64),
        channels=random.choice(np.array(CHANNELS), people + 1, p=CHANNEL_SHARES),
        communes=np.where(random.random(people + 1) < KNOWN_COMMUNE, named, ""),
    )


def _rows(plan: Plan, sessions: _Sessions, chunk: int) -> Iterator[list[Row]]:
    """Yield the rows of the journal, as many as planned."""
    everything = islice(_events(plan, sessions), plan.events)
    while batch := list(islice(everything, chunk)):
        yield batch


def _events(plan: Plan, sessions: _Sessions) -> Iterator[Row]:
    start = plan.last - dt.timedelta(days=plan.days)
    drawn = zip(
        sessions.kinds, sessions.persons, sessions.codes, sessions.minutes, sessions.waits, strict=True
    )
    for kind, person, code, minute, wait in drawn:
        at = start + dt.timedelta(minutes=int(minute))
        who = int(person), str(sessions.channels[person]), str(sessions.communes[person])
        for step, (name, aspect, value) in enumerate(SESSIONS[kind][1]):
            waited = int(wait) if name.startswith("turn:") else None
            when = at + dt.timedelta(seconds=20 * step)
            yield when, name.value, *who, str(code), "", aspect, value, 0, waited, "{}"
