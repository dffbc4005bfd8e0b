"""Questions passed to staff: who waits, who took it, who answered, when it goes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import CursorResult, ScalarSelect, Select, Update, func, select, update

from storage.models import AddressRow, ConversationRow, HandoffRow, InboxRow, StaffRow
from storage.questions import TYPED
from storage.repository import Repository, insert_into


class HandoffState(StrEnum):
    """Where a handoff is."""

    WAITING = "waiting"
    TAKEN = "taken"
    CLOSED = "closed"
    """Staff are done, or the person went back to the assistant."""
    RETURNED = "returned"
    """Nobody answered in time."""


OPEN = (HandoffState.WAITING, HandoffState.TAKEN)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewHandoff:
    """A question to be passed to staff."""

    conversation_id: int
    channel: str
    commune: str
    """Where the person lives, if they said so."""
    desk: str
    """Whose inbox: code of a commune, empty for the province."""
    service: str
    inbox_id: int
    opened_at: dt.datetime
    return_at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class HandedOver:
    """A question that was passed to staff."""

    id: int
    conversation_id: int
    channel: str
    commune: str
    desk: str
    service: str
    state: HandoffState
    opened_at: dt.datetime
    return_at: dt.datetime
    staff_id: int | None
    """Who took it."""
    staff_name: str | None
    taken_at: dt.datetime | None
    answered_at: dt.datetime | None
    closed_at: dt.datetime | None
    heard_at: dt.datetime | None
    """When the person wrote last."""
    blocked_at: dt.datetime | None
    """They cannot be reached since then."""
    question: str | None
    """Their last words before they asked for a person, masked; None when there are none, or no more."""

    @property
    def is_open(self) -> bool:
        """Tell whether the person still waits, or talks with staff."""
        return self.state in OPEN


@dataclass(frozen=True, kw_only=True, slots=True)
class Sought:
    """Which handoffs to list."""

    states: Collection[HandoffState]
    desk: str | None = None
    """None for all desks."""
    staff_id: int | None = None
    """Only what this account took."""


class Handoffs(Repository):
    """Keeps at most one open handoff of a conversation."""

    async def open(self, new: NewHandoff) -> bool:
        """Begin a handoff; False when one is open already."""
        values = {name: getattr(new, name) for name in NewHandoff.__dataclass_fields__}
        begun = insert_into(HandoffRow, self._dialect).on_conflict_do_nothing().returning(HandoffRow.id)
        row = await self._connection.execute(begun, values | {"state": HandoffState.WAITING})
        return row.first() is not None

    async def find(self, sought: Sought, limit: int, after: int = 0) -> tuple[HandedOver, ...]:
        """Return handoffs: open ones that wait longest first, else the newest first; leave out so many."""
        still_open = set(sought.states) <= set(OPEN)
        order = HandoffRow.opened_at if still_open else HandoffRow.opened_at.desc()
        found = _sought(_listed(), sought).order_by(order, HandoffRow.id).limit(limit).offset(after)
        rows = await self._connection.execute(found)
        return tuple(_read(row) for row in rows.mappings())

    async def number(self, sought: Sought) -> int:
        """Count handoffs."""
        counted = _sought(select(func.count()).select_from(HandoffRow), sought)
        return await self._connection.scalar(counted) or 0

    async def one(self, handoff_id: int) -> HandedOver | None:
        """Return a handoff by its number."""
        rows = await self._connection.execute(_listed().where(HandoffRow.id == handoff_id))
        row = rows.mappings().one_or_none()
        return _read(row) if row else None

    async def open_of(self, conversation_id: int) -> HandedOver | None:
        """Return the open handoff of a conversation."""
        found = _listed().where(HandoffRow.conversation_id == conversation_id, HandoffRow.state.in_(OPEN))
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return _read(row) if row else None

    # What happens to one; False when somebody else was faster.

    async def take(self, handoff_id: int, staff_id: int, at: dt.datetime) -> bool:
        """Have one of the staff answer it."""
        waiting = _one(handoff_id, HandoffState.WAITING)
        return await self._done(waiting.values(state=HandoffState.TAKEN, staff_id=staff_id, taken_at=at))

    async def answer(self, handoff_id: int, staff_id: int, at: dt.datetime, return_at: dt.datetime) -> bool:
        """Note that who took it answered; from now on it goes back later."""
        theirs = _one(handoff_id, HandoffState.TAKEN).where(HandoffRow.staff_id == staff_id)
        first = func.coalesce(HandoffRow.answered_at, at)
        return await self._done(theirs.values(answered_at=first, return_at=return_at))

    async def forward(self, handoff_id: int, desk: str, return_at: dt.datetime) -> bool:
        """Put it into an inbox, where it waits again."""
        again: dict[str, Any] = {"desk": desk, "return_at": return_at, "state": HandoffState.WAITING}
        nobody: dict[str, Any] = {"staff_id": None, "taken_at": None, "told_at": None}
        return await self._done(_one(handoff_id, *OPEN).values(**again, **nobody))

    async def end(self, handoff_id: int, state: HandoffState, at: dt.datetime) -> bool:
        """Close it, or give it back."""
        return await self._done(_one(handoff_id, *OPEN).values(state=state, closed_at=at))

    async def lapse(self, overdue: HandedOver, state: HandoffState, at: dt.datetime) -> bool:
        """Close or give back what is overdue, unless somebody has answered or forwarded it meanwhile."""
        still = _one(overdue.id, *OPEN).where(HandoffRow.return_at == overdue.return_at)
        return await self._done(still.values(state=state, closed_at=at))

    async def overdue(self, now: dt.datetime, limit: int) -> tuple[HandedOver, ...]:
        """Return what is to go back now, longest overdue first."""
        found = _listed().where(HandoffRow.return_at <= now, HandoffRow.state.in_(OPEN))
        rows = await self._connection.execute(found.order_by(HandoffRow.return_at).limit(limit))
        return tuple(_read(row) for row in rows.mappings())

    # Telling those on duty

    async def to_tell(self) -> dict[str, int]:
        """Return how many wait of which nobody was told, by desk."""
        found = select(HandoffRow.desk, func.count()).where(_untold()).group_by(HandoffRow.desk)
        return {desk: number for desk, number in await self._connection.execute(found)}  # noqa: C416

    async def told(self, desk: str, at: dt.datetime) -> Sequence[int]:
        """Note that the staff of a desk are told of all that waits; return what was new."""
        newly = update(HandoffRow).where(_untold(), HandoffRow.desk == desk)
        return (await self._connection.scalars(newly.values(told_at=at).returning(HandoffRow.id))).all()

    async def not_told(self, handoff_ids: Collection[int]) -> None:
        """Take that back."""
        those = update(HandoffRow).where(HandoffRow.id.in_(handoff_ids))
        await self._connection.execute(those.values(told_at=None))

    async def _done(self, statement: Update) -> bool:
        result: CursorResult[Any] = await self._connection.execute(statement)
        return result.rowcount == 1


_COLUMNS = tuple(
    column for column in HandoffRow.__table__.columns if column.name not in {"inbox_id", "told_at"}
)


def _listed() -> Select[*tuple[Any, ...]]:
    return (
        select(*_COLUMNS, StaffRow.name.label("staff_name"), AddressRow.heard_at, AddressRow.blocked_at)
        .add_columns(_question().label("question"))
        .select_from(HandoffRow)
        .join(ConversationRow, ConversationRow.id == HandoffRow.conversation_id)
        .outerjoin(AddressRow, AddressRow.person_id == ConversationRow.person_id)
        .outerjoin(StaffRow, StaffRow.id == HandoffRow.staff_id)
    )


def _question() -> ScalarSelect[str | None]:
    own = InboxRow.conversation_id == HandoffRow.conversation_id
    words = select(InboxRow.text).where(own, InboxRow.id < HandoffRow.inbox_id, InboxRow.kind.in_(TYPED))
    return words.order_by(InboxRow.id.desc()).limit(1).scalar_subquery()


def _sought(found: Select[*tuple[Any, ...]], sought: Sought) -> Select[*tuple[Any, ...]]:
    found = found.where(HandoffRow.state.in_(sought.states))
    if sought.desk is not None:
        found = found.where(HandoffRow.desk == sought.desk)
    if sought.staff_id is not None:
        found = found.where(HandoffRow.staff_id == sought.staff_id)
    return found


def _one(handoff_id: int, *states: HandoffState) -> Update:
    return update(HandoffRow).where(HandoffRow.id == handoff_id, HandoffRow.state.in_(states))


def _untold() -> Any:  # noqa: ANN401
    return (HandoffRow.state == HandoffState.WAITING) & HandoffRow.told_at.is_(None)


def _read(row: Any) -> HandedOver:  # noqa: ANN401 - a row's mapping
    values = dict(row)
    return HandedOver(**values | {"state": HandoffState(values["state"])})
