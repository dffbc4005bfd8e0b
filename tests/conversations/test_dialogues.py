"""Every dialogue through the core alone."""

from __future__ import annotations

import datetime as dt

import pytest

from intents.engine import decide
from intents.turn import Decision, DialogueState
from tests.conversations.dialogues import Dialogue, Heard, Transcript, dialogues
from tests.real import real_knowledge

MORNING = dt.datetime(2026, 9, 1, 1, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize("dialogue", dialogues())
def test_dialogue(dialogue: Dialogue) -> None:
    knowledge = real_knowledge()
    transcript = Transcript(knowledge)
    state = DialogueState()
    for turn in dialogue.turns:
        decision = decide(transcript.next(turn), state, knowledge, MORNING)
        transcript.judge(turn, heard(decision))
        state = decision.state


def heard(decision: Decision) -> Heard:
    (reply,) = decision.replies
    codes = tuple(candidate.code for candidate in decision.services)
    return Heard(decision.outcome, reply.text, reply.buttons, codes, decision.aspect, decision.topic)
