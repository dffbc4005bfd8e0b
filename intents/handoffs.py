"""Questions passed to staff: who waits is still answered by us, who talks with staff is left to them.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from intents.answers import menu
from intents.knowledge import Knowledge
from intents.turn import (
    Button,
    Decision,
    DialogueState,
    Fact,
    FactName,
    Handoff,
    Inbound,
    Kind,
    Outcome,
    Reply,
)

ASSISTANT = "assistant:"
"""The button that calls us back while a human answers."""
CLOSED, RETURNED = "closed", "returned"
"""How the desk ends a handoff: staff are done, or nobody answered in time."""
BY_THEM, ELSEWHERE = "citizen", "elsewhere"
"""Who ends one without the desk: the person goes back to the assistant, or is answered another way."""


class Act(StrEnum):
    """What staff do with a question; a payload is this, a colon, their office."""

    TAKES = "takes"
    SAYS = "says"
    FORWARDS = "forwards"

    def by(self, office: str) -> str:
        """Return the payload that says who does it."""
        return f"{self}:{office}"


def passed_on(decision: Decision, knowledge: Knowledge) -> Decision:
    """Pass a question to staff, once; who asks again is told that it waits, or that somebody is there.

    Where there is no staff yet, nobody is promised any.
    """
    state = decision.state
    match state.handoff:
        case Handoff.TAKEN:
            return _told(decision, Reply(knowledge.say("handoff.there"), back(knowledge)))
        case Handoff.WAITING:
            text = knowledge.say("handoff.waits", duty=knowledge.duty)
            return _told(decision, Reply(text, decision.replies[0].buttons))
    if not knowledge.staffed:
        return _told(decision, Reply(knowledge.say("handoff.nobody"), menu(knowledge)))
    fact = Fact(FactName.HANDOFF_OPENED, service=state.service)
    state = replace(state, handoff=Handoff.WAITING)
    return replace(decision, facts=(*decision.facts, fact), state=state)


def ended(decision: Decision, by: str) -> Decision:
    """End a handoff without the desk; nothing happens where there is none."""
    state = decision.state
    if not state.handoff:
        return decision
    fact = Fact(FactName.HANDOFF_CLOSED, by, state.service)
    return replace(decision, facts=(*decision.facts, fact), state=replace(state, handoff=Handoff.NONE))


def back(knowledge: Knowledge) -> tuple[Button, ...]:
    """Return the button that calls us back."""
    return (Button(knowledge.say("human.back"), ASSISTANT),)


def from_desk(inbound: Inbound, state: DialogueState, knowledge: Knowledge) -> Decision | None:
    """Take what the desk does; None for anything else."""
    match inbound.kind:
        case Kind.STAFF:
            return _by_staff(inbound, state, knowledge)
        case Kind.HANDOFF_OVER:
            return _over(inbound, state, knowledge)
    return None


def _by_staff(inbound: Inbound, state: DialogueState, knowledge: Knowledge) -> Decision:
    """Show what staff do and say; who went back to the assistant meanwhile still reads their words."""
    act, _, office = inbound.payload.partition(":")
    decision = Decision(Outcome.NOTED, (), state)
    if not state.handoff and act != Act.SAYS:
        return decision
    there = Handoff.WAITING if act == Act.FORWARDS else Handoff.TAKEN
    handoff = there if state.handoff else Handoff.NONE
    decision = replace(decision, state=replace(state, handoff=handoff))
    return _told(decision, _shown(act, office, inbound.text, knowledge))


def _over(inbound: Inbound, state: DialogueState, knowledge: Knowledge) -> Decision:
    """Say how it ended and resume; who went back to us meanwhile needs no word about it."""
    decision = Decision(Outcome.NOTED, (), replace(state, handoff=Handoff.NONE))
    if not state.handoff:
        return decision
    how = RETURNED if inbound.payload == RETURNED else CLOSED
    return _told(decision, Reply(knowledge.say(f"handoff.{how}"), menu(knowledge)))


def _shown(act: str, office: str, words: str, knowledge: Knowledge) -> Reply:
    match act:
        case Act.TAKES:
            return Reply(knowledge.say("handoff.taken", office=office), back(knowledge))
        case Act.FORWARDS:
            return Reply(knowledge.say("handoff.forwarded", office=office, duty=knowledge.duty))
    return Reply(f"{knowledge.say('handoff.says', office=office)}\n{words}")


def _told(decision: Decision, reply: Reply) -> Decision:
    return replace(decision, replies=(reply,), state=replace(decision.state, offered=reply.buttons))
