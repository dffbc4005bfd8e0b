"""Counting people: each once, however often they wrote."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, func, select

from storage.days import Period, Span
from storage.figures import Who
from storage.models import FirstRow, PresenceRow
from storage.repository import Repository
from storage.rolling import ONLINE, POST, SEEN

Heads = Mapping[tuple[str, str], int]
"""Numbers of people by channel and commune; nobody is in two of them."""

_BITS = {Who.NEW: SEEN, Who.TOLD_ONLINE: ONLINE, Who.TOLD_POST: POST}
"""What happens to a person on one day only: days of it add up."""


class Presences(Repository):
    """Counts who was there."""

    async def heads(self, period: Period, channel: str = "") -> dict[Who, Heads]:
        """Count people by channel and by a commune they named; empty where they named none."""
        rows = (await self._connection.execute(_heads(period, channel))).all()
        found: dict[Who, Counter[tuple[str, str]]] = {who: Counter() for who in Who}
        for row in rows:
            key = row.channel, row.commune
            found[Who.PRESENT][key] += row.number
            found[Who.RETURNING][key] += 0 if row.seen else row.number
            for who, bit in ((Who.NEW, row.seen), (Who.TOLD_ONLINE, row.online), (Who.TOLD_POST, row.post)):
                found[who][key] += row.number if bit else 0
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
        for piece in period.pieces(span):
            if not piece.is_whole(span):
                heads = (await self.heads(piece, channel))[who].items()
                starts[span.start(piece.first)] = sum(
                    number for (_, where), number in heads if commune in {"", where}
                )
        return starts

    async def _starts(
        self, who: Who, period: Period, span: Span, channel: str, commune: str
    ) -> dict[dt.date, int]:
        found = select(PresenceRow.start, func.count()).where(
            PresenceRow.span == span, PresenceRow.start.between(span.start(period.first), period.last)
        )
        if channel:
            found = found.where(PresenceRow.channel == channel)
        if commune:
            found = found.where(PresenceRow.commune == commune)
        if who in _BITS:
            found = found.where(PresenceRow.firsts.bitwise_and(_BITS[who]) != 0)
        if who is Who.RETURNING:
            found = found.join(FirstRow, FirstRow.conversation_id == PresenceRow.conversation_id)
            found = found.where(FirstRow.seen_on < PresenceRow.start)
        rows = await self._connection.execute(found.group_by(PresenceRow.start))
        return {start: number for start, number in rows}  # noqa: C416 - rows are no pairs to a type checker


def _heads(period: Period, channel: str) -> Select[*tuple[Any, ...]]:
    """Count everybody in one go: who was there, and what of it was for the first time."""
    person = PresenceRow.conversation_id
    bits = {"seen": SEEN, "online": ONLINE, "post": POST}
    present = (
        select(func.max(PresenceRow.channel).label("channel"), func.max(PresenceRow.commune).label("commune"))
        .add_columns(
            *(func.max(PresenceRow.firsts.bitwise_and(bit)).label(name) for name, bit in bits.items())
        )
        .where(PresenceRow.span == Span.DAY, PresenceRow.start.between(period.first, period.last))
        .group_by(person)
    )
    if channel:
        present = present.where(PresenceRow.channel == channel)
    there = present.subquery()
    return select(*there.c, func.count().label("number")).group_by(*there.c)
