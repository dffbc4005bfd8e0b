"""What goes into a turn and what comes out of it: neutral, frozen values.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from enum import StrEnum

from content.models import Aspect


class Kind(StrEnum):
    """What a person sent."""

    TEXT = "text"
    BUTTON = "button"
    """A tap; `Inbound.payload` holds the button's payload."""
    START = "start"
    """Opened the conversation; `Inbound.payload` may hold the payload of the link that led here."""
    UNREADABLE = "unreadable"
    """Something without text: a voice message, photo, file, sticker or contact; never downloaded."""
    WITHHELD = "withheld"
    """Words that the service keeps from us, to protect a child or somebody else who wrote them."""
    EDITED = "edited"
    """Words that replace those sent before; `Inbound.reference` says which."""
    GROUP = "group"
    """Said in a group, where everybody would read the answer."""
    TAKEN_OVER = "taken_over"
    """Not theirs: a human wrote to them in our name."""
    LEFT = "left"
    """They blocked us or follow us no more."""
    WITHDRAWN = "withdrawn"
    """They took back their consent: everything of theirs is to be erased."""
    FOLLOW_UP = "follow_up"
    """Not theirs: the time to ask how it went has come."""
    STAFF = "staff"
    """Not theirs: staff of ours answer them; `Inbound.payload` holds what they do, and their office."""
    HANDOFF_OVER = "handoff_over"
    """Not theirs: staff are done with their question, or could not answer it in time."""


OURS = (Kind.FOLLOW_UP, Kind.STAFF, Kind.HANDOFF_OVER)
"""What we set off ourselves: met like a message, and none of theirs."""
SIGNALS = (Kind.TAKEN_OVER, Kind.LEFT, Kind.WITHDRAWN)
"""What tells something about a person we know; nobody asks anything."""


class Outcome(StrEnum):
    """How a turn ended; closed, because figures count these."""

    ANSWERED = "answered"
    CHOICES = "choices"
    NOT_IN_CATALOGUE = "not_in_catalogue"
    OUT_OF_SCOPE = "out_of_scope"
    NOT_UNDERSTOOD = "not_understood"
    WARNING = "warning"
    CANNOT_ACT = "cannot_act"
    INJECTION = "injection"
    EMERGENCY = "emergency"
    SMALL_TALK = "small_talk"
    HANDOFF = "handoff"
    NOTED = "noted"
    """Nobody asked anything: something was learnt about the person, or a group was shown the way."""


GUARDS = (
    Outcome.EMERGENCY,
    Outcome.WARNING,
    Outcome.INJECTION,
    Outcome.CANNOT_ACT,
    Outcome.HANDOFF,
)
"""What is met before any service, the gravest first."""
HEARD = (
    Outcome.EMERGENCY,
    Outcome.WARNING,
    Outcome.INJECTION,
    Outcome.CANNOT_ACT,
    Outcome.OUT_OF_SCOPE,
    Outcome.NOT_IN_CATALOGUE,
)
"""Kinds of messages that are also known by their sound, where no phrase gives them away."""


class FactName(StrEnum):
    """What is learnt in a turn beside its outcome; closed, because figures count these."""

    QUESTION_REOPENED = "question:reopened"
    """The same was asked again soon after it was answered."""
    TOLD_ONLINE = "told:online"
    """An answer said that a service can be submitted online, for the first time in what is remembered."""
    TOLD_POST = "told:post"
    WORRY_RAISED = "worry:raised"
    """`Fact.value` is the id of the topic that meets it."""
    AWARENESS_ASKED = "awareness:asked"
    AWARENESS_ANSWERED = "awareness:answered"
    """`knew` or `new`."""
    HELPFUL_ASKED = "helpful:asked"
    HELPFUL_ANSWERED = "helpful:answered"
    """`yes` or `no`."""
    INTENT_DECLARED = "intent:declared"
    """A method."""
    FOLLOW_UP_ASKED = "follow_up:asked"
    FOLLOW_UP_ANSWERED = "follow_up:answered"
    """`alone`, `guided`, `for_me` or `not_yet`."""
    FOLLOW_UP_EXPLAINED = "follow_up:explained"
    """The method that was used, or why it was not done yet."""
    HANDOFF_OPENED = "handoff:opened"
    HANDOFF_CLOSED = "handoff:closed"
    """They went back to the assistant, or were answered elsewhere; `Fact.value` says which."""
    TICKET_OPENED = "ticket:opened"
    """The person says that what we told of a service is wrong."""


