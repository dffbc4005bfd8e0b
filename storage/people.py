"""People: forgotten on request, marked when they can no longer be reached."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import Select, Update, delete, func, select, update

from storage.journal import Journal
from storage.models import AddressRow, ConversationRow, InboxRow, OutboxRow, PersonRow
from storage.outbox import Outbox, unsent
from storage.records import BLOCKED, Erased, Event, EventName
from storage.repository import Repository
from storage.rolling import soil


class _Known(NamedTuple):
    person_id: int
    channel: str
    bot: str
    sealed: bytes


class People(Repository):
    """Erases and blocks."""

    async def erase(self, conversation_id: int, now: dt.datetime) -> Erased | None:
        """Forget a person entirely; return where a farewell can go, None when already forgotten.

        Receipts stay without text or owner, so that a redelivered message stays a repeat. Messages still
        waiting and replies still unsent are dropped. Call `Storage.scrub` after the commit.
        """
        known = await self._lock(conversation_id)
        if known is None:
            return None
        await self._connection.execute(_forget_texts(conversation_id, now))
        await self._connection.execute(_forget_unsent(conversation_id, now))
        await self._connection.execute(_forget_bodies(conversation_id))
        await self._connection.execute(soil(conversation_id, self._dialect))
        # Takes address and conversation along, and unlinks inbox, outbox and journal.
        await self._connection.execute(delete(PersonRow).where(PersonRow.id == known.person_id))
        await Journal(self._connection).append(Event(EventName.PERSON_ERASED, now, known.channel))
        return Erased(known.channel, known.bot, known.sealed)

    async def block(self, conversation_id: int, now: dt.datetime) -> None:
        """Note that a person cannot be reached and give up what waits for them; a new message undoes it."""
        known = await self._lock(conversation_id)
        if known is None:
            return
        statement = update(AddressRow).where(AddressRow.person_id == known.person_id)
        await self._connection.execute(statement.values(blocked_at=now))
        await Outbox(self._connection).give_up_where(
            OutboxRow.conversation_id == conversation_id, now, BLOCKED
        )
        event = Event(EventName.PERSON_BLOCKED, now, known.channel, conversation_id)
        await Journal(self._connection).append(event)

    async def _lock(self, conversation_id: int) -> _Known | None:
        """Hold the person, as `Inbox.accept` does, so that no message slips in between."""
        held = await self._connection.scalar(_person(conversation_id))
        if held is None:
            return None
        row = (await self._connection.execute(_address(held))).one()
        return _Known(*row)


def _person(conversation_id: int) -> Select[int]:
    return (
        select(PersonRow.id)
        .join(ConversationRow, ConversationRow.person_id == PersonRow.id)
        .where(ConversationRow.id == conversation_id)
        .with_for_update(of=PersonRow)
    )


def _address(person_id: int) -> Select[int, str, str, bytes]:
    return select(AddressRow.person_id, AddressRow.channel, AddressRow.bot, AddressRow.sealed).where(
        AddressRow.person_id == person_id
    )


def _forget_texts(conversation_id: int, now: dt.datetime) -> Update:
    return (
        update(InboxRow)
        .where(InboxRow.conversation_id == conversation_id)
        .values(text=None, payload=None, handled_at=func.coalesce(InboxRow.handled_at, now))
    )


def _forget_unsent(conversation_id: int, now: dt.datetime) -> Update:
    return (
        update(OutboxRow)
        .where(OutboxRow.conversation_id == conversation_id, unsent(OutboxRow))
        .values(failed_at=now, error="erased")
    )


def _forget_bodies(conversation_id: int) -> Update:
    return (
        update(OutboxRow).where(OutboxRow.conversation_id == conversation_id).values(body=None, sealed=None)
    )
