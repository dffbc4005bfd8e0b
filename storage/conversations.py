"""Conversations: claimed by one worker at a time, with a fencing number against late ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, Select, Update, bindparam, or_, select, tuple_, update

from storage.among import among
from storage.models import ConversationRow, InboxRow, PersonRow
from storage.records import ClaimedConversation
from storage.repository import Repository


class Conversations(Repository):
    """Hands conversations with waiting messages to workers and keeps their state."""

    async def claim(
        self, owner: str, now: dt.datetime, lease_for: dt.timedelta, limit: int = 1
    ) -> tuple[ClaimedConversation, ...]:
        """Take free conversations whose messages wait longest; commit before working on them.

        One whose message was tried before comes alone: if it ends its worker, it takes nobody along.
        """
        rows = (await self._connection.execute(_CLAIMABLE, {"now": now, "most": limit})).all()
        first: dict[int, tuple[int, int]] = {}
        for conversation_id, inbox_id, attempts in rows:
            first.setdefault(conversation_id, (inbox_id, attempts))
        messages = _alone_when_tried(first)
        if not messages:
            return ()
        await self._connection.execute(_TRIED, {"messages": messages.values()})
        lease = {"conversations": messages.keys(), "owner": owner, "until": now + lease_for}
        leased = await self._connection.execute(_LEASED, lease)
        claimed = {
            row.id: ClaimedConversation(row.id, row.channel, row.bot, owner, row.fence, row.state)
            for row in leased
        }
        return tuple(claimed[conversation_id] for conversation_id in messages)

    async def still_held(self, claimed: Collection[ClaimedConversation]) -> frozenset[int]:
        """Hold the conversations that are still ours until the unit ends; return their ids."""
        fences = {one.id: one.fence for one in claimed}
        rows = await self._connection.execute(_HELD, {"conversations": fences.keys()})
        return frozenset(number for number, fence in rows if fences[number] == fence)

    async def save(self, states: Mapping[ClaimedConversation, str]) -> None:
        """Keep new states, JSON, and let others take the conversations; nothing where no longer held."""
        if not states:
            return
        rows = [{"one": c.id, "held": c.fence, "new": state} for c, state in states.items()]
        await self._connection.execute(_SAVED, rows)

    async def release(self, claimed: Collection[ClaimedConversation]) -> None:
        """Let others take conversations; nothing happens to those no longer held."""
        ours = tuple_(ConversationRow.id, ConversationRow.fence).in_([(c.id, c.fence) for c in claimed])
        await self._connection.execute(_freed(ours))

    async def channel(self, conversation_id: int) -> str | None:
        """Return the channel of a conversation; None when it is no more."""
        found = select(ConversationRow.channel).where(ConversationRow.id == conversation_id)
        return await self._connection.scalar(found)

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
        await self._connection.execute(_freed(ConversationRow.lease_owner == owner))


def _alone_when_tried(first: Mapping[int, tuple[int, int]]) -> dict[int, int]:
    """Choose, of the first messages with their attempts, those to handle now: conversation, message."""
    untried = {talk: message for talk, (message, attempts) in first.items() if not attempts}
    talk, (message, attempts) = next(iter(first.items()), (0, (0, 0)))
    return {talk: message} if attempts else untried


def _claimable() -> Select[int, int, int]:
    free = or_(ConversationRow.lease_until.is_(None), ConversationRow.lease_until <= bindparam("now"))
    return (
        select(ConversationRow.id, InboxRow.id, InboxRow.attempts)
        .join(InboxRow, InboxRow.conversation_id == ConversationRow.id)
        .where(InboxRow.handled_at.is_(None), free)
        .order_by(InboxRow.id)
        .limit(bindparam("most"))
        # Both rows, so that PostgreSQL looks again at what changed while it waited its turn;
        # key_share, so that a message being received does not hide its conversation.
        .with_for_update(of=(ConversationRow, InboxRow), key_share=True, skip_locked=True)
    )


# Built once: they are asked for many times a second.

_CLAIMABLE = _claimable()
_TRIED = update(InboxRow).where(among(InboxRow.id, "messages")).values(attempts=InboxRow.attempts + 1)
_LEASED = (
    update(ConversationRow)
    .where(among(ConversationRow.id, "conversations"))
    .values(lease_owner=bindparam("owner"), lease_until=bindparam("until"), fence=ConversationRow.fence + 1)
    .returning(
        ConversationRow.id,
        ConversationRow.channel,
        ConversationRow.bot,
        ConversationRow.fence,
        ConversationRow.state,
    )
)
_HELD = (
    select(ConversationRow.id, ConversationRow.fence)
    .where(among(ConversationRow.id, "conversations"))
    .order_by(ConversationRow.id)
    .with_for_update(key_share=True)
)
_SAVED = (
    update(ConversationRow)
    .where(ConversationRow.id == bindparam("one"), ConversationRow.fence == bindparam("held"))
    .values(state=bindparam("new"), lease_owner=None, lease_until=None)
)


def _freed(which: ColumnElement[bool]) -> Update:
    return update(ConversationRow).where(which).values(lease_owner=None, lease_until=None)
