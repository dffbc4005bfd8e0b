"""Trying out: what the assistant would answer now, and what a phrase would change before it is saved.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from intents.attached import NEAR, Heard, Phrase, told
from intents.engine import decide
from intents.knowledge import Knowledge
from intents.overlay import hear
from intents.turn import Decision, DialogueState, Inbound, Kind, Outcome

SHOWN = 20
"""Questions that are named as taken: a phrase that takes so many is too general anyway."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question that we wrote down, or that staff attached, and what it is about."""

    text: str
    document: str
    """Code of a service, or id of a topic or of something missing, as in the index."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a phrase changes."""

    phrase: Phrase
    before: Decision
    after: Decision
    taken: tuple[Question, ...]
    """Questions about something else that its service would answer from then on: it is too general."""

    @property
    def helps(self) -> bool:
        """Tell whether the phrase leads to its service at once: nothing graver is heard in it."""
        return answers(self.after, self.phrase.code)


def retest(text: str, knowledge: Knowledge, now: dt.datetime) -> Decision:
    """Decide about a message as if it opened a conversation, past the introduction."""
    return decide(Inbound(Kind.TEXT, text), DialogueState(introduced=True), knowledge, now)


def names_nothing(text: str, knowledge: Knowledge) -> bool:
    """Tell whether a phrase holds no word that could name a service: attached, it is never met."""
    return not knowledge.index.tells(hear(Phrase("", text), knowledge).query.said)


def tried(phrase: Phrase, knowledge: Knowledge, now: dt.datetime) -> Trial:
    """Try a phrase that is not saved; takes up to a second: each question of ours near to it is decided."""
    heard = hear(phrase, knowledge)
    after = knowledge.over(attached=knowledge.attached.also(heard))
    taken = (
        question
        for question in _near(heard, knowledge)
        if answers(retest(question.text, after, now), phrase.code)
        and not answers(retest(question.text, knowledge, now), phrase.code)
    )
    return Trial(
        phrase,
        retest(phrase.text, knowledge, now),
        retest(phrase.text, after, now),
        tuple(islice(taken, SHOWN)),
    )


def answers(decision: Decision, code: str) -> bool:
    """Tell whether a service was answered at once."""
    best = decision.services[0].code if decision.services else ""
    return decision.outcome is Outcome.ANSWERED and best == code


def _near(heard: Heard, knowledge: Knowledge) -> Iterator[Question]:
    """Yield the questions about something else that hold most of what a phrase tells."""
    telling = told(heard.query.said, knowledge.index)
    attached = (Question(p.text, p.code) for p in knowledge.attached.holding(telling, NEAR))
    views = (view for view in knowledge.index.holding(telling, NEAR) if not view.name)
    for question in chain(attached, (Question(view.text, view.document) for view in views)):
        if not knowledge.alike(question.document, heard.phrase.code):
            yield question
