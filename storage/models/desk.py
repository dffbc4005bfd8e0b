"""The staff desk: accounts, what staff corrected, questions passed to them, what citizens reported."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import RowId
from storage.models.base import NO_REUSED_IDS, Base

OPEN = text("closed_at IS NULL")


def _staff_id() -> Mapped[int | None]:
    return mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))


class StaffRow(Base):
    """An account of the desk; never removed, so that what was done keeps its author."""

    __tablename__ = "staff"
    __table_args__ = NO_REUSED_IDS

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str]
    unit: Mapped[str]
    """The office, as citizens may read it."""
    role: Mapped[str] = mapped_column(String(10))
    commune: Mapped[str]
    """Code; empty for the whole province."""
    password_hash: Mapped[str]
    email: Mapped[str]
    on_duty: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[dt.datetime]
    disabled_at: Mapped[dt.datetime | None]
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    locked_until: Mapped[dt.datetime | None]


class SessionRow(Base):
    """Somebody is signed in; the token itself is known to their browser alone."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)


class ActivityRow(Base):
    """Something that was done at the desk; appended and never changed."""

    __tablename__ = "activities"
    __table_args__ = (Index(None, "at"), NO_REUSED_IDS)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    at: Mapped[dt.datetime]
    staff_id: Mapped[int | None] = _staff_id()
    login: Mapped[str]
    action: Mapped[str] = mapped_column(String(60))
    target: Mapped[str]
    data: Mapped[str]


class CorrectionRow(Base):
    """A change to what the assistant knows; appended, the newest of a target and item holds."""

    __tablename__ = "corrections"
    __table_args__ = (Index(None, "kind", "target", "item", "id"), NO_REUSED_IDS)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    """The version of the knowledge."""
    at: Mapped[dt.datetime]
    kind: Mapped[str] = mapped_column(String(20))
    target: Mapped[str]
    """Code of a service or of a commune."""
    item: Mapped[str]
    """What of the target: a phrase; empty where there is one only."""
    value: Mapped[str | None]
    """JSON; None gives back what was shipped."""
    reason: Mapped[str]
    staff_id: Mapped[int | None] = _staff_id()
    author: Mapped[str]
    """Name at the time."""
    office: Mapped[str]
    """Theirs at the time, as citizens may read it."""


class HandoffRow(Base):
    """A question passed to staff; at most one of a conversation is open."""

    __tablename__ = "handoffs"
    __table_args__ = (
        Index(None, "state", "desk", "opened_at"),
        Index("ix_handoffs_open", "conversation_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        NO_REUSED_IDS,
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    channel: Mapped[str]
    commune: Mapped[str]
    """Where the person lives, if they said so."""
    desk: Mapped[str]
    """Whose inbox: code of a commune, empty for the province."""
    service: Mapped[str]
    inbox_id: Mapped[int | None] = mapped_column(BigInteger)
    """The message that asked for a person."""
    state: Mapped[str] = mapped_column(String(10))
    opened_at: Mapped[dt.datetime]
    return_at: Mapped[dt.datetime] = mapped_column(index=True)
    """When it goes back unless somebody answers."""
    staff_id: Mapped[int | None] = _staff_id()
    """Who took it."""
    taken_at: Mapped[dt.datetime | None]
    answered_at: Mapped[dt.datetime | None]
    """When it was first answered."""
    closed_at: Mapped[dt.datetime | None]
    told_at: Mapped[dt.datetime | None]
    """When those on duty were told by mail."""


class TicketRow(Base):
    """A citizen says that something told is wrong."""

    __tablename__ = "tickets"
    __table_args__ = (Index(None, "state", "opened_at"), NO_REUSED_IDS)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    conversation_id: Mapped[int | None] = mapped_column(
        ForeignKey("conversations.id", ondelete="SET NULL"), index=True
    )
    channel: Mapped[str]
    commune: Mapped[str]
    service: Mapped[str]
    aspect: Mapped[str]
    """The fact that is said to be wrong."""
    knowledge: Mapped[int] = mapped_column(BigInteger)
    """The version of the knowledge that told it."""
    inbox_id: Mapped[int | None] = mapped_column(BigInteger)
    """The message that reported it."""
    state: Mapped[str] = mapped_column(String(10))
    opened_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]
    staff_id: Mapped[int | None] = _staff_id()
    note: Mapped[str]


class FollowUpRow(Base):
    """Somebody is to be asked how it went; removed when they are, or when it is too late to write first."""

    __tablename__ = "follow_ups"

    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    due_at: Mapped[dt.datetime] = mapped_column(index=True)
    until: Mapped[dt.datetime]
    """After this we do not write first."""


class ExportRow(Base):
    """A file that is being made, or waits to be fetched."""

    __tablename__ = "exports"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    """Of the file."""
    query: Mapped[str]
    """JSON: what the screen showed."""
    created_at: Mapped[dt.datetime]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often it was begun: the newest counts, and one that ends its process is not begun for ever."""
    rows: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many are written."""
    finished_at: Mapped[dt.datetime | None]
    error: Mapped[str]
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)


class ExportPartRow(Base):
    """A piece of a finished file."""

    __tablename__ = "export_parts"

    export_id: Mapped[str] = mapped_column(ForeignKey("exports.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
