"""A conversation with the core alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from intents.engine import decide
from intents.knowledge import Knowledge
from intents.turn import Decision, DialogueState, Inbound, Kind

MORNING = dt.datetime(2026, 9, 1, 1, 0, tzinfo=dt.UTC)
BIRTH, TEMPORARY = "1.001193", "1.004194"


@dataclass
class Talk:
    """Somebody who writes, and what is remembered of it."""

    knowledge: Knowledge = field(repr=False)  # as text it has millions of characters
    state: DialogueState = field(default_factory=DialogueState)
    now: dt.datetime = MORNING

    def send(self, inbound: Inbound) -> Decision:
        decision = decide(inbound, self.state, self.knowledge, self.now)
        self.state = decision.state
        return decision

    def says(self, text: str) -> Decision:
        return self.send(Inbound(Kind.TEXT, text))

    def taps(self, payload: str) -> Decision:
        return self.send(Inbound(Kind.BUTTON, payload=payload))

    def starts(self, payload: str = "") -> Decision:
        return self.send(Inbound(Kind.START, payload=payload))


def said(decision: Decision) -> str:
    (reply,) = decision.replies
    return reply.text


def labels(decision: Decision) -> list[str]:
    return [button.label for reply in decision.replies for button in reply.buttons]


def code(decision: Decision) -> str:
    return decision.services[0].code
