"""Who is to be asked how it went, and when."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, select

from storage.models import AddressRow, ConversationRow, FollowUpRow
from storage.records import FollowUp
from storage.repository import Repository, insert_into


class FollowUps(Repository):
    """Keeps one time for each conversation."""

    async def plan(self, conversation_id: int, due_at: dt.datetime, until: dt.datetime) -> None:
        """Have a conversation asked once it is due; a plan of before gives way."""
        planned = insert_into(FollowUpRow, self._dialect)
        times = {"due_at": planned.excluded.due_at, "until": planned.excluded.until}
        await self._connection.execute(
            planned.on_conflict_do_update(index_elements=["conversation_id"], set_=times),
            {"conversation_id": conversation_id, "due_at": due_at, "until": until},
        )

    async def due(self, now: dt.datetime, limit: int) -> tuple[FollowUp, ...]:
        """Return whom to ask now, who waits longest first; nobody who cannot be reached."""
        found = (
            select(FollowUpRow.conversation_id, FollowUpRow.due_at)
            .join(ConversationRow, ConversationRow.id == FollowUpRow.conversation_id)
            .join(AddressRow, AddressRow.person_id == ConversationRow.person_id)
            .where(FollowUpRow.due_at <= now, FollowUpRow.until > now, AddressRow.blocked_at.is_(None))
            .order_by(FollowUpRow.due_at)
            .limit(limit)
        )
        return tuple(FollowUp(*row) for row in await self._connection.execute(found))

    async def done(self, one: FollowUp) -> None:
        """Forget a plan that was carried out, unless it was made anew."""
        await self._connection.execute(
            delete(FollowUpRow).where(
                FollowUpRow.conversation_id == one.conversation_id, FollowUpRow.due_at == one.due_at
            )
        )

    async def drop_late(self, now: dt.datetime) -> None:
        """Forget whom it is too late to write to first; they are asked when they write."""
        await self._connection.execute(delete(FollowUpRow).where(FollowUpRow.until <= now))
