"""What goes into storage and comes out of it: frozen values, times always aware UTC."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class EventName(StrEnum):
    """Names of journal events, `subject:action`; closed, because figures count these and nothing else."""

    PERSON_STARTED = "person:started"
    PERSON_ERASED = "person:erased"
    PERSON_BLOCKED = "person:blocked"
    PERSON_TAKEN_OVER = "person:taken_over"
    GROUP_STARTED = "group:started"
    TURN_ANSWERED = "turn:answered"
    TURN_CHOICES = "turn:choices"
    TURN_NOT_IN_CATALOGUE = "turn:not_in_catalogue"
    TURN_OUT_OF_SCOPE = "turn:out_of_scope"
    TURN_NOT_UNDERSTOOD = "turn:not_understood"
    TURN_WARNING = "turn:warning"
    TURN_CANNOT_ACT = "turn:cannot_act"
    TURN_INJECTION = "turn:injection"
    TURN_EMERGENCY = "turn:emergency"
    TURN_SMALL_TALK = "turn:small_talk"
    TURN_HANDOFF = "turn:handoff"
    TURN_FAILED = "turn:failed"
    TURN_WAITED = "turn:waited"
    """Only counted, never stored: how long a turn took."""
    QUESTION_REOPENED = "question:reopened"
    TOLD_ONLINE = "told:online"
    TOLD_POST = "told:post"
    WORRY_RAISED = "worry:raised"
    AWARENESS_ASKED = "awareness:asked"
    AWARENESS_ANSWERED = "awareness:answered"
    HELPFUL_ASKED = "helpful:asked"
    HELPFUL_ANSWERED = "helpful:answered"
    INTENT_DECLARED = "intent:declared"
    FOLLOW_UP_ASKED = "follow_up:asked"
    FOLLOW_UP_ANSWERED = "follow_up:answered"
    FOLLOW_UP_EXPLAINED = "follow_up:explained"
    LINK_OPENED = "link:opened"
    HANDOFF_OPENED = "handoff:opened"
    HANDOFF_TAKEN = "handoff:taken"
    HANDOFF_ANSWERED = "handoff:answered"
    HANDOFF_FORWARDED = "handoff:forwarded"
    HANDOFF_RETURNED = "handoff:returned"
    HANDOFF_CLOSED = "handoff:closed"
    TICKET_OPENED = "ticket:opened"
    TICKET_CLOSED = "ticket:closed"
    DELIVERY_FAILED = "delivery:failed"
    RETENTION_PURGED = "retention:purged"


NOBODY = "simulated"
"""The bot of people who are made up: what is said to them is kept as sent and goes nowhere."""
BLOCKED = "blocked"
"""Why a reply is given up when its person cannot be reached any more."""


class Side(StrEnum):
    """Who said a line of a transcript."""

    PERSON = "person"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """A message that arrived, ready to be remembered."""

    channel: str
    bot: str
    message_id: str
    """Unique within (channel, bot) and kept in clear: must not contain the id of a person or chat."""
    person_key: str
    """From `PersonKeys.key`."""
    sealed: bytes
    """The address to reply to, from `PersonKeys.seal`."""
    kind: str
    text: str | None
    """Already masked."""
    payload: str | None
    received_at: dt.datetime
    text_expires_at: dt.datetime
    """When text and payload are to be forgotten."""
    reference: str | None = None
    """The service's own name of the message within its chat."""
    group: bool = False
    """From a group of people, not from one."""
    known_only: bool = False
    """Tells something about a person; nothing is remembered when they are not known."""


