"""Conversations: claimed by one worker at a time, with a fencing number against late ones."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, Select, Update, or_, select, update

from storage.errors import LeaseLostError
from storage.models import ConversationRow, InboxRow, PersonRow
from storage.records import ClaimedConversation
from storage.repository import Repository


class Conversations(Repository):
    """Hands conversations with waiting messages to workers and keeps their state."""

    async def claim(
        self, owner: str, now: dt.datetime, lease_for: dt.timedelta
    ) -> ClaimedConversation | None:
        """Take the free conversation whose message waits longest; commit before working on it."""
        found = (await self._connection.execute(_claimable(now))).first()
        if found is None:
            return None
        conversation_id, inbox_id = found
        await self._connection.execute(_count_attempt(inbox_id))
        row = (await self._connection.execute(_lease(conversation_id, owner, now + lease_for))).one()
        return ClaimedConversation(
            id=row.id, channel=row.channel, bot=row.bot, owner=owner, fence=row.fence, state=row.state
        )

    async def save(self, claimed: ClaimedConversation, state: str) -> None:
        """Keep the new state, JSON; refuse when somebody else took the conversation over."""
        statement = update(ConversationRow).where(_held(claimed))
        result = await self._connection.execute(
            statement.values(state=state, version=ConversationRow.version + 1)
        )
        if result.rowcount != 1:
            raise LeaseLostError(f"conversation {claimed.id} is no longer held under number {claimed.fence}")

    async def release(self, claimed: ClaimedConversation) -> None:
        """Let others take the conversation; nothing happens when it is no longer held."""
        statement = update(ConversationRow).where(_held(claimed))
        await self._connection.execute(statement.values(lease_owner=None, lease_until=None))

    async def find(self, person_key: str) -> int | None:
        """Return the id of a person's conversation."""
        return await self._connection.scalar(
            select(ConversationRow.id)
            .join(PersonRow, PersonRow.id == ConversationRow.person_id)
            .where(PersonRow.key == person_key)
        )

    async def owners(self) -> tuple[str, ...]:
        """Return who holds conversations."""
        held = select(ConversationRow.lease_owner).where(ConversationRow.lease_owner.is_not(None)).distinct()
        return tuple(owner for owner in await self._connection.scalars(held) if owner)

    async def free(self, owner: str) -> None:
        """Release all conversations of an owner that is known to be gone."""
        gone = update(ConversationRow).where(ConversationRow.lease_owner == owner)
        await self._connection.execute(gone.values(lease_owner=None, lease_until=None))


def _claimable(now: dt.datetime) -> Select[int, int]:
    free = or_(ConversationRow.lease_until.is_(None), ConversationRow.lease_until <= now)
    return (
        select(ConversationRow.id, InboxRow.id)
        .join(InboxRow, InboxRow.conversation_id == ConversationRow.id)
        .where(InboxRow.handled_at.is_(None), free)
        .order_by(InboxRow.id)
        .limit(1)
        # Both rows, so that PostgreSQL looks again at what changed while it waited its turn;
        # key_share, so that a message being received does not hide its conversation.
        .with_for_update(of=(ConversationRow, InboxRow), key_share=True, skip_locked=True)
    )


def _lease(conversation_id: int, owner: str, until: dt.datetime) -> Update:
    return (
        update(ConversationRow)
        .where(ConversationRow.id == conversation_id)
        .values(lease_owner=owner, lease_until=until, fence=ConversationRow.fence + 1)
        .returning(
            ConversationRow.id,
            ConversationRow.channel,
            ConversationRow.bot,
            ConversationRow.fence,
            ConversationRow.state,
        )
    )


def _count_attempt(inbox_id: int) -> Update:
    return update(InboxRow).where(InboxRow.id == inbox_id).values(attempts=InboxRow.attempts + 1)


def _held(claimed: ClaimedConversation) -> ColumnElement[bool]:
    return (ConversationRow.id == claimed.id) & (ConversationRow.fence == claimed.fence)
