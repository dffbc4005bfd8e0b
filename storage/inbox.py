"""The inbox: each message is taken once, in the order of receipt, and waits here for its turn."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Select, Update, func, select, update

from storage.journal import Journal
from storage.models import AddressRow, ConversationRow, InboxRow, PersonRow
from storage.records import Event, EventName, NewReceipt, PendingMessage
from storage.repository import Repository


class Inbox(Repository):
    """Takes receipts and hands out what waits."""

    async def accept(self, receipt: NewReceipt) -> bool:
        """Remember a message and how to answer it; False, and nothing else, for a repeat."""
        if await self._connection.scalar(_known(receipt)):
            # Looked up before anything is written: a redelivery must not bring an erased person back.
            return False
        person_id = await self._person(receipt)
        conversation_id = await self._conversation(receipt, person_id)
        statement = (
            self._insert(InboxRow)
            .values(_values(receipt) | {"conversation_id": conversation_id})
            .on_conflict_do_nothing()
            .returning(InboxRow.id)
        )
        return await self._connection.scalar(statement) is not None

    async def pending(self, conversation_id: int) -> tuple[PendingMessage, ...]:
        """Return the unhandled messages of a conversation in the order of receipt."""
        rows = await self._connection.execute(_pending(conversation_id))
        return tuple(PendingMessage(*row) for row in rows)

    async def mark_handled(self, inbox_id: int, at: dt.datetime) -> None:
        """Take a message off the queue."""
        await self._connection.execute(_handle(inbox_id, at))

    async def handled(self, channel: str, bot: str, message_id: str) -> bool:
        """Tell whether a message has been handled, so that all its replies are stored."""
        handled_at = select(InboxRow.handled_at).where(
            InboxRow.channel == channel, InboxRow.bot == bot, InboxRow.message_id == message_id
        )
        return await self._connection.scalar(handled_at) is not None

    async def oldest_unhandled(self) -> dt.datetime | None:
        """Return when the message that waits longest was received."""
        return await self._connection.scalar(
            select(func.min(InboxRow.received_at)).where(InboxRow.handled_at.is_(None))
        )

    async def _person(self, receipt: NewReceipt) -> int:
        """Return the person's id, and hold the row until the unit ends: an erasure waits or comes first."""
        insert = self._insert(PersonRow).values(key=receipt.person_key, first_seen_at=receipt.received_at)
        insert = insert.on_conflict_do_update(index_elements=["key"], set_={"key": insert.excluded.key})
        person_id: int = (await self._connection.execute(insert.returning(PersonRow.id))).scalar_one()
        address = {"channel": receipt.channel, "bot": receipt.bot, "sealed": receipt.sealed}
        await self._connection.execute(
            self._insert(AddressRow)
            .values(person_id=person_id, **address)
            .on_conflict_do_update(index_elements=["person_id"], set_=address | {"blocked_at": None})
        )
        return person_id

    async def _conversation(self, receipt: NewReceipt, person_id: int) -> int:
        known = await self._connection.scalar(
            select(ConversationRow.id).where(ConversationRow.person_id == person_id)
        )
        if known is not None:
            return known
        insert = self._insert(ConversationRow).values(
            person_id=person_id, channel=receipt.channel, bot=receipt.bot
        )
        created: int = (await self._connection.execute(insert.returning(ConversationRow.id))).scalar_one()
        event = Event(EventName.PERSON_STARTED, receipt.received_at, receipt.channel, created)
        await Journal(self._connection).append(event)
        return created


def _known(receipt: NewReceipt) -> Select[int]:
    return select(InboxRow.id).where(
        InboxRow.channel == receipt.channel,
        InboxRow.bot == receipt.bot,
        InboxRow.message_id == receipt.message_id,
    )


def _values(receipt: NewReceipt) -> dict[str, object]:
    return {
        "channel": receipt.channel,
        "bot": receipt.bot,
        "message_id": receipt.message_id,
        "kind": receipt.kind,
        "text": receipt.text,
        "payload": receipt.payload,
        "received_at": receipt.received_at,
        "text_expires_at": receipt.text_expires_at,
    }


def _pending(conversation_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            InboxRow.id,
            InboxRow.conversation_id,
            InboxRow.message_id,
            InboxRow.kind,
            InboxRow.text,
            InboxRow.payload,
            InboxRow.received_at,
            InboxRow.attempts,
        )
        .where(InboxRow.conversation_id == conversation_id, InboxRow.handled_at.is_(None))
        .order_by(InboxRow.id)
    )


def _handle(inbox_id: int, at: dt.datetime) -> Update:
    waiting = (InboxRow.id == inbox_id) & InboxRow.handled_at.is_(None)
    return update(InboxRow).where(waiting).values(handled_at=at)
