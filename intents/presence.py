"""Who is there: somebody who left, a group instead of a person, a human who answers in our place.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import datetime as dt
import zlib
from dataclasses import replace

from intents.handoffs import ELSEWHERE, back, ended
from intents.knowledge import Knowledge
from intents.turn import PRIVATE, Button, Decision, DialogueState, Handoff, Inbound, Kind, Outcome, Reply

TAKEN_OVER = dt.timedelta(minutes=30)
"""How long we keep silent after a human wrote to the person in our name."""
ALWAYS_SAID = (Outcome.EMERGENCY, Outcome.WARNING)
"""What is told even then."""


def noted(inbound: Inbound, state: DialogueState, knowledge: Knowledge, now: dt.datetime) -> Decision | None:
    """Take what is no message of a person; None for what is one."""
    match inbound.kind:
        case Kind.LEFT:
            return Decision(Outcome.NOTED, (), state, left=True)
        case Kind.WITHDRAWN:
            return Decision(Outcome.NOTED, (), state, erase=True)
        case Kind.TAKEN_OVER:
            told = state.human_told and human_there(state, now)
            state = replace(state, human_until=now + TAKEN_OVER, human_told=told)
            return ended(Decision(Outcome.NOTED, (), state), ELSEWHERE)
        case Kind.GROUP:
            return _pointed(state, knowledge)
        case Kind.EDITED if not _corrects(inbound, state):
            return Decision(Outcome.NOTED, (), state)
    return None


def human_there(state: DialogueState, now: dt.datetime) -> bool:
    """Tell whether a human answers this person now."""
    by_desk = state.handoff is Handoff.TAKEN
    return by_desk or (state.human_until is not None and now < state.human_until)


def behind_the_human(
    inbound: Inbound, decision: Decision, before: DialogueState, knowledge: Knowledge, now: dt.datetime
) -> Decision:
    """Keep silent while a human answers, once with a word about it; dangers and buttons are always met."""
    free = inbound.kind in {Kind.BUTTON, Kind.START} or decision.outcome in ALWAYS_SAID or decision.erase
    if free or not human_there(decision.state, now):
        return decision
    if before.handoff is Handoff.TAKEN:  # the desk reads it; a number is meant for them too from now on
        return Decision(Outcome.NOTED, (), replace(before, offered=()), trace=decision.trace)
    offered = back(knowledge)
    replies = () if before.human_told else (Reply(knowledge.say("human.here"), offered),)
    state = replace(before, human_told=True, offered=offered)
    return Decision(Outcome.HANDOFF, replies, state, topic="person", trace=decision.trace)


def remembered(
    inbound: Inbound, before: DialogueState, after: DialogueState, now: dt.datetime
) -> DialogueState:
    """Remember when a message was met, and what was before one whose words may still be changed."""
    if inbound.kind not in {Kind.TEXT, Kind.EDITED} or not inbound.reference:
        return replace(after, at=now, said="", before=None)
    return replace(after, at=now, said=_said(inbound), before=replace(before, said="", before=None))


def before_the_edit(state: DialogueState) -> DialogueState:
    """Go back to what was remembered before the last message, but say and ask nothing a second time."""
    before = state.before or state
    return replace(before, introduced=state.introduced, survey=state.survey, handoff=state.handoff)


def _corrects(inbound: Inbound, state: DialogueState) -> bool:
    """Tell whether the last message has new words: services also report what changes nothing."""
    reference, _, _ = state.said.rpartition(" ")
    return state.before is not None and reference == inbound.reference and state.said != _said(inbound)


def _said(inbound: Inbound) -> str:
    return f"{inbound.reference} {zlib.crc32(inbound.text.encode(errors='replace'))}"


def _pointed(state: DialogueState, knowledge: Knowledge) -> Decision:
    """Show a group the way to a private chat, once."""
    if state.pointed:
        return Decision(Outcome.NOTED, (), state)
    reply = Reply(knowledge.say("group"), (Button(knowledge.say("group.open"), PRIVATE),))
    return Decision(Outcome.NOTED, (reply,), replace(state, pointed=True))
