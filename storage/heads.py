"""Counting people: each once, however often they wrote."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.days import DAY, Period, Span
from storage.figures import Who
from storage.models import HeadRow, PresenceRow
from storage.remembered import Remembered
from storage.repository import Repository
from storage.rolled import CLOSED, Rolled

SEEN, ONLINE, POST = 1, 2, 4
"""Bits of what happened to a person for the first time on a day."""

Heads = Mapping[tuple[str, str], int]
"""Numbers of people by channel and commune; nobody is in two of them."""
Crowd = Mapping[tuple[str, str, int], int]
"""The same by channel, commune and bits."""

_BITS = {Who.NEW: SEEN, Who.TOLD_ONLINE: ONLINE, Who.TOLD_POST: POST}
"""What happens to a person on one day only: days of it add up."""


class Presences(Repository):
    """Counts who was there."""

    def __init__(self, connection: AsyncConnection, remembered: Remembered) -> None:
        """Take what was counted before."""
        super().__init__(connection)
        self._remembered = remembered
        self._rolled = Rolled(connection)

    async def heads(self, period: Period, channel: str = "") -> dict[Who, Heads]:
        """Count people by channel and by a commune they named; empty where they named none."""
        found: dict[Who, Counter[tuple[str, str]]] = {who: Counter() for who in Who}
        for (where, commune, bits), number in (await self._crowd(period)).items():
            if channel in {"", where}:
                for who in Who:
                    found[who][where, commune] += number if _is(who, bits) else 0
        return {who: dict(numbers) for who, numbers in found.items()}

    async def by_start(
        self, who: Who, period: Period, span: Span, channel: str, commune: str
    ) -> dict[dt.date, int]:
        """Count people by the first day of each span; of a span, what lies within the period."""
        if who in _BITS:
            days = await self._starts(who, period, Span.DAY, channel, commune)
            counted: Counter[dt.date] = Counter()
            for day, number in days.items():
                counted[span.start(day)] += number
            return counted
        starts = await self._starts(who, period, span, channel, commune)
        closed = await self._rolled.closed(span, period)
        for piece in period.pieces(span) if span in CLOSED else ():
            if not (piece.is_whole(span) and piece.first in closed):
                heads = (await self.heads(piece, channel))[who].items()
                starts[span.start(piece.first)] = sum(n for (_, where), n in heads if commune in {"", where})
        return starts

    async def _starts(
        self, who: Who, period: Period, span: Span, channel: str, commune: str
    ) -> dict[dt.date, int]:
        """Count people of whole spans that are put together."""
        found = select(HeadRow.start, HeadRow.bits, func.sum(HeadRow.number)).where(
            HeadRow.span == span, HeadRow.start.between(period.first, period.last)
        )
        if channel:
            found = found.where(HeadRow.channel == channel)
        if commune:
            found = found.where(HeadRow.commune == commune)
        starts: Counter[dt.date] = Counter()
        for start, bits, number in await self._connection.execute(
            found.group_by(HeadRow.start, HeadRow.bits)
        ):
            starts[start] += number if _is(who, bits) else 0
        return starts

    async def _crowd(self, asked: Period) -> Crowd:
        """Count the people of a period, or remember how many they were."""
        newest = await self._rolled.newest()
        if newest is None or newest < asked.first:
            return {}
        period = Period(asked.first, min(asked.last, newest))
        version = await self._rolled.version(period)
        crowd: Crowd | None = self._remembered.find(period, version)
        if crowd is None:
            crowd = await self._counted_anew(period)
            self._remembered.keep(period, version, crowd)
        return crowd

    async def _counted_anew(self, period: Period) -> Crowd:
        """Count all days but the last, which is made anew all the time, unless remembered; add the last."""
        if period.days == 1:
            return await self._read(_of_day(period.first))
        body = Period(period.first, period.last - DAY)
        version = await self._rolled.version(body)
        crowd: Crowd | None = self._remembered.find(body, version)
        if crowd is None:
            crowd = await self._read(crowds(body))
            self._remembered.keep(body, version, crowd)
        return await self._with_day(crowd, body, period.last)

    async def _with_day(self, crowd: Crowd, body: Period, day: dt.date) -> Crowd:
        """Add a day: who was there before is moved to where they belong now."""
        whole = Counter(crowd)
        for row in await self._connection.execute(_beside(body, day)):
            if row.known is not None:
                whole[row.channel, row.known, row.had] -= row.number
            where = max(row.commune, row.known or "")
            whole[row.channel, where, row.bits | (row.had or 0)] += row.number
        return +whole

    async def _read(self, found: Select[*tuple[Any, ...]]) -> Crowd:
        rows = await self._connection.execute(found)
        return {(row.channel, row.commune, row.bits): row.number for row in rows}


def _is(who: Who, bits: int) -> bool:
    """Tell whether people with these bits are counted."""
    if who is Who.RETURNING:
        return not bits & SEEN
    return who is Who.PRESENT or bool(bits & _BITS[who])


def _bits() -> ColumnElement[int]:
    """Put the bits of a person's days together."""
    one, *others = (func.max(PresenceRow.firsts.bitwise_and(bit)) for bit in (SEEN, ONLINE, POST))
    for other in others:
        one = one + other  # type: ignore[assignment] # a sum of numbers is one
    return one.label("bits")


def _persons(period: Period) -> Select[*tuple[Any, ...]]:
    return (
        select(PresenceRow.conversation_id, func.max(PresenceRow.channel).label("channel"))
        .add_columns(func.max(PresenceRow.commune).label("commune"), _bits())
        .where(PresenceRow.day.between(period.first, period.last))
        .group_by(PresenceRow.conversation_id)
    )


def crowds(period: Period) -> Select[*tuple[Any, ...]]:
    """Count the people of a period by channel, commune and bits."""
    there = _persons(period).subquery()
    key = there.c.channel, there.c.commune, there.c.bits
    return select(*key, func.count().label("number")).group_by(*key)


def _of_day(day: dt.date) -> Select[*tuple[Any, ...]]:
    key = PresenceRow.channel, PresenceRow.commune, PresenceRow.firsts.label("bits")
    return select(*key, func.count().label("number")).where(PresenceRow.day == day).group_by(*key)


def _beside(body: Period, day: dt.date) -> Select[*tuple[Any, ...]]:
    """Count the people of a day, by what they were in the days before."""
    there = select(PresenceRow.conversation_id).where(PresenceRow.day == day)
    before = _persons(body).where(PresenceRow.conversation_id.in_(there)).subquery()
    key = (
        PresenceRow.channel,
        PresenceRow.commune,
        PresenceRow.firsts.label("bits"),
        before.c.commune.label("known"),
        before.c.bits.label("had"),
    )
    return (
        select(*key, func.count().label("number"))
        .outerjoin(before, before.c.conversation_id == PresenceRow.conversation_id)
        .where(PresenceRow.day == day)
        .group_by(*key)
    )
