"""Rolling up: what figures are read from is made of the journal, a local day at a time, in the background."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    Update,
    and_,
    case,
    cast,
    delete,
    distinct,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql.elements import SQLCoreOperations

from storage.days import DAY, Span, begins, day_of
from storage.groups import FEW
from storage.heads import ONLINE, POST, SEEN, crowds
from storage.models import DirtyDayRow, FirstRow, HeadRow, JournalRow, MarkRow, PresenceRow, TallyRow
from storage.records import EventName
from storage.repository import Repository, insert_into
from storage.rolled import Piece, Rolled, around, period_of

EVERY = "*"
"""Stands for all communes, or all services."""
WAITS_MS = (200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000)
"""Bounds of the classes that waiting is counted in; the last class is open."""
MARK = "tallies"
_TURNS = tuple(name for name in EventName if name.startswith("turn:") and name is not EventName.TURN_WAITED)
_UNCOUNTED = (EventName.RETENTION_PURGED,)
_KINDS: tuple[InstrumentedAttribute[Any], ...] = (
    JournalRow.name,
    JournalRow.channel,
    JournalRow.topic,
    JournalRow.aspect,
    JournalRow.value,
)


class Rolling(Repository):
    """Makes tallies, presences and firsts; a day can be made again at any time."""

    async def newest(self) -> int:
        """Return the number of the newest event."""
        return await self._connection.scalar(select(func.coalesce(func.max(JournalRow.id), 0))) or 0

    async def named(self) -> frozenset[dt.date]:
        """Return the days that are to be made again for another reason than new events."""
        return frozenset(await self._connection.scalars(select(DirtyDayRow.day)))

    async def dirty(self) -> tuple[dt.date, ...]:
        """Return the local days about which something new is known, earliest first."""
        ends = select(func.min(JournalRow.at), func.max(JournalRow.at)).where(JournalRow.id > _mark())
        first, last = (await self._connection.execute(ends)).one()
        named = set(await self.named())
        if first is not None:
            start, end = day_of(first), day_of(last)
            named |= {start + number * DAY for number in range((end - start).days + 1)}
        return tuple(sorted(named))

    async def settle(self, before: dt.datetime) -> None:
        """Look no more at events stored before a time, long enough ago that none is still on its way."""
        settled = select(func.max(JournalRow.id)).where(JournalRow.id > _mark(), JournalRow.at < before)
        number = await self._connection.scalar(settled)
        if number is not None:
            mark = insert_into(MarkRow, self._dialect).values(name=MARK, number=number)
            await self._connection.execute(
                mark.on_conflict_do_update(index_elements=["name"], set_={"number": number})
            )

    async def roll(self, day: dt.date) -> None:
        """Make everything of one day anew; its week and its month are to be put together again."""
        await self._connection.execute(delete(DirtyDayRow).where(DirtyDayRow.day == day))
        await self._tally(day)
        await self._note_presence(day)
        days = {day, *await self._note_firsts(day)}
        for one in sorted(days):
            await self._count_heads(Span.DAY, one)
        rolled = Rolled(self._connection)
        await rolled.note((Span.DAY, one) for one in days)
        await rolled.reopen(around(days))

    async def to_close(self) -> tuple[Piece, ...]:
        """Return the weeks and months that are over and not put together."""
        return await Rolled(self._connection).to_close()

    async def close(self, span: Span, start: dt.date) -> None:
        """Put a week or a month together from its days."""
        await self._count_heads(span, start)
        if span is Span.MONTH:
            months = TallyRow.span == Span.MONTH, TallyRow.start == start
            await self._connection.execute(delete(TallyRow).where(*months))
            await self._connection.execute(_tallied(_of_month(start, self._dialect)))
        await Rolled(self._connection).note([(span, start)])

    async def _count_heads(self, span: Span, start: dt.date) -> None:
        """Count the people of a span."""
        await self._connection.execute(delete(HeadRow).where(HeadRow.span == span, HeadRow.start == start))
        there = crowds(period_of(span, start)).subquery()
        found = select(literal(span.value), literal(start, HeadRow.start.type), *there.c)
        columns = ["span", "start", "channel", "commune", "bits", "number"]
        await self._connection.execute(insert(HeadRow).from_select(columns, found))

    async def _tally(self, day: dt.date) -> None:
        that_day = TallyRow.span == Span.DAY, TallyRow.start == day
        await self._connection.execute(delete(TallyRow).where(*that_day))
        for commune in (literal(EVERY), JournalRow.commune):
            for service in (literal(EVERY), JournalRow.service):
                await self._connection.execute(_tallied(_counts(day, commune, service, self._dialect)))
        await self._connection.execute(_tallied(_waits(day, self._dialect)))

    async def _note_presence(self, day: dt.date) -> None:
        rows = insert_into(PresenceRow, self._dialect).from_select(
            ["day", "conversation_id", "channel", "commune"], _presences(day)
        )
        known = case((rows.excluded.commune != "", rows.excluded.commune), else_=PresenceRow.commune)
        await self._connection.execute(
            rows.on_conflict_do_update(index_elements=["day", "conversation_id"], set_={"commune": known})
        )

    async def _note_firsts(self, day: dt.date) -> frozenset[dt.date]:
        """Note what happened for the first time; return all days of which that is told differently now."""
        present = select(PresenceRow.conversation_id, literal(day, FirstRow.seen_on.type)).where(
            PresenceRow.day == day
        )
        rows = insert_into(FirstRow, self._dialect).from_select(["conversation_id", "seen_on"], present)
        earlier = {"seen_on": case((FirstRow.seen_on > day, day), else_=FirstRow.seen_on)}
        await self._connection.execute(
            rows.on_conflict_do_update(index_elements=["conversation_id"], set_=earlier)
        )
        await self._connection.execute(_learnt(day, FirstRow.online_on, EventName.TOLD_ONLINE))
        await self._connection.execute(_learnt(day, FirstRow.post_on, EventName.TOLD_POST))
        marked = await self._connection.execute(_marked(day).returning(PresenceRow.day))
        return frozenset(marked.scalars())


def soil(conversation_id: int, dialect: str) -> Any:  # noqa: ANN401 (an insert)
    """Return the statement that has all days of a conversation made again; to be executed before it goes."""
    days = select(PresenceRow.day).where(PresenceRow.conversation_id == conversation_id)
    return insert_into(DirtyDayRow, dialect).from_select(["day"], days).on_conflict_do_nothing()


def _mark() -> Any:  # noqa: ANN401 (a scalar subquery)
    return func.coalesce(select(MarkRow.number).where(MarkRow.name == MARK).scalar_subquery(), 0)


def _of(day: dt.date) -> ColumnElement[bool]:
    return and_(JournalRow.at >= begins(day), JournalRow.at < begins(day + DAY))


def _counts(
    day: dt.date, commune: SQLCoreOperations[str], service: SQLCoreOperations[str], dialect: str
) -> Select[*tuple[Any, ...]]:
    by = [column for column in (commune, service) if isinstance(column, InstrumentedAttribute)]
    found = (
        select(*_when(day), JournalRow.name, JournalRow.channel, commune, service)
        .add_columns(JournalRow.topic, JournalRow.aspect, JournalRow.value, *_numbers(dialect))
        .where(_of(day), JournalRow.name.not_in(_UNCOUNTED))
        .group_by(*_KINDS, *by)
    )
    if service is JournalRow.service:
        found = found.where(service != "")
        if commune is JournalRow.commune:  # nobody asks what people of no known commune asked about
            found = found.where(commune != "")
    return found


def _waits(day: dt.date, dialect: str) -> Select[*tuple[Any, ...]]:
    """Count turns by how long people waited: classes, so that a median needs no single events."""
    name = literal(EventName.TURN_WAITED, TallyRow.name.type)
    bound = case(
        *((JournalRow.waited_ms <= most, str(most)) for most in WAITS_MS), else_=str(WAITS_MS[-1] * 10)
    )
    empty = literal("")
    return (
        select(*_when(day), name, JournalRow.channel, literal(EVERY), literal(EVERY), empty, empty, bound)
        .add_columns(*_numbers(dialect))
        .where(_of(day), JournalRow.waited_ms.is_not(None))
        .group_by(JournalRow.channel, bound)
    )


def _when(day: dt.date) -> tuple[ColumnElement[Any], ...]:
    return literal(Span.DAY.value), literal(day, TallyRow.start.type)


def _numbers(dialect: str) -> tuple[ColumnElement[Any], ...]:
    person = JournalRow.conversation_id
    people = func.count(distinct(person))
    each = cast(person, Text).distinct()
    listed = func.string_agg(each, ",") if dialect == "postgresql" else func.group_concat(each)
    return func.count(), people, case((people < FEW, listed), else_=null())


_TALLY = ["span", "start", "name", "channel", "commune", "service", "topic", "aspect", "value"]


def _tallied(found: Select[*tuple[Any, ...]]) -> Any:  # noqa: ANN401 (an insert)
    return insert(TallyRow).from_select([*_TALLY, "number", "people", "few"], found)


def _of_month(start: dt.date, dialect: str) -> Select[*tuple[Any, ...]]:
    """Put the tallies of a month together, as counting would."""
    within = period_of(Span.MONTH, start)
    kind = [getattr(TallyRow, name) for name in _TALLY[2:]]
    people = func.max(TallyRow.people)
    listed = (func.string_agg if dialect == "postgresql" else func.group_concat)(TallyRow.few, ",")
    return (
        select(literal(Span.MONTH.value), literal(start, TallyRow.start.type), *kind)
        .add_columns(func.sum(TallyRow.number), people, case((people < FEW, listed), else_=null()))
        .where(TallyRow.span == Span.DAY, TallyRow.start.between(within.first, within.last))
        .group_by(*kind)
    )


def _presences(day: dt.date) -> Select[*tuple[Any, ...]]:
    return (
        select(literal(day, PresenceRow.day.type), JournalRow.conversation_id)
        .add_columns(func.max(JournalRow.channel), func.max(JournalRow.commune))
        .where(_of(day), JournalRow.name.in_(_TURNS), JournalRow.conversation_id.is_not(None))
        .group_by(JournalRow.conversation_id)
    )


def _learnt(day: dt.date, what: InstrumentedAttribute[dt.date | None], name: EventName) -> Update:
    told = select(JournalRow.conversation_id).where(_of(day), JournalRow.name == name)
    return (
        update(FirstRow)
        .where(FirstRow.conversation_id.in_(told), or_(what.is_(None), what > day))
        .values({what: day})
    )


def _marked(day: dt.date) -> Update:
    """Note, for all who wrote on a day, which of their days was a first; another may have been it before."""
    there = aliased(PresenceRow)
    people = select(there.conversation_id).where(there.day == day)
    firsts = ((SEEN, FirstRow.seen_on), (ONLINE, FirstRow.online_on), (POST, FirstRow.post_on))
    seen, online, post = (case((on == PresenceRow.day, bit), else_=0) for bit, on in firsts)
    bits = select(seen + online + post).where(FirstRow.conversation_id == PresenceRow.conversation_id)
    wanted = bits.scalar_subquery()
    return (
        update(PresenceRow)
        .where(PresenceRow.conversation_id.in_(people))
        .where(PresenceRow.firsts != wanted)
        .values(firsts=wanted)
    )
