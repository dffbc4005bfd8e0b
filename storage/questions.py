"""Questions as the desk finds them: masked, searchable, the ones not understood put together when alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    delete,
    distinct,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from storage.counting import EVERYTHING, Within
from storage.days import DAY, Period, begins
from storage.models import InboxRow, JournalRow, MarkRow, QuestionRow, UnknownRow
from storage.records import EventName
from storage.repository import Repository, insert_into

MARK = "questions"
TYPED = ("text", "edited")
"""Kinds of messages that hold words of a person."""


class UnknownState(StrEnum):
    """What was done about questions that were not understood."""

    OPEN = "open"
    ATTACHED = "attached"
    """A service is now known to be meant."""
    DISMISSED = "dismissed"
    """Nothing that we answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A question that was read from the journal, not listed yet."""

    id: int
    """Of the journal."""
    at: dt.datetime
    conversation_id: int
    channel: str
    commune: str
    outcome: EventName
    service: str
    topic: str
    aspect: str
    text: str
    """Masked."""
    expires_at: dt.datetime
    folded: str = ""
    """For searching."""
    unknown_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which questions to list."""

    period: Period
    within: Within = EVERYTHING
    outcomes: tuple[EventName, ...] = ()
    """Empty for all."""
    aspect: str = ""
    topic: str = ""
    words: str = ""
    """Folded; to be found anywhere in the question."""
    text: str = ""
    """To be found as it stands."""
    unknown_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown:
    """Questions alike that were not understood."""

    id: int
    sample: str
    """The newest of them."""
    questions: int
    people: int
    last_at: dt.datetime
    state: UnknownState
    service: str = ""
    """What they were attached to."""


class Questions(Repository):
    """Lists and finds questions."""

    async def unread(self, limit: int) -> tuple[Asked, ...]:
        """Return questions that are not listed yet, oldest first."""
        rows = await self._connection.execute(_unread().limit(limit))
        return tuple(Asked(**row) for row in rows.mappings())

    async def newest(self) -> int:
        """Return how far the journal was read."""
        return await self._connection.scalar(_mark()) or 0

    async def add(self, questions: Iterable[Asked]) -> None:
        """List questions; one that is listed already stays as it is."""
        rows = [{name: getattr(asked, name) for name in _FIELDS} for asked in questions]
        if rows:
            await self._connection.execute(
                insert_into(QuestionRow, self._dialect).on_conflict_do_nothing(), rows
            )

    async def settle(self, before: dt.datetime) -> None:
        """Read no further back than to events before a time, all of which are listed."""
        settled = select(func.max(JournalRow.id)).where(JournalRow.id > _mark(), JournalRow.at < before)
        number = await self._connection.scalar(settled)
        if number is not None:
            mark = insert_into(MarkRow, self._dialect).values(name=MARK, number=number)
            await self._connection.execute(
                mark.on_conflict_do_update(index_elements=["name"], set_={"number": number})
            )

    async def find(
        self, wanted: Wanted, limit: int, before: tuple[dt.datetime, int] | None = None
    ) -> tuple[Asked, ...]:
        """Return questions, newest first, from before one that was shown (its time and number)."""
        found = _wanted(select(*_COLUMNS), wanted)
        if before is not None:
            at, number = before
            earlier = and_(QuestionRow.at == at, QuestionRow.id < number)
            found = found.where(or_(QuestionRow.at < at, earlier))
        rows = await self._connection.execute(
            found.order_by(QuestionRow.at.desc(), QuestionRow.id.desc()).limit(limit)
        )
        return tuple(Asked(**row) for row in rows.mappings())

    async def number(self, wanted: Wanted, most: int) -> int:
        """Count questions, as far as a number."""
        some = _wanted(select(QuestionRow.id), wanted).limit(most).subquery()
        return await self._connection.scalar(select(func.count()).select_from(some)) or 0

    async def one(self, question_id: int) -> Asked | None:
        """Return a question by its number."""
        rows = await self._connection.execute(select(*_COLUMNS).where(QuestionRow.id == question_id))
        row = rows.mappings().one_or_none()
        return Asked(**row) if row else None

    # Not understood

    async def words_of_unknown(self) -> dict[int, str]:
        """Return the telling words of all open groups."""
        rows = await self._connection.execute(
            select(UnknownRow.id, UnknownRow.words).where(UnknownRow.state == UnknownState.OPEN)
        )
        return {number: words for number, words in rows}  # noqa: C416 - rows are no pairs to a type checker

    async def begin_unknown(self, words: str, asked: Asked) -> int:
        """Begin a group with its first question."""
        statement = insert(UnknownRow).values(
            words=words,
            state=UnknownState.OPEN,
            service="",
            last_at=asked.at,
            expires_at=asked.expires_at,
        )
        return (await self._connection.execute(statement.returning(UnknownRow.id))).scalar_one()

    async def touch_unknown(self, newest: Mapping[int, Asked]) -> None:
        """Note the newest question of groups."""
        for number, asked in newest.items():
            statement = update(UnknownRow).where(UnknownRow.id == number, UnknownRow.last_at <= asked.at)
            await self._connection.execute(statement.values(last_at=asked.at, expires_at=asked.expires_at))

    async def unknown(
        self, period: Period, within: Within, state: UnknownState, limit: int, offset: int = 0
    ) -> tuple[Unknown, ...]:
        """Return groups with questions in a period, those asked most often first."""
        people = func.count(distinct(QuestionRow.conversation_id))
        number = func.count()
        found = (
            _wanted(select(UnknownRow.id), Wanted(period=period, within=within))
            .join(UnknownRow, UnknownRow.id == QuestionRow.unknown_id)
            .add_columns(UnknownRow.state, UnknownRow.service)
            .add_columns(number.label("questions"), people.label("people"))
            .add_columns(func.max(QuestionRow.at).label("last_at"), func.max(QuestionRow.id).label("newest"))
            .where(UnknownRow.state == state)
            .group_by(UnknownRow.id, UnknownRow.state, UnknownRow.service)
            .order_by(number.desc(), func.max(QuestionRow.at).desc())
            .limit(limit)
            .offset(offset)
        )
        rows = (await self._connection.execute(found)).all()
        samples = await self._texts(row.newest for row in rows)
        return tuple(_unknown(row, samples) for row in rows)

    async def unknown_of(self, unknown_id: int) -> tuple[UnknownState, str] | None:
        """Return what was done about a group, and the service it was attached to."""
        found = select(UnknownRow.state, UnknownRow.service).where(UnknownRow.id == unknown_id)
        row = (await self._connection.execute(found)).one_or_none()
        return (UnknownState(row.state), row.service) if row else None

    async def settle_unknown(self, unknown_id: int, state: UnknownState, service: str = "") -> bool:
        """Say what was done about a group; False when there is none."""
        statement = update(UnknownRow).where(UnknownRow.id == unknown_id)
        done = await self._connection.execute(statement.values(state=state, service=service))
        return done.rowcount == 1

    async def forget(self, now: dt.datetime) -> int:
        """Remove questions whose texts are to be forgotten, and groups that nothing is left of."""
        gone = await self._connection.execute(delete(QuestionRow).where(QuestionRow.expires_at <= now))
        left = exists().where(QuestionRow.unknown_id == UnknownRow.id)
        await self._connection.execute(delete(UnknownRow).where(~left))
        return gone.rowcount

    async def _texts(self, numbers: Iterable[int]) -> dict[int, str]:
        wanted: Collection[int] = tuple(numbers)
        rows = await self._connection.execute(
            select(QuestionRow.id, QuestionRow.text).where(QuestionRow.id.in_(wanted))
        )
        return {number: text for number, text in rows}  # noqa: C416 - as above


