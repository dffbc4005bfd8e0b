"""The one way from a message to a decision.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from content.models import Aspect, Topic
from intents import answers
from intents.choose import Ambiguous, Answered, NotUnderstood, choose
from intents.knowledge import Knowledge
from intents.redact import redact
from intents.retrieve import retrieve, with_synonyms
from intents.text import folded
from intents.turn import (
    Button,
    Candidate,
    Decision,
    DialogueState,
    Inbound,
    Kind,
    Outcome,
    Reply,
    TraceLine,
)
from intents.understand import Understanding, understand

SILENCE = dt.timedelta(hours=12)
"""After this the service in hand is forgotten: the next question starts afresh."""
STRONG = 0.5
"""A service this near is meant rather than a general topic, or than the one in hand."""


def decide(inbound: Inbound, state: DialogueState, knowledge: Knowledge, now: dt.datetime) -> Decision:
    """Decide what one message means and what to reply; the shell stores and sends it."""
    if state.at is not None and now - state.at > SILENCE:
        state = DialogueState(introduced=state.introduced)
    decision = _Turn(knowledge, state).take(inbound)
    return _introduced(replace(decision, state=replace(decision.state, at=now)), state, knowledge)


def greeting(knowledge: Knowledge) -> Reply:
    """Return what an empty conversation shows."""
    return _Turn(knowledge, DialogueState()).greet().replies[0]


class _Turn:
    """One message against one state."""

    def __init__(self, knowledge: Knowledge, state: DialogueState) -> None:
        self.knowledge = knowledge
        self.state = state
        self.trace: list[TraceLine] = []

    def take(self, inbound: Inbound) -> Decision:
        match inbound.kind:
            case Kind.START if not inbound.payload:
                return self.greet()
            case Kind.START | Kind.BUTTON:
                return self.tapped(inbound.payload) or self.plain(Outcome.SMALL_TALK, "stale_button")
            case Kind.UNREADABLE if not inbound.text.strip():
                return self.plain(Outcome.NOT_UNDERSTOOD, "unreadable")
        return self.said(inbound.text)

    def said(self, text: str) -> Decision:
        if not folded(text):
            return self.plain(Outcome.NOT_UNDERSTOOD, "empty")
        payload = self.offered(text)
        if payload and (tapped := self.tapped(payload)):
            return tapped
        return self.asked(text)

    def offered(self, text: str) -> str:
        """Return the payload of the offered button whose number or words were typed."""
        typed = folded(text)
        if typed.isdigit() and 0 < int(typed) <= len(self.state.offered):
            return self.state.offered[int(typed) - 1].payload
        return next((b.payload for b in self.state.offered if folded(b.label) == typed), "")

    def tapped(self, payload: str) -> Decision | None:
        """Act on a button; a payload is input from the public and maps to known things or to nothing."""
        kind, _, rest = payload.partition(":")
        code, _, name = rest.partition(":")
        aspect = _aspect(name)
        match kind:
            case "service" if code in self.knowledge.content.catalogue.services:
                return self.answer(Candidate(code, 1.0, ("button",)), aspect or Aspect.OVERVIEW)
            case "topic" if rest in self.knowledge.content.topics:
                return self.tell(self.knowledge.topic(rest))
            case "ask" if _aspect(rest) and self.state.service:
                return self.answer(
                    Candidate(self.state.service, 1.0, ("in hand",)), _aspect(rest) or Aspect.OVERVIEW
                )
            case "ask" if _aspect(rest):
                return self.plain(Outcome.CHOICES, "which_service")
            case "say" if rest:
                return self.asked(rest)
            case "other":
                return self.other()
        return None

    def asked(self, text: str) -> Decision:
        u = understand(text, self.knowledge)
        self.note("read", f"{' '.join(u.said.accented)} | about: {' '.join(u.subject.folded)}")
        self.note("aspect", f"{u.aspect or '-'} follow-up={u.follow_up} rejection={u.rejection}")
        if u.guard:
            return self.tell(u.guard)
        if u.rejection and self.state.question:
            return self.other()
        candidates = self.candidates(u)
        strong = bool(candidates) and candidates[0].score >= STRONG
        if self.continues(u, strong=strong):
            return self.answer(Candidate(self.state.service, 1.0, ("in hand",)), u.aspect or Aspect.OVERVIEW)
        if u.missing:
            return self.lacking(u)
        if u.topic and not strong:
            return self.tell(u.topic)
        return self.choose(candidates, u, text)

    def candidates(self, u: Understanding) -> tuple[Candidate, ...]:
        subject = u.subject if self.knowledge.index.telling(u.subject) else u.said
        found = retrieve(with_synonyms(subject, self.knowledge), self.knowledge)
        for c in found[:5]:
            self.note(
                "candidate", f"{c.code} {c.score:.2f} {self.knowledge.title(c.code)} {' '.join(c.reasons)}"
            )
        return found

    def continues(self, u: Understanding, *, strong: bool) -> bool:
        """Tell whether the message goes on about the service in hand."""
        if not self.state.service or u.aspect is None:
            return False
        left = self.knowledge.index.telling(u.subject)
        return not strong or len(left) == 0

    def choose(self, candidates: tuple[Candidate, ...], u: Understanding, text: str) -> Decision:
        chosen = choose(candidates, u.said, self.knowledge)
        self.note("choice", type(chosen).__name__)
        match chosen:
            case Answered(candidate):
                decision = self.answer(candidate, u.aspect or Aspect.OVERVIEW, candidates)
            case Ambiguous(among, question):
                decision = self.ask_back(among, question, u.aspect)
            case NotUnderstood():
                return self.plain(Outcome.NOT_UNDERSTOOD, "not_understood")
        return replace(decision, state=replace(decision.state, question=redact(text)[:300]))

    def other(self) -> Decision:
        """Offer the next best for the question in hand."""
        u = understand(self.state.question, self.knowledge)
        passed = {*self.state.passed_over, self.state.service}
        left = tuple(c for c in self.candidates(u) if c.code not in passed)[:4]
        if not left:
            return self.plain(Outcome.NOT_UNDERSTOOD, "not_understood.again")
        decision = self.ask_back(left, self.knowledge.say("choose.again"), u.aspect)
        return replace(decision, state=replace(decision.state, question=self.state.question))

    def answer(self, candidate: Candidate, aspect: Aspect, ranked: tuple[Candidate, ...] = ()) -> Decision:
        reply = answers.about(candidate.code, aspect, self.knowledge)
        state = replace(
            self.state, service=candidate.code, topic="", aspect=aspect, passed_over=(candidate.code,)
        )
        rest = tuple(c for c in ranked if c.code != candidate.code)
        return self.decision(Outcome.ANSWERED, reply, state, aspect=aspect, services=(candidate, *rest))

    def ask_back(self, among: tuple[Candidate, ...], question: str, aspect: Aspect | None) -> Decision:
        head = question or self.knowledge.say("choose.head")
        reply = answers.choices((c.code for c in among), aspect, head, self.knowledge)
        passed = (*self.state.passed_over, *(c.code for c in among))[-20:]
        state = replace(self.state, aspect=aspect, topic="", passed_over=passed)
        return self.decision(Outcome.CHOICES, reply, state, aspect=aspect, services=among)

    def tell(self, topic: Topic) -> Decision:
        self.note("topic", topic.id)
        text = topic.text.format(**self.knowledge.figures).strip()
        buttons = tuple(Button(b.label, b.payload) for b in topic.buttons)
        state = replace(self.state, topic=topic.id)
        decision = self.decision(Outcome(topic.outcome), Reply(text, buttons), state)
        return replace(decision, topic=topic.report_as or topic.id)

    def lacking(self, u: Understanding) -> Decision:
        missing = u.missing
        text = missing.text.format(**self.knowledge.figures) if missing else ""
        return self.decision(Outcome.NOT_IN_CATALOGUE, Reply(text.strip()), replace(self.state, topic=""))

    def greet(self) -> Decision:
        return self.plain(Outcome.SMALL_TALK, "greeting")

    def plain(self, outcome: Outcome, key: str) -> Decision:
        menu = tuple(Button(self.knowledge.say(f"menu.{name}"), payload) for name, payload in MENU.items())
        return self.decision(outcome, Reply(self.knowledge.say(key), menu), self.state)

    def decision(
        self,
        outcome: Outcome,
        reply: Reply,
        state: DialogueState,
        aspect: Aspect | None = None,
        services: tuple[Candidate, ...] = (),
    ) -> Decision:
        state = replace(state, offered=reply.buttons)
        return Decision(
            outcome, (reply,), state, aspect=aspect, services=services[:10], trace=tuple(self.trace)
        )

    def note(self, stage: str, detail: str) -> None:
        self.trace.append(TraceLine(stage, detail))


MENU = {
    "birth": "service:1.001193",
    "land": "say:sổ đỏ",
    "papers": "say:căn cước",
    "online": "topic:online-how",
    "post": "topic:post-how",
}
"""What is offered when nothing else is."""


def _aspect(name: str) -> Aspect | None:
    return Aspect(name) if name in Aspect.__members__.values() else None


def _introduced(decision: Decision, before: DialogueState, knowledge: Knowledge) -> Decision:
    """Add the line about the assistant and about data below the first reply: the answer comes first."""
    if before.introduced:
        return decision
    first, *rest = decision.replies
    first = replace(first, text=f"{first.text}\n\n{knowledge.say('intro')}")
    return replace(decision, replies=(first, *rest), state=replace(decision.state, introduced=True))
