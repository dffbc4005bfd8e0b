"""What we ask citizens: whether they knew, whether it helped, how it went; and what they tell us by a tap.

At most one question of ours in a conversation; it stands below an answer and never in its place.
Pure: no clock, no network, no database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from content.models import Aspect, Method
from intents import answers, wording
from intents.knowledge import Knowledge
from intents.presence import human_there
from intents.turn import (
    BUTTONS,
    Button,
    Decision,
    DialogueState,
    Fact,
    FactName,
    Outcome,
    Reply,
    Survey,
)


@dataclass(frozen=True, slots=True)
class Question:
    """Something we ask: what can be tapped, and what is counted."""

    name: str
    """Of its texts, and of the payload of its answers: `<name>:<answer>:<code of the service>`."""
    answers: tuple[str, ...]
    counted: FactName
    """When it is answered."""
    asked: FactName | None = None
    """When it is asked; None for what only says more of the answer before."""
    methods: tuple[str, ...] = ("",)
    """What it can be put about."""


KNEW = Question(
    "knew",
    ("knew", "new"),
    FactName.AWARENESS_ANSWERED,
    FactName.AWARENESS_ASKED,
    (Method.ONLINE, Method.POST),
)
HELPFUL = Question("helpful", ("yes", "no"), FactName.HELPFUL_ANSWERED, FactName.HELPFUL_ASKED)
DONE = Question(
    "done",
    ("alone", "guided", "for_me", "not_yet"),
    FactName.FOLLOW_UP_ANSWERED,
    FactName.FOLLOW_UP_ASKED,
)
HOW = Question("how", ("online", "post", "counter"), FactName.FOLLOW_UP_EXPLAINED)
WHY = Question("why", ("papers", "unsure", "failed", "no_need"), FactName.FOLLOW_UP_EXPLAINED)
QUESTIONS: Mapping[str, Question] = {q.name: q for q in (KNEW, HELPFUL, DONE, HOW, WHY)}

ASKABLE = (Outcome.ANSWERED, Outcome.SMALL_TALK)
"""How turns end below which we may ask something."""
SECOND, THIRD = 2, 3
"""The first answer of a conversation is left alone; one question of ours may stand below a later one."""
GUIDES = (Aspect.ONLINE, Aspect.POST)
"""Answers that show how to submit without going there."""
METHODS, ASPECTS = frozenset(Method), frozenset(Aspect)
STUCK = ("no", "not_yet", "papers", "unsure", "failed")
"""Answers after which help is offered."""
HELPERS = ("helpers", "person")
"""The topics that lead to people who help."""
A_DAY = dt.timedelta(hours=24)
"""Who wants to submit something is not asked how it went before."""


def taken(payload: str, state: DialogueState, knowledge: Knowledge) -> Decision | None:
    """Act on a tap that tells us something; None for any other payload."""
    kind, _, rest = payload.partition(":")
    first, _, second = rest.partition(":")
    services = knowledge.content.catalogue.services
    question = QUESTIONS.get(kind)
    if question and first in question.answers and second in services:
        return _answered(question, first, second, state, knowledge)
    if kind == answers.INTEND and first in services and second in METHODS:
        return _intended(first, Method(second), state, knowledge)
    if kind == answers.WRONG and first in services and second in ASPECTS:
        return _reported(first, Aspect(second), state, knowledge)
    return None


def expecting(decision: Decision, now: dt.datetime) -> Decision:
    """Remember to ask how it went whoever was shown how to submit, or wants to."""
    intends = any(fact.name is FactName.INTENT_DECLARED for fact in decision.facts)
    guided = decision.aspect in GUIDES and decision.outcome is Outcome.ANSWERED
    code, survey = decision.state.service, decision.state.survey
    if not (intends or guided) or code in {"", survey.follow_up, survey.followed_up}:
        return decision
    survey = replace(survey, follow_up=code, follow_up_from=now + A_DAY)
    return replace(decision, state=replace(decision.state, survey=survey), follow_up=True)


def asking(decision: Decision, knowledge: Knowledge, now: dt.datetime) -> Decision:
    """Put a question of ours below an answer, where one is due."""
    survey, aspect = decision.state.survey, decision.aspect
    if survey.asked or decision.outcome not in ASKABLE or decision.erase:
        return decision
    if _follow_up_due(survey, knowledge, now):
        return _asked_below(decision, worded(DONE, survey.follow_up, knowledge))
    # «Where» may ask where they live: one question is enough.
    if not decision.services or aspect is None or aspect is Aspect.PLACE:
        return decision
    code = decision.services[0].code
    method = _worth_knowing(code, aspect, knowledge)
    if survey.answers >= SECOND and method and not survey.awareness:
        return _asked_below(decision, worded(KNEW, code, knowledge, method))
    if survey.answers >= THIRD:
        return _asked_below(decision, worded(HELPFUL, code, knowledge))
    return decision


def follow_up(state: DialogueState, knowledge: Knowledge, now: dt.datetime) -> Decision:
    """Ask of our own accord how it went; who was asked since, or talks with a human, is left in peace."""
    if not _follow_up_due(state.survey, knowledge, now) or human_there(state, now):
        return Decision(Outcome.NOTED, (), state)
    asked = worded(DONE, state.survey.follow_up, knowledge)
    state = replace(state, service=asked.code, offered=asked.reply.buttons, at=now)
    return _put(Decision(Outcome.NOTED, (asked.reply,), state), asked)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of ours about a service."""

    question: Question
    code: str
    method: str
    reply: Reply