class Handoff(StrEnum):
    """Where a question is that was passed to staff."""

    NONE = ""
    WAITING = "waiting"
    """Nobody has taken it; the assistant goes on answering."""
    TAKEN = "taken"
    """Staff answer, and the assistant is silent."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something learnt in a turn, for the journal."""

    name: FactName
    value: str = ""
    service: str = ""
    aspect: str = ""


PRIVATE = "private:"
"""Payload of a button that opens a private chat with us; only a channel knows its address."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing a person sent, the same from every channel."""

    kind: Kind
    text: str = ""
    """As typed (masked before it is stored); the caption for something unreadable."""
    payload: str = ""
    reference: str = ""
    """The service's own name of this message within its chat: what an edited one is known by."""


@dataclass(frozen=True, slots=True)
class Button:
    """A next step; a number or the words of the label work as well."""

    label: str
    payload: str
    """Stateless, at most 64 bytes; an official https address opens a page."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to a person; it does not know how to send itself."""

    text: str
    """Plain text; **bold** and nothing else."""
    buttons: tuple[Button, ...] = ()


BUTTONS = 5
"""What the narrowest channel shows below one message."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What was told to a person for the first time, and what we asked them."""

    told_online: bool = False
    told_post: bool = False
    awareness: bool = False
    """They were asked whether they knew; once is enough."""
    waits: str = ""
    """The question of ours that was not answered yet."""
    follow_up: str = ""
    """The service of which we want to know how it went."""
    follow_up_from: dt.datetime | None = None
    """Not before then."""
    followed_up: str = ""
    """The service of which we asked that last."""
    intended: str = ""
    """The service and the method by which they want to submit it."""
    asked: bool = False
    """A question of ours was put in this conversation; one is enough."""
    answers: int = 0
    """How many there were in this conversation."""
    answered: tuple[str, ...] = ()
    """What the last of them told, of which service."""

    def afresh(self) -> Survey:
        """Return what is kept when a new conversation begins."""
        return replace(self, asked=False, answers=0, answered=())


@dataclass(frozen=True, slots=True)
class DialogueState:
    """What a conversation remembers between turns."""

    introduced: bool = False
    """The line about the automated assistant and about data has been said."""
    service: str = ""
    """Code of the service in hand."""
    topic: str = ""
    """Id of the topic in hand."""
    aspect: Aspect | None = None
    """What was asked last, or waits for a choice."""
    offered: tuple[Button, ...] = ()
    """The buttons of the last reply: what a typed number or label means."""
    passed_over: tuple[str, ...] = ()
    """Codes shown for the question in hand, so that «not that one» moves on."""
    at: dt.datetime | None = None
    """When the last message was decided."""
    question: str = ""
    """The question in hand, masked, so that «not that one» can be searched again."""
    pronoun: str = ""
    """What the person calls themselves, where they said so: «bác», «cháu»."""
    commune: str = ""
    """Code of the commune where the person lives, once they said it."""
    commune_asked: bool = False
    """They were asked for it; once is enough."""
    said: str = ""
    """The service's own name of their last message, and a check number of its words."""
    before: DialogueState | None = None
    """What was remembered before that message, in case its words are changed; itself without a before."""
    human_until: dt.datetime | None = None
    """A human answers them until then."""
    human_told: bool = False
    """They know that."""
    handoff: Handoff = Handoff.NONE
    """Their question was passed to staff."""
    turns: int = 0
    """How many turns the question took for which choices wait; 0 when none do."""
    survey: Survey = Survey()
    pointed: bool = False
    """The group has been shown the way to a private chat."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service that may be meant."""

    code: str
    score: float
    """Calibrated confidence from 0 to 1."""
    shared: tuple[str, ...] = ()
    """The words that matched."""
    named: float = 0.0
    """Share of its nearest wording that was said."""
    wording: str = ""
    """Its nearest wording, folded."""


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One stage of a decision, for people who ask why."""

    stage: str
    detail: str


@dataclass(frozen=True, slots=True)
class Decision:
    """All that follows from one turn; the shell stores and sends it."""

    outcome: Outcome
    replies: tuple[Reply, ...]
    state: DialogueState
    topic: str | None = None
    aspect: Aspect | None = None
    services: tuple[Candidate, ...] = ()
    """Best first, at most ten; for choices those shown, in their order."""
    erase: bool = False
    """The person asked to be forgotten: everything of theirs is erased with this turn."""
    left: bool = False
    """The person cannot be reached any more."""
    turns: int = 1
    """How many turns the question in hand has taken, this one included."""
    facts: tuple[Fact, ...] = ()
    follow_up: bool = False
    """They are to be asked, in a day or so, how it went."""
    trace: tuple[TraceLine, ...] = field(default=())
