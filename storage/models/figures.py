"""What figures are read from: made from the journal in the background, so that pages stay quick.

Everything here can be made again from the journal and the inbox.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import EventNameType, RowId
from storage.models.base import NO_REUSED_IDS, Base
from storage.records import EventName


def _conversation_id(*, primary_key: bool = False) -> Mapped[int]:
    """Name whom a row is about; it goes with an erased person."""
    return mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=primary_key)


class TallyRow(Base):
    """How many events of one kind there were in a local day or month; `*` stands for all."""

    __tablename__ = "tallies"
    __table_args__ = (
        Index(None, "service", "commune", "span", "start"),
        Index(None, "commune", "span", "start", "name"),  # of all services, without those of each commune
        Index(None, "span", "start"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    span: Mapped[str] = mapped_column(String(5))
    start: Mapped[dt.date] = mapped_column(Date)
    name: Mapped[EventName] = mapped_column(EventNameType)
    channel: Mapped[str]
    commune: Mapped[str]
    service: Mapped[str]
    topic: Mapped[str]
    aspect: Mapped[str]
    value: Mapped[str]
    number: Mapped[int]
    people: Mapped[int]
    """Conversations behind the number."""
    few: Mapped[str | None]
    """Which ones, while they are too few to be shown."""


class PresenceRow(Base):
    """A person wrote on a local day."""

    __tablename__ = "presences"

    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    channel: Mapped[str]
    commune: Mapped[str]
    firsts: Mapped[int] = mapped_column(default=0, server_default="0")
    """What happened to the person for the first time: bits, see `storage.rolling`."""


class HeadRow(Base):
    """How many people there were in a local day, or in a week or month that is over."""

    __tablename__ = "heads"

    span: Mapped[str] = mapped_column(String(5), primary_key=True)
    start: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    commune: Mapped[str] = mapped_column(primary_key=True)
    bits: Mapped[int] = mapped_column(primary_key=True)
    """What happened to them for the first time meanwhile."""
    number: Mapped[int]


class RolledRow(Base):
    """A local day that was rolled up, or a week or month that is over and put together from its days."""

    __tablename__ = "rolled"

    span: Mapped[str] = mapped_column(String(5), primary_key=True)
    start: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    """Grows with each time that any day was made anew."""


class FirstRow(Base):
    """The local day on which a person first wrote, and first learnt what."""

    __tablename__ = "firsts"

    conversation_id: Mapped[int] = _conversation_id(primary_key=True)
    seen_on: Mapped[dt.date] = mapped_column(Date)
    online_on: Mapped[dt.date | None] = mapped_column(Date)
    post_on: Mapped[dt.date | None] = mapped_column(Date)


class DirtyDayRow(Base):
    """A local day whose tallies must be made again."""

    __tablename__ = "dirty_days"

    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)


class MarkRow(Base):
    """How far something has read the journal."""

    __tablename__ = "marks"

    name: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)


class QuestionRow(Base):
    """A question as the desk finds it, masked; goes when its text is to be forgotten."""

    __tablename__ = "questions"
    __table_args__ = (
        Index(None, "at"),
        Index(None, "service", "at"),
        Index(None, "commune", "at"),
        Index(None, "outcome", "at"),
        Index(None, "unknown_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    """Of the journal."""
    at: Mapped[dt.datetime]
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    channel: Mapped[str]
    commune: Mapped[str]
    outcome: Mapped[EventName] = mapped_column(EventNameType)
    service: Mapped[str]
    topic: Mapped[str]
    aspect: Mapped[str]
    text: Mapped[str]
    folded: Mapped[str]
    unknown_id: Mapped[int | None] = mapped_column(ForeignKey("unknowns.id", ondelete="SET NULL"))
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)


class UnknownRow(Base):
    """Questions alike that were not understood, and what was done about them."""

    __tablename__ = "unknowns"
    __table_args__ = NO_REUSED_IDS

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    words: Mapped[str]
    """The telling words of the first, folded."""
    state: Mapped[str] = mapped_column(String(10), index=True)
    service: Mapped[str]
    """What it was attached to."""
    last_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)
