"""Tickets: what citizens say is wrong of what the assistant told them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import exists, func, insert, select, update

from storage.models import StaffRow, TicketRow
from storage.repository import Repository


class TicketState(StrEnum):
    """What became of a report."""

    OPEN = "open"
    CORRECTED = "corrected"
    """It was wrong and is put right."""
    RIGHT = "right"
    """What the assistant told is right."""
    DUPLICATE = "duplicate"
    """Another report says the same."""


CLOSED = (TicketState.CORRECTED, TicketState.RIGHT, TicketState.DUPLICATE)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewTicket:
    """A report, as it is made."""

    conversation_id: int
    channel: str
    commune: str
    service: str
    aspect: str
    knowledge: int
    """The version of the knowledge that told it."""
    inbox_id: int
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """A report, as staff see it."""

    id: int
    conversation_id: int | None
    """None when the person was erased since."""
    channel: str
    commune: str
    service: str
    aspect: str
    """The fact that is said to be wrong."""
    knowledge: int
    state: TicketState
    opened_at: dt.datetime
    closed_at: dt.datetime | None
    note: str
    closed_by: str | None
    """Login of who closed it."""


class Tickets(Repository):
    """Opens, lists and closes tickets."""

    async def open(self, new: NewTicket) -> bool:
        """Open a ticket; False when this person has one open about the same fact."""
        same = (
            TicketRow.conversation_id == new.conversation_id,
            TicketRow.service == new.service,
            TicketRow.aspect == new.aspect,
            TicketRow.state == TicketState.OPEN,
        )
        if await self._connection.scalar(select(exists().where(*same))):
            return False
        values = {
            "conversation_id": new.conversation_id,
            "channel": new.channel,
            "commune": new.commune,
            "service": new.service,
            "aspect": new.aspect,
            "knowledge": new.knowledge,
            "inbox_id": new.inbox_id,
            "state": TicketState.OPEN.value,
            "opened_at": new.at,
            "note": "",
        }
        await self._connection.execute(insert(TicketRow).values(**values))
        return True

    async def find(
        self, *, is_open: bool, limit: int, commune: str = "", service: str = "", before: int = 0
    ) -> tuple[Ticket, ...]:
        """Return tickets, the newest first, from before one that was shown."""
        found = _FOUND.order_by(TicketRow.id.desc()).limit(limit)
        found = found.where(
            TicketRow.state == TicketState.OPEN if is_open else TicketRow.state != TicketState.OPEN
        )
        exact = {TicketRow.commune: commune, TicketRow.service: service}
        found = found.where(*(column == value for column, value in exact.items() if value))
        if before:
            found = found.where(TicketRow.id < before)
        rows = await self._connection.execute(found)
        return tuple(_ticket(dict(row)) for row in rows.mappings())

    async def number_open(self, commune: str = "") -> int:
        """Count the open ones."""
        counted = select(func.count()).where(TicketRow.state == TicketState.OPEN)
        counted = counted.where(TicketRow.commune == commune) if commune else counted
        return await self._connection.scalar(counted) or 0

    async def one(self, ticket_id: int) -> Ticket | None:
        """Return a ticket by its number."""
        row = (await self._connection.execute(_FOUND.where(TicketRow.id == ticket_id))).mappings().first()
        return _ticket(dict(row)) if row else None

    async def close(
        self, ticket_id: int, state: TicketState, note: str, staff_id: int, at: dt.datetime
    ) -> bool:
        """Close a ticket; False when somebody did so before."""
        closed = (
            update(TicketRow)
            .where(TicketRow.id == ticket_id, TicketRow.state == TicketState.OPEN)
            .values(state=state.value, note=note, staff_id=staff_id, closed_at=at)
        )
        return (await self._connection.execute(closed)).rowcount == 1


_FOUND = select(
    TicketRow.id,
    TicketRow.conversation_id,
    TicketRow.channel,
    TicketRow.commune,
    TicketRow.service,
    TicketRow.aspect,
    TicketRow.knowledge,
    TicketRow.state,
    TicketRow.opened_at,
    TicketRow.closed_at,
    TicketRow.note,
    StaffRow.login.label("closed_by"),
).outerjoin(StaffRow, StaffRow.id == TicketRow.staff_id)


def _ticket(values: dict[str, object]) -> Ticket:
    return Ticket(**values | {"state": TicketState(str(values["state"]))})  # type: ignore[arg-type]