@dataclass(frozen=True, slots=True)
class NewItem:
    """Something of ours that is to be met in its turn among a person's messages."""

    conversation_id: int
    message_id: str
    """Unique: the same put twice is met once."""
    kind: str
    at: dt.datetime
    text_expires_at: dt.datetime
    """When text and payload are to be forgotten."""
    text: str | None = None
    payload: str | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A conversation in which it is time to ask how it went."""

    conversation_id: int
    due_at: dt.datetime


@dataclass(frozen=True, slots=True)
class PendingMessage:
    """A message that waits for its turn."""

    id: int
    conversation_id: int
    message_id: str
    kind: str
    text: str | None
    payload: str | None
    received_at: dt.datetime
    attempts: int
    """How often a worker claimed the conversation to handle this message, this time included."""
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimedConversation:
    """A conversation that its owner alone may work on until the lease ends."""

    id: int
    channel: str
    bot: str
    owner: str
    fence: int
    """Grows with each claim; work under an older number is refused."""
    state: str | None
    """JSON as saved last; None for a new (or long silent) conversation."""


@dataclass(frozen=True, slots=True)
class NewReply:
    """A reply to send to the person of a conversation."""

    conversation_id: int
    channel: str
    bot: str
    body: str
    """JSON."""
    created_at: dt.datetime
    expires_at: dt.datetime
    """When the body is to be forgotten; a reply not sent by then is given up."""
    inbox_id: int | None = None
    """The message it answers; orders the transcript."""


@dataclass(frozen=True, slots=True)
class OutgoingReply:
    """A reply whose time to be sent has come."""

    id: int
    conversation_id: int | None
    """None for a farewell."""
    channel: str
    bot: str
    body: str
    sealed: bytes
    """The address, for `PersonKeys.unseal`."""
    created_at: dt.datetime
    attempts: int
    last: bool
    """The farewell after an erasure."""
    parts: int = 0
    """How many of its messages the service accepted before."""
    heard_at: dt.datetime | None = None
    """When the person wrote last."""


@dataclass(frozen=True, slots=True)
class Retry:
    """A reply that is to be sent again later."""

    reply_id: int
    at: dt.datetime
    error: str
    """A short cause without personal data."""
    parts: int = 0
    """How many of its messages the service has accepted."""
    counted: bool = True
    """Counts towards giving up."""


@dataclass(frozen=True, slots=True)
class Event:
    """A fact for the journal."""

    name: EventName
    at: dt.datetime
    channel: str
    conversation_id: int | None = None
    data: str = "{}"
    """JSON; never text of people."""
    inbox_id: int | None = None
    """The message it is about."""
    commune: str = ""
    """Code of the commune where the person lives, as far as they said."""
    service: str = ""
    topic: str = ""
    aspect: str = ""
    value: str = ""
    """What there is to tell kinds of one event apart: of a turn, the how-manyth of its question."""
    knowledge: int = 0
    """The newest correction that was known."""
    waited_ms: int | None = None
    """Of a turn: from receipt to answer."""


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """One line of a conversation as the web chat shows it."""

    number: int
    """For paging: grows in the order shown; a message bears the number of its first reply."""
    side: Side
    message_id: str | None
    """The receipt's id: of this message, or of the one that is answered."""
    at: dt.datetime
    kind: str | None = None
    """Of the message, or of the one that is answered."""
    text: str | None = None
    """Of a person's line, masked."""
    payload: str | None = None
    """Of the message, or of the one that is answered."""
    body: str | None = None
    """Of the assistant's line, JSON."""


@dataclass(frozen=True, slots=True)
class Erased:
    """Where the farewell of an erased person can still go."""

    channel: str
    bot: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge forgot."""

    texts: int
    replies: int
    given_up: int
    states: int


@dataclass(frozen=True, slots=True)
class DueJob:
    """A recurring job whose time has come."""

    name: str
    due_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in a queue."""

    number: int = 0
    since: dt.datetime | None = None
    """Since when the oldest waits."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The newest receipt of a bot."""

    id: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that the operator must mend."""

    name: str
    detail: str
    since: dt.datetime
    told_at: dt.datetime | None = None
    over_at: dt.datetime | None = None


class Letter(StrEnum):
    """What a dead letter is."""

    MESSAGE = "message"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that could not be handled, or a reply that could not be sent."""

    kind: Letter
    id: int
    channel: str
    bot: str
    at: dt.datetime
    cause: str | None
    """Why a reply was given up; what kind of message it was."""