def worded(question: Question, code: str, knowledge: Knowledge, method: str = "") -> Asked:
    """Put a question of ours into words; of what could be known, the method is named."""
    name = question.name
    key = f"ask.{name}.{method}" if method else f"ask.{name}"
    text = knowledge.say(key, title=knowledge.title(code))
    buttons = (Button(knowledge.say(f"ask.{name}.{a}"), f"{name}:{a}:{code}") for a in question.answers)
    return Asked(question, code, method, Reply(text, tuple(buttons)))


def _asked_below(decision: Decision, asked: Asked) -> Decision:
    """Add the question to the answer; of the next steps those stay for which there is room, the last ones."""
    reply = decision.replies[0]
    room = BUTTONS - len(asked.reply.buttons)
    buttons = (*asked.reply.buttons, *reply.buttons[-room:])
    reply = Reply(f"{reply.text}\n\n{asked.reply.text}", buttons)
    state = replace(decision.state, offered=buttons)
    return _put(replace(decision, replies=(reply, *decision.replies[1:]), state=state), asked)


def _put(decision: Decision, asked: Asked) -> Decision:
    """Remember and count that a question was put."""
    survey = replace(decision.state.survey, asked=True, waits=asked.question.name)
    if asked.question is KNEW:
        survey = replace(survey, awareness=True)
    if asked.question is DONE:
        survey = replace(survey, follow_up="", follow_up_from=None, followed_up=asked.code)
    facts = decision.facts
    if asked.question.asked:
        facts = (*facts, Fact(asked.question.asked, "", asked.code, asked.method))
    return replace(decision, state=replace(decision.state, survey=survey), facts=facts)


def _answered(question: Question, answer: str, code: str, state: DialogueState, k: Knowledge) -> Decision:
    """Thank for an answer, and count it once: an old button is pressed again now and then."""
    facts = (Fact(question.counted, answer, code),) if state.survey.waits == question.name else ()
    state = replace(state, service=code, survey=replace(state.survey, waits=""))
    more = (WHY if answer == "not_yet" else HOW) if question is DONE and facts else None
    if more:
        asked = worded(more, code, k)
        return _put(_noted(asked.reply, state, facts), asked)
    told = state.aspect or Aspect.OVERVIEW
    thanks = Reply(k.say(f"ask.{question.name}.{answer}.thanks"), _after(answer, code, told, k))
    return _noted(thanks, state, facts)


def _after(answer: str, code: str, told: Aspect, knowledge: Knowledge) -> tuple[Button, ...]:
    """Return the next steps after an answer to us: who is stuck finds the steps and people who help."""
    if answer not in STUCK:
        return answers.next_steps(answers.subject(code, knowledge), told)
    topics = (knowledge.content.topics.get(name) for name in HELPERS)
    steps = Button(knowledge.say(f"button.{Aspect.STEPS}"), f"service:{code}:{Aspect.STEPS}")
    return (steps, *(Button(topic.title, f"topic:{topic.id}") for topic in topics if topic))


def _intended(code: str, method: Method, state: DialogueState, knowledge: Knowledge) -> Decision:
    """Note how somebody wants to submit; the same said again changes nothing."""
    intended = f"{code}:{method}"
    facts = () if state.survey.intended == intended else (Fact(FactName.INTENT_DECLARED, method, code),)
    state = replace(state, service=code, survey=replace(state.survey, intended=intended))
    told = next(aspect for aspect, shown in answers.METHOD_OF.items() if shown is method)
    steps = answers.next_steps(answers.subject(code, knowledge), told)
    buttons = tuple(b for b in steps if not b.payload.startswith(answers.INTEND))
    return _noted(Reply(knowledge.say(f"intend.{method}.noted"), buttons), state, facts)


def _reported(code: str, aspect: Aspect, state: DialogueState, knowledge: Knowledge) -> Decision:
    """Pass on that something told is wrong."""
    text = knowledge.say("wrong.noted", title=knowledge.title(code), what=knowledge.say(f"wrong.{aspect}"))
    person = knowledge.content.topics.get(HELPERS[-1])
    page = Button(knowledge.say("button.page"), knowledge.service(code).url)
    buttons = (page, Button(person.title, f"topic:{person.id}")) if person else (page,)
    return _noted(Reply(text, buttons), state, (Fact(FactName.TICKET_OPENED, "", code, aspect),))


def _noted(reply: Reply, state: DialogueState, facts: tuple[Fact, ...]) -> Decision:
    return Decision(Outcome.NOTED, (reply,), replace(state, offered=reply.buttons), facts=facts)


def _follow_up_due(survey: Survey, knowledge: Knowledge, now: dt.datetime) -> bool:
    known = survey.follow_up in knowledge.content.catalogue.services
    return known and survey.follow_up_from is not None and now >= survey.follow_up_from


def _worth_knowing(code: str, aspect: Aspect, knowledge: Knowledge) -> str:
    """Return the method that the person may not have known; empty where there is the counter alone."""
    service = knowledge.service(code)
    methods = (Method.POST, Method.ONLINE) if aspect is Aspect.POST else (Method.ONLINE, Method.POST)
    return next((method for method in methods if wording.takes(service, method)), "")
