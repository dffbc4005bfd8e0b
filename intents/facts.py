"""What a turn tells beside its outcome: told for the first time, a worry, a question asked again.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from content.models import Aspect, Method
from intents.knowledge import Knowledge
from intents.turn import Decision, DialogueState, Fact, FactName, Inbound, Kind, Outcome, Survey
from intents.wording import takes

WORRY = "post_worry"
"""What topics about worries are reported as: a worry is met, whatever service it is about."""
REMEMBERED = 12
"""Answers of a conversation that are remembered, to know a question that is asked again."""


def learnt(inbound: Inbound, decision: Decision, knowledge: Knowledge) -> Decision:
    """Add the facts of a turn to its decision, and remember them."""
    told = replace(decision, facts=(*decision.facts, *_worries(decision)))
    if decision.outcome is not Outcome.ANSWERED or not decision.services or decision.aspect is None:
        return told
    code, survey = decision.services[0].code, decision.state.survey
    facts = [*_first_told(code, survey, knowledge), *_reopened(inbound, code, decision.aspect, survey)]
    answered = (*survey.answered, _answer(code, decision.aspect))[-REMEMBERED:]
    names = {fact.name for fact in facts}
    survey = replace(
        survey,
        told_online=survey.told_online or FactName.TOLD_ONLINE in names,
        told_post=survey.told_post or FactName.TOLD_POST in names,
        answers=survey.answers + 1,
        answered=answered,
    )
    state: DialogueState = replace(decision.state, survey=survey)
    return replace(told, facts=(*told.facts, *facts), state=state)


def _worries(decision: Decision) -> Iterator[Fact]:
    if decision.topic == WORRY:
        yield Fact(FactName.WORRY_RAISED, decision.state.topic, decision.state.service)


def _first_told(code: str, survey: Survey, knowledge: Knowledge) -> Iterator[Fact]:
    """Every answer about a service lists how it can be submitted."""
    service = knowledge.service(code)
    if not survey.told_online and takes(service, Method.ONLINE):
        yield Fact(FactName.TOLD_ONLINE, service=code)
    if not survey.told_post and takes(service, Method.POST):
        yield Fact(FactName.TOLD_POST, service=code)


def _reopened(inbound: Inbound, code: str, aspect: Aspect, survey: Survey) -> Iterator[Fact]:
    """Who taps a button again reads again; who writes it again was not helped."""
    if inbound.kind is Kind.TEXT and _answer(code, aspect) in survey.answered:
        yield Fact(FactName.QUESTION_REOPENED, service=code, aspect=aspect)


def _answer(code: str, aspect: Aspect) -> str:
    return f"{code}:{aspect}"
