"""All checks of the content together: structure, rendering, and examples against the ranker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from bot import alerts
from bot.channels.telegram_commands import PREFIX, commands_of
from bot.handoffs import Duty, with_duty
from bot.hours import DAYS, parse_hours
from content.check import aged, check, place
from content.files import ROOT, Finding, Reader
from content.models import (
    STATED_LEVELS,
    Aspect,
    Content,
    Method,
    Office,
    Overrides,
    Service,
    Stated,
)
from content.simulation import FILE as TALK
from content.simulation import read_talk
from intents import answers, survey
from intents.answers import MENU
from intents.engine import ERASED, USUAL, decide
from intents.handoffs import CLOSED, RETURNED, Act, passed_on
from intents.knowledge import Knowledge, prepare
from intents.lint import malformed, overmatched, unreachable
from intents.places import Mention
from intents.turn import Decision, DialogueState, Handoff, Inbound, Kind, Outcome, Reply
from storage.records import Alarm


def aged_texts(days: int) -> list[str]:
    """Return the texts that nobody has compared with their sources for so many days."""
    reader = Reader(ROOT)
    content, _ = check(reader, today())
    return list(aged(content, reader, today() - dt.timedelta(days=days))) if content else []


def today() -> dt.date:
    """Return the day, in UTC."""
    return dt.datetime.now(dt.UTC).date()


T = TypeVar("T")
RETENTION_DAYS = 30
ANY_LIMIT = dt.timedelta(hours=4)
"""Any number will do: texts are rendered, not shown."""
ANY_PAGE = "https://dichvucong.gov.vn"


def check_all(root: Path = ROOT) -> list[Finding]:
    """Return every finding, sorted; an empty list means that the content may be served."""
    reader = Reader(root)
    content, findings = check(reader, today())
    if content is not None:
        findings += broken_talk(root)
        findings += [
            Finding(f"content: {name}", f"not a pattern: {wrong}") for name, wrong in malformed(content)
        ]
    if content is None or findings:
        return findings
    knowledge = prepare(content, RETENTION_DAYS)
    stolen = [Finding(place(text, reader), problem) for text, problem in overmatched(knowledge)]
    stolen += [
        Finding("content/catalogue", f"{service.code} cannot be reached by its name: {service.name}")
        for service in unreachable(knowledge)
    ]
    missing = [
        Finding("content/topics", f"the topic {topic!r} is needed and was not found")
        for topic in (MENU, ERASED, *USUAL.values())
        if topic not in content.topics
    ]
    return sorted([*missing, *unfit_commands(content), *_rendered(content), *stolen])


def broken_talk(root: Path) -> list[Finding]:
    """Return what is wrong with what made-up people say; a folder without it serves as well."""
    reader = Reader(root)
    if (root / TALK).exists():
        read_talk(reader)
    return reader.findings


def unfit_commands(content: Content) -> Iterator[Finding]:
    """Yield the commands that Telegram would refuse, that open nothing, or that would erase at one word."""
    for command in commands_of(content.answers):
        where = f"content/answers/telegram.yaml: {PREFIX}{command.name}"
        if not command.is_fit:
            yield Finding(
                where, "needs a name of a-z, 0-9 and _, and a description of at most 256 characters"
            )
        if command.topic and command.topic not in content.topics:
            yield Finding(where, f"no such topic: {command.topic}")
        if command.topic == ERASED:
            yield Finding(where, "a command must not erase without asking")


BARE = "0.000000"


class _Recorded(dict[str, str]):
    """Answers that remember which were used."""

    def __init__(self, answers: dict[str, str]) -> None:
        super().__init__(answers)
        self.used: set[str] = set()

    def __getitem__(self, key: str) -> str:
        self.used.add(key)
        return super().__getitem__(key)


def _bare(content: Content) -> dict[str, Service]:
    """Return a service of which nothing is known: the portal may publish such a row any day."""
    service = next(iter(content.catalogue.services.values()))
    return {BARE: replace(service, code=BARE, offers=(), executing=())}


def _overridden(content: Content) -> dict[str, Service]:
    """Return services of which offices state something, in every combination that is said otherwise."""
    service = next(iter(content.catalogue.services.values()))
    methods: list[frozenset[Method]] = [frozenset(Method), frozenset({Method.COUNTER})]
    overrides = [
        Overrides(level, stated(taken), stated("x"))
        for level in (None, *map(stated, STATED_LEVELS))
        for taken in methods
    ]
    return {f"{BARE}.{n}": replace(service, overrides=one) for n, one in enumerate(overrides)}


def stated(value: T) -> Stated[T]:
    """Return something as an office states it: any will do, since texts are rendered, not shown."""
    return Stated(value, "x", dt.date(2026, 1, 1))


def _rendered(content: Content) -> Iterator[Finding]:
    """Render every aspect of every service, so that every template is rendered with real facts."""
    recorded = _Recorded(dict(content.answers))
    made_up = _bare(content) | _overridden(content)
    catalogue = replace(content.catalogue, services={**content.catalogue.services, **made_up})
    knowledge = prepare(replace(content, catalogue=catalogue, answers=recorded), RETENTION_DAYS)
    for code in knowledge.content.catalogue.services:
        for aspect in Aspect:
            try:
                answers.about(answers.subject(code, knowledge), aspect)
            except (KeyError, ValueError, IndexError) as error:
                yield Finding("content/answers", f"{code} {aspect}: {error!r}")
    yield from _placed(knowledge)
    yield from _surveyed(knowledge)
    yield from _handed_over(knowledge)
    yield from _alarms(recorded)
    prefixes = tuple(f"{key.partition('.')[0]}." for key in recorded.used)
    for key in content.answers.keys() - recorded.used:
        try:
            knowledge.say(key, **knowledge.figures, url=ANY_PAGE)
        except (KeyError, ValueError, IndexError) as error:
            if not key.startswith((*prefixes, "choose.")):
                yield Finding(f"content/answers: {key}", f"cannot be said: {error!r}")
        if key.startswith(prefixes) and not key.startswith(("choose.", "list.", "button.")):
            yield Finding(f"content/answers: {key}", "no answer uses this text")


def _alarms(texts: Mapping[str, str]) -> Iterator[Finding]:
    """Write down every alarm, as lasting and as over."""
    alerts.trial(texts)
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for key in [key for key in texts if key.startswith(alerts.TEXT)]:
        name = f"x {key.removeprefix(alerts.TEXT)}"
        try:
            alerts.written([Alarm(name, "x", at), Alarm(name, "x", at, over_at=at)], texts)
        except (KeyError, ValueError, IndexError) as error:
            yield Finding(f"content/answers: {key}", repr(error))


def _surveyed(knowledge: Knowledge) -> Iterator[Finding]:
    """Put every question of ours, and take every tap."""
    code = next(iter(knowledge.content.catalogue.services))
    taps = [f"{answers.INTEND}:{code}:{method}" for method in Method]
    taps += [f"{answers.WRONG}:{code}:{aspect}" for aspect in Aspect]
    try:
        for question in survey.QUESTIONS.values():
            for method in question.methods:
                survey.worded(question, code, knowledge, method)
            taps += [f"{question.name}:{answer}:{code}" for answer in question.answers]
        for tap in taps:
            survey.taken(tap, DialogueState(), knowledge)
    except (KeyError, ValueError, IndexError) as error:
        yield Finding("content/answers/survey.yaml", repr(error))


def _handed_over(knowledge: Knowledge) -> Iterator[Finding]:
    """Say all that is said of a question that was passed to staff."""
    waits = DialogueState(handoff=Handoff.WAITING)
    from_desk = [Inbound(Kind.STAFF, "x", f"{act}:x") for act in Act]
    from_desk += [Inbound(Kind.HANDOFF_OVER, payload=how) for how in (CLOSED, RETURNED)]
    try:
        every_day = "; ".join(f"{day} 07:30-11:30,13:00-17:00" for day in DAYS)
        with_duty(knowledge, Duty(parse_hours(f"{every_day}; Mon-Sun 18:00-19:00"), ANY_LIMIT, stated=True))
        _ = knowledge.say("human.here"), knowledge.say("human.gone")
        for handoff in Handoff:
            passed_on(Decision(Outcome.HANDOFF, (Reply("x"),), DialogueState(handoff=handoff)), knowledge)
        for inbound in from_desk:
            decide(inbound, waits, knowledge, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    except (KeyError, ValueError, IndexError) as error:
        yield Finding("content/answers/common.yaml: handoff", repr(error))


def _placed(knowledge: Knowledge) -> Iterator[Finding]:
    places = knowledge.content.places
    try:
        seen_by_staff = knowledge.over(offices=dict.fromkeys(places.communes, stated(Office("x", "x", "x"))))
        answers.centre(next(iter(places.communes.values())), seen_by_staff)
        answers.communes_to_choose(places.communes.values(), knowledge)
        for code in knowledge.content.catalogue.services:
            subject = answers.subject(code, knowledge)
            for seen in (replace(subject, commune="x"), replace(subject, ask_commune=True)):
                answers.about(seen, Aspect.PLACE)
        answers.communes([Mention(0, 0, tuple(places.communes.values()), places.former)], knowledge)
    except (KeyError, ValueError, IndexError) as error:
        yield Finding("content/answers/places.yaml", repr(error))
