"""The journal: facts that figures count, appended and never changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import fields
from typing import NamedTuple

from sqlalchemy import Select, and_, func, insert, or_, select

from storage.days import DAY, Period, begins
from storage.models import JournalRow
from storage.records import Event, EventName
from storage.repository import Repository


class Line(NamedTuple):
    """An event as files tell it: whose conversation it was, they do not."""

    id: int
    at: dt.datetime
    name: EventName
    channel: str
    commune: str
    service: str
    topic: str
    aspect: str
    value: str
    waited_ms: int | None
    knowledge: int


class Journal(Repository):
    """Appends events and counts them."""

    async def append(self, *events: Event) -> None:
        """Add events."""
        if events:
            await self._connection.execute(_APPENDED, [_values(event) for event in events])

    async def happened(self, event: Event, since: dt.datetime) -> bool:
        """Tell whether the same was noted of a conversation since a time, about the same service."""
        same = {name: getattr(event, name) for name in ("conversation_id", "name", "service", "value")}
        found = select(JournalRow.id).filter_by(**same).where(JournalRow.at >= since).limit(1)
        return await self._connection.scalar(found) is not None

    async def of(
        self, period: Period, limit: int, after: tuple[dt.datetime, int] | None = None
    ) -> tuple[Line, ...]:
        """Return what happened on local days, oldest first, from after an event that was read."""
        read = select(*_LINE).where(
            JournalRow.at >= begins(period.first), JournalRow.at < begins(period.last + DAY)
        )
        if after is not None:
            at, number = after
            later = and_(JournalRow.at == at, JournalRow.id > number)
            read = read.where(JournalRow.at >= at, or_(JournalRow.at > at, later))
        rows = await self._connection.execute(read.order_by(JournalRow.at, JournalRow.id).limit(limit))
        return tuple(Line(*row) for row in rows)

    async def counts(
        self, start: dt.datetime, end: dt.datetime, channels: Iterable[str] = ()
    ) -> dict[EventName, int]:
        """Count events by name from `start` up to, not including, `end`; names without events are absent."""
        rows = await self._connection.execute(_counts(start, end, tuple(channels)))
        return dict(iter(rows))


_LINE = tuple(getattr(JournalRow, name) for name in Line._fields)
_FIELDS = tuple(field.name for field in fields(Event))


def _values(event: Event) -> dict[str, object]:
    return {name: getattr(event, name) for name in _FIELDS}


def _counts(start: dt.datetime, end: dt.datetime, channels: tuple[str, ...]) -> Select[EventName, int]:
    statement = (
        select(JournalRow.name, func.count())
        .where(JournalRow.at >= start, JournalRow.at < end)
        .group_by(JournalRow.name)
    )
    return statement.where(JournalRow.channel.in_(channels)) if channels else statement


_APPENDED = insert(JournalRow)
"""Built once: it is asked for many times a second."""
