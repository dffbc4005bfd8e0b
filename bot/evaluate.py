"""Labelled questions through the real core: how often the right service comes first."""

from __future__ import annotations

import datetime as dt
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from intents.engine import decide
from intents.knowledge import Knowledge
from intents.turn import Decision, DialogueState, Inbound, Kind, Outcome

RIGHT_OUTCOMES: Mapping[str, frozenset[Outcome]] = {
    "service": frozenset({Outcome.ANSWERED, Outcome.CHOICES}),
    "clarify": frozenset({Outcome.CHOICES}),
    "out_of_scope": frozenset({Outcome.OUT_OF_SCOPE, Outcome.SMALL_TALK, Outcome.NOT_UNDERSTOOD}),
    "not_in_catalogue": frozenset({Outcome.NOT_IN_CATALOGUE}),
    "emergency": frozenset({Outcome.EMERGENCY}),
    "scam_or_secret": frozenset({Outcome.WARNING}),
    "do_it_for_me": frozenset({Outcome.CANNOT_ACT}),
    "injection": frozenset({Outcome.INJECTION, Outcome.OUT_OF_SCOPE, Outcome.WARNING, Outcome.CANNOT_ACT}),
}
"""What counts as right for each kind of expectation (design, section 3)."""


@dataclass(frozen=True, slots=True)
class Question:
    """One labelled conversation, judged on where it ends."""

    id: str
    turns: tuple[str, ...]
    expect: str
    codes: frozenset[str]
    near: frozenset[str]
    style: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one question."""

    question: Question
    decision: Decision
    ms: float

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the codes as ranked or as shown."""
        return tuple(c.code for c in self.decision.services)

    def within(self, first: int) -> bool:
        """Tell whether a right code stands among the first."""
        return bool(self.question.codes.intersection(self.codes[:first]))

    @property
    def direct(self) -> bool:
        """Tell whether one service was answered without choices."""
        return self.decision.outcome is Outcome.ANSWERED and bool(self.codes)

    @property
    def refused(self) -> bool:
        """Tell whether a question about a service was not answered with any."""
        return not self.codes

    @property
    def direct_wrong(self) -> bool:
        """Tell whether the service answered is neither right nor near."""
        allowed = self.question.codes | self.question.near
        return self.direct and self.codes[0] not in allowed

    @property
    def right(self) -> bool:
        """Tell whether the outcome is the expected one."""
        return self.decision.outcome in RIGHT_OUTCOMES[self.question.expect]


def read_questions(path: Path) -> list[Question]:
    """Read JSON lines; raise ValueError with the line number for one that is not a question."""
    questions = []
    for number, line in enumerate(path.read_text("utf-8").removesuffix("\n").split("\n"), 1):
        try:
            questions.append(_question(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path}:{number}: not a labelled question: {error!r}") from error
    return questions


def _question(row: Mapping[str, object]) -> Question:
    turns = row.get("turns") or [row["text"]]
    if not isinstance(turns, list) or not all(isinstance(t, str) for t in turns):
        raise ValueError("turns must be a list of texts")
    return Question(
        id=str(row["id"]),
        turns=tuple(turns),
        expect=str(row.get("expect", "service")),
        codes=frozenset(_texts(row.get("codes"))),
        near=frozenset(_texts(row.get("near"))),
        style=str(row.get("style") or row.get("group") or row.get("kind") or "-"),
    )


def _texts(value: object) -> Iterable[str]:
    return map(str, value) if isinstance(value, list) else ()


def judge(question: Question, knowledge: Knowledge, now: dt.datetime) -> Judged:
    """Hold a conversation and time its last decision."""
    state = DialogueState()
    for text in question.turns:
        started = time.perf_counter()
        decision = decide(Inbound(Kind.TEXT, text), state, knowledge, now)
        elapsed = (time.perf_counter() - started) * 1000
        state = decision.state
    return Judged(question, decision, elapsed)


def summary(judged: Sequence[Judged]) -> dict[str, float]:
    """Return the figures of a set; questions judged by reading (scenarios) count for times alone."""
    service = [j for j in judged if j.question.expect == "service"]
    other = [j for j in judged if j.question.expect in RIGHT_OUTCOMES and j.question.expect != "service"]
    times = sorted(j.ms for j in judged) or [0.0]
    n = len(service)
    return {
        "n": n,
        "top1": _share((j.within(1) for j in service), n),
        "top3": _share((j.within(3) for j in service), n),
        "direct": _share((j.direct for j in service), n),
        "direct_wrong": _share((j.direct_wrong for j in service), n),
        "choices": _share((j.decision.outcome is Outcome.CHOICES for j in service), n),
        "refused": _share((j.refused for j in service), n),
        "other_n": len(other),
        "other_right": _share((j.right for j in other), len(other)),
        "p50_ms": round(statistics.median(times), 2),
        "p95_ms": round(times[min(len(times) - 1, int(len(times) * 0.95))], 2),
    }


def _share(right: Iterable[bool], n: int) -> float:
    return round(sum(right) / n, 4) if n else 0.0


def varied(questions: Iterable[Question], change: Callable[[str], str]) -> list[Question]:
    """Return the same questions, typed otherwise."""
    return [replace(q, turns=tuple(map(change, q.turns))) for q in questions]


def by_style(judged: Sequence[Judged]) -> dict[str, list[Judged]]:
    """Group by style."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        groups[one.question.style].append(one)
    return dict(sorted(groups.items()))


def wrong(judged: Sequence[Judged]) -> list[str]:
    """Describe the questions that went wrong: what was asked, expected and answered."""
    return [_described(j) for j in judged if j.question.expect in RIGHT_OUTCOMES and not _well(j)]


def _well(judged: Judged) -> bool:
    if judged.question.expect != "service":
        return judged.right
    return judged.within(1) if judged.direct else judged.right and judged.within(4)


def _described(judged: Judged) -> str:
    question, decision = judged.question, judged.decision
    wanted = " ".join(sorted(question.codes)) or question.expect
    got = " ".join(f"{c.code}:{c.score:.2f}" for c in decision.services[:4]) or decision.topic or ""
    return (
        f"{question.id} {question.style} | {' / '.join(question.turns)} | {wanted} | {decision.outcome} {got}"
    )
