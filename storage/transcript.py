"""The transcript: what a person and the assistant said, for the web chat to show."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, or_, select
from sqlalchemy.orm import aliased

from storage.among import Texts, among
from storage.models import ConversationRow, InboxRow, OutboxRow, PersonRow
from storage.records import Side, TranscriptLine
from storage.repository import Repository


class Transcript(Repository):
    """Reads a conversation line by line."""

    async def lines(self, person_key: str, after: int = 0, limit: int = 100) -> tuple[TranscriptLine, ...]:
        """Return what was said after a line: each message, its replies, the next message.

        A message appears with its first reply; what still waits is in `Inbox.pending`. Lines only ever
        join at the end, provided that whoever adds a reply holds the conversation's row. `limit` counts
        replies; when there are more, the newest are shown.
        """
        rows = (await self._connection.execute(_newest_replies(person_key, after, limit))).all()
        return tuple(line for row in reversed(rows) for line in _lines(row))

    async def of(self, conversation_id: int, limit: int = 200) -> tuple[TranscriptLine, ...]:
        """Return the newest lines of a conversation by its number, for who may read it without its key.

        In the order in which messages were met, each with its replies, and also what nobody replied to.
        """
        messages = (await self._connection.execute(_messages_of(conversation_id, limit))).all()
        replies = (await self._connection.execute(_replies_of(conversation_id, limit))).all()
        said = [((row.number, 0), _message(row)) for row in messages]
        said += [((row.inbox_id or _before(row, messages), row.number), _reply(row)) for row in replies]
        return tuple(line for _, line in sorted(said, key=itemgetter(0))[-limit:])

    async def unanswered(self, person_key: str, limit: int = 100) -> tuple[TranscriptLine, ...]:
        """Return a person's newest messages that were handled without a word: staff read them."""
        rows = (await self._connection.execute(_silent(person_key, limit))).all()
        return tuple(_message(row) for row in reversed(rows))

    async def newest(self, person_keys: Collection[str]) -> dict[str, int]:
        """Return the number of the newest line of each person who has one: a step in an index for each."""
        rows = await self._connection.execute(_NEWEST, {"keys": list(person_keys)})
        return {key: number for key, number in rows if number is not None}


def _lines(row: Row[Any]) -> Iterator[TranscriptLine]:
    if row.first == row.number:
        yield TranscriptLine(
            number=row.number,
            side=Side.PERSON,
            message_id=row.message_id,
            at=row.received_at,
            kind=row.kind,
            text=row.text,
            payload=row.payload,
        )
    yield TranscriptLine(
        number=row.number, side=Side.ASSISTANT, message_id=row.message_id, at=row.created_at, body=row.body
    )


def _before(reply: Row[Any], messages: Sequence[Row[Any]]) -> int:
    """Return the message before a reply to nothing in particular."""
    return max((row.number for row in messages if row.received_at <= reply.created_at), default=0)


def _message(row: Row[Any]) -> TranscriptLine:
    return TranscriptLine(
        number=row.number,
        side=Side.PERSON,
        message_id=row.message_id,
        at=row.received_at,
        kind=row.kind,
        text=row.text,
        payload=row.payload,
    )


def _reply(row: Row[Any]) -> TranscriptLine:
    return TranscriptLine(
        number=row.number,
        side=Side.ASSISTANT,
        message_id=row.message_id,
        at=row.created_at,
        kind=row.kind,
        payload=row.payload,
        body=row.body,
    )


def _messages() -> Select[*tuple[Any, ...]]:
    columns = InboxRow.message_id, InboxRow.kind, InboxRow.text, InboxRow.payload, InboxRow.received_at
    told = or_(InboxRow.text.is_not(None), InboxRow.payload.is_not(None))
    return select(InboxRow.id.label("number"), *columns).where(told).order_by(InboxRow.id.desc())


def _messages_of(conversation_id: int, limit: int) -> Select[*tuple[Any, ...]]:
    return _messages().where(InboxRow.conversation_id == conversation_id).limit(limit)


def _silent(person_key: str, limit: int) -> Select[*tuple[Any, ...]]:
    conversation = select(ConversationRow.id).join(PersonRow, PersonRow.id == ConversationRow.person_id)
    own = conversation.where(PersonRow.key == person_key).scalar_subquery()
    replied = select(OutboxRow.id).where(OutboxRow.inbox_id == InboxRow.id).exists()
    handled = InboxRow.handled_at.is_not(None)
    return _messages().where(InboxRow.conversation_id == own, handled, ~replied).limit(limit)


def _newest_lines() -> Select[str, int]:
    # Not max(): grouped, it would read all lines of all these people.
    newest = (
        select(OutboxRow.id)
        .where(OutboxRow.conversation_id == ConversationRow.id, OutboxRow.body.is_not(None))
        .order_by(OutboxRow.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(PersonRow.key, newest)
        .join(ConversationRow, ConversationRow.person_id == PersonRow.id)
        .where(among(PersonRow.key, "keys", Texts))
    )


_NEWEST = _newest_lines()
"""Built once: it is asked for twice a second."""


def _newest_replies(person_key: str, after: int, limit: int) -> Select[*tuple[Any, ...]]:
    conversation = select(ConversationRow.id).join(PersonRow, PersonRow.id == ConversationRow.person_id)
    own = conversation.where(PersonRow.key == person_key).scalar_subquery()
    return _replies(OutboxRow.conversation_id == own, limit).where(OutboxRow.id > after)


def _replies_of(conversation_id: int, limit: int) -> Select[*tuple[Any, ...]]:
    return _replies(OutboxRow.conversation_id == conversation_id, limit)


def _replies(whose: ColumnElement[bool], limit: int) -> Select[*tuple[Any, ...]]:
    sibling = aliased(OutboxRow)
    first = select(func.min(sibling.id)).where(sibling.inbox_id == OutboxRow.inbox_id).scalar_subquery()
    return (
        select(OutboxRow.id.label("number"), OutboxRow.created_at, OutboxRow.body, first.label("first"))
        .add_columns(InboxRow.message_id, InboxRow.kind, InboxRow.text, InboxRow.payload)
        .add_columns(InboxRow.received_at, OutboxRow.inbox_id)
        .outerjoin(InboxRow, InboxRow.id == OutboxRow.inbox_id)
        .where(whose, OutboxRow.body.is_not(None))
        .order_by(OutboxRow.id.desc())
        .limit(limit)
    )