_COLUMNS = tuple(column for column in QuestionRow.__table__.columns)
_FIELDS = tuple(column.name for column in _COLUMNS)


def _unknown(row: Row[Any], samples: Mapping[int, str]) -> Unknown:
    return Unknown(
        id=row.id,
        sample=samples.get(row.newest, ""),
        questions=row.questions,
        people=row.people,
        last_at=row.last_at,
        state=UnknownState(row.state),
        service=row.service,
    )


def _mark() -> Any:  # noqa: ANN401 (a scalar subquery)
    return func.coalesce(select(MarkRow.number).where(MarkRow.name == MARK).scalar_subquery(), 0)


def _unread() -> Select[*tuple[Any, ...]]:
    listed = exists().where(QuestionRow.id == JournalRow.id)
    return (
        select(JournalRow.id, JournalRow.at, JournalRow.conversation_id, JournalRow.channel)
        .add_columns(JournalRow.commune, JournalRow.name.label("outcome"), JournalRow.service)
        .add_columns(JournalRow.topic, JournalRow.aspect, InboxRow.text)
        .add_columns(InboxRow.text_expires_at.label("expires_at"))
        .join(InboxRow, InboxRow.id == JournalRow.inbox_id)
        .where(JournalRow.id > _mark(), JournalRow.name.startswith("turn:"), ~listed)
        .where(JournalRow.conversation_id.is_not(None), InboxRow.kind.in_(TYPED), InboxRow.text != "")
        .order_by(JournalRow.id)
    )


def _wanted(found: Select[*tuple[Any, ...]], wanted: Wanted) -> Select[*tuple[Any, ...]]:
    period, within = wanted.period, wanted.within
    found = found.where(QuestionRow.at >= begins(period.first), QuestionRow.at < begins(period.last + DAY))
    return found.where(*_narrowed(wanted, within))


def _narrowed(wanted: Wanted, within: Within) -> Iterable[ColumnElement[bool]]:
    narrow = {
        QuestionRow.channel: within.channel,
        QuestionRow.commune: within.commune,
        QuestionRow.service: within.service,
        QuestionRow.aspect: wanted.aspect,
        QuestionRow.topic: wanted.topic,
    }
    yield from (column == value for column, value in narrow.items() if value)
    if wanted.outcomes:
        yield QuestionRow.outcome.in_(wanted.outcomes)
    if wanted.words:
        yield QuestionRow.folded.contains(wanted.words, autoescape=True)
    if wanted.text:
        yield QuestionRow.text.icontains(wanted.text, autoescape=True)
    if wanted.unknown_id is not None:
        yield QuestionRow.unknown_id == wanted.unknown_id
