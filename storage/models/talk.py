"""People, conversations, messages and replies, the journal, and what keeps processes apart."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import EventNameType, RowId
from storage.models.base import NO_REUSED_IDS, Base
from storage.records import EventName

UNHANDLED = text("handled_at IS NULL")
UNSENT = text("sent_at IS NULL AND failed_at IS NULL")
FAILED = text("failed_at IS NOT NULL")


class PersonRow(Base):
    """A person, known by a keyed hash only."""

    __tablename__ = "people"
    __table_args__ = NO_REUSED_IDS

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    first_seen_at: Mapped[dt.datetime]


class AddressRow(Base):
    """What is needed to reply, sealed, apart from everything else."""

    __tablename__ = "addresses"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str]
    bot: Mapped[str]
    sealed: Mapped[bytes]
    blocked_at: Mapped[dt.datetime | None]
    heard_at: Mapped[dt.datetime | None]


class ConversationRow(Base):
    """The dialogue state of one person, and who may work on it now."""

    __tablename__ = "conversations"
    __table_args__ = NO_REUSED_IDS

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), unique=True)
    channel: Mapped[str]
    bot: Mapped[str]
    state: Mapped[str | None]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[dt.datetime | None]
    fence: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


def _conversation_id() -> Mapped[int | None]:
    return mapped_column(ForeignKey("conversations.id", ondelete="SET NULL"))


class InboxRow(Base):
    """A receipt; the table is the queue of work, its id the order of receipt."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("channel", "bot", "message_id"),
        Index(None, "conversation_id", "id"),
        Index("ix_inbox_unhandled", "id", sqlite_where=UNHANDLED, postgresql_where=UNHANDLED),
        Index("ix_inbox_failed", "id", sqlite_where=FAILED, postgresql_where=FAILED),
        NO_REUSED_IDS,
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    channel: Mapped[str]
    bot: Mapped[str]
    message_id: Mapped[str]
    conversation_id: Mapped[int | None] = _conversation_id()
    kind: Mapped[str]
    text: Mapped[str | None]
    payload: Mapped[str | None]
    reference: Mapped[str | None]
    received_at: Mapped[dt.datetime]
    handled_at: Mapped[dt.datetime | None]
    failed_at: Mapped[dt.datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    text_expires_at: Mapped[dt.datetime]


def _unsent(name: str, *columns: str) -> Index:
    return Index(name, *columns, sqlite_where=UNSENT, postgresql_where=UNSENT)


class OutboxRow(Base):
    """A reply to send; stays, without its body, after it was sent."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(None, "conversation_id", "id"),
        _unsent("ix_outbox_due", "channel", "bot", "next_try_at", "id"),
        _unsent("ix_outbox_unsent", "conversation_id", "id"),
        Index("ix_outbox_failed", "id", sqlite_where=FAILED, postgresql_where=FAILED),
        NO_REUSED_IDS,
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    conversation_id: Mapped[int | None] = _conversation_id()
    inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inbox.id", ondelete="SET NULL"), index=True)
    channel: Mapped[str]
    bot: Mapped[str]
    body: Mapped[str | None]
    sealed: Mapped[bytes | None]
    last: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[dt.datetime]
    next_try_at: Mapped[dt.datetime]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    parts: Mapped[int] = mapped_column(default=0, server_default="0")
    sent_at: Mapped[dt.datetime | None]
    failed_at: Mapped[dt.datetime | None]
    error: Mapped[str | None]
    expires_at: Mapped[dt.datetime]


class JournalRow(Base):
    """A fact that figures count; never text of people."""

    __tablename__ = "journal"
    __table_args__ = (Index(None, "at"), NO_REUSED_IDS)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    at: Mapped[dt.datetime]
    name: Mapped[EventName] = mapped_column(EventNameType)
    conversation_id: Mapped[int | None] = mapped_column(
        ForeignKey("conversations.id", ondelete="SET NULL"), index=True
    )
    inbox_id: Mapped[int | None] = mapped_column(BigInteger)
    """The message it is about; receipts are never removed, so that no constraint need say so."""
    channel: Mapped[str]
    commune: Mapped[str] = mapped_column(default="", server_default=text("''"))
    service: Mapped[str] = mapped_column(default="", server_default=text("''"))
    topic: Mapped[str] = mapped_column(default="", server_default=text("''"))
    aspect: Mapped[str] = mapped_column(default="", server_default=text("''"))
    value: Mapped[str] = mapped_column(default="", server_default=text("''"))
    knowledge: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """The newest correction that was known."""
    waited_ms: Mapped[int | None] = mapped_column(BigInteger)
    """Wide: whoever asked for a person may wait longer than the 24 days that 32 bits hold."""
    data: Mapped[str]


class LeaseRow(Base):
    """The right to do something alone for a while."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str | None]
    until: Mapped[dt.datetime | None]
    fence: Mapped[int] = mapped_column(BigInteger)


class JobRow(Base):
    """Something that recurs, and when it is due next."""

    __tablename__ = "jobs"

    name: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[dt.datetime]


class TokenRow(Base):
    """The newest tokens of an account whose service changes them, sealed."""

    __tablename__ = "tokens"

    name: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
    stored_at: Mapped[dt.datetime]


class AlarmRow(Base):
    """Something that the operator must mend, since when, and whether they were told."""

    __tablename__ = "alarms"

    name: Mapped[str] = mapped_column(primary_key=True)
    detail: Mapped[str]
    since: Mapped[dt.datetime]
    told_at: Mapped[dt.datetime | None]
    over_at: Mapped[dt.datetime | None]
