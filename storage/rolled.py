"""What has been rolled up: which days, how often, and which weeks and months are over and put together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import delete, exists, func, select

from storage.days import Period, Span
from storage.models import DirtyDayRow, RolledRow
from storage.repository import Repository, insert_into

CLOSED = (Span.WEEK, Span.MONTH)
"""What is put together once it is over, so that a year is not counted from its days."""

Piece = tuple[Span, dt.date]
"""A span and its first day."""


class Rolled(Repository):
    """Knows how far what figures are read from has come."""

    async def newest(self) -> dt.date | None:
        """Return the last local day that anything is known of."""
        return await self._connection.scalar(
            select(func.max(RolledRow.start)).where(RolledRow.span == Span.DAY)
        )

    async def version(self, period: Period) -> int | None:
        """Return a number that differs once any day of a period is made anew; None while one is to be."""
        within = DirtyDayRow.day.between(period.first, period.last)
        if await self._connection.scalar(select(exists(select(DirtyDayRow.day).where(within)))):
            return None
        newest = select(func.max(RolledRow.number)).where(
            RolledRow.span == Span.DAY, RolledRow.start.between(period.first, period.last)
        )
        return await self._connection.scalar(newest) or 0

    async def closed(self, span: Span, period: Period) -> frozenset[dt.date]:
        """Return the first days of the spans that are put together and lie in a period as a whole."""
        starts = select(RolledRow.start).where(
            RolledRow.span == span, RolledRow.start.between(period.first, period.last)
        )
        return frozenset(
            start for start in await self._connection.scalars(starts) if span.end(start) <= period.last
        )

    async def to_close(self) -> tuple[Piece, ...]:
        """Return the weeks and months that are over and not put together, earliest first."""
        rows = (await self._connection.execute(select(RolledRow.span, RolledRow.start))).all()
        dirty = set(await self._connection.scalars(select(DirtyDayRow.day)))
        days = {start for span, start in rows if span == Span.DAY}
        closed = {(span, start) for span, start in rows if span != Span.DAY}
        found = {(span, span.start(day)) for span in CLOSED for day in days}
        open_yet = {(span, span.start(day)) for span in CLOSED for day in {*dirty, *_newest(days)}}
        return tuple(sorted(found - closed - open_yet, key=lambda piece: (piece[1], piece[0])))

    async def note(self, pieces: Iterable[Piece]) -> None:
        """Note that days were made anew, or that spans were put together."""
        latest = await self._connection.scalar(select(func.max(RolledRow.number))) or 0
        rows = [{"span": span, "start": start, "number": latest + 1} for span, start in pieces]
        if rows:
            noted = insert_into(RolledRow, self._dialect)
            renewed = {"number": noted.excluded.number}
            await self._connection.execute(
                noted.on_conflict_do_update(index_elements=["span", "start"], set_=renewed), rows
            )

    async def reopen(self, pieces: Iterable[Piece]) -> None:
        """Note that spans are to be put together again."""
        for span, start in pieces:
            await self._connection.execute(
                delete(RolledRow).where(RolledRow.span == span, RolledRow.start == start)
            )


def around(days: Iterable[dt.date]) -> frozenset[Piece]:
    """Return the weeks and months that days belong to."""
    return frozenset((span, span.start(day)) for span in CLOSED for day in days)


def period_of(span: Span, start: dt.date) -> Period:
    """Return the days of a span."""
    return Period(start, span.end(start))


def _newest(days: Iterable[dt.date]) -> tuple[dt.date, ...]:
    """Return the newest day, of which more may come."""
    newest = max(days, default=None)
    return () if newest is None else (newest,)
