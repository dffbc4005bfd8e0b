"""The inbox: each message is taken once, in the order of receipt, and waits here for its turn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Row, Select, Update, bindparam, func, select, tuple_, update

from storage.journal import Journal
from storage.models import AddressRow, ConversationRow, InboxRow, PersonRow
from storage.records import Backlog, Event, EventName, Heard, NewReceipt, PendingMessage
from storage.repository import Repository

Key = TypeVar("Key")
Identity = tuple[str, str, str]
"""Channel, bot and message id."""


class Inbox(Repository):
    """Takes receipts and hands out what waits."""

    async def accept(self, receipt: NewReceipt) -> bool:
        """Remember a message and how to answer it; False, and nothing else, for a repeat."""
        return bool(await self.accept_all((receipt,)))

    async def accept_all(self, receipts: Sequence[NewReceipt]) -> frozenset[Identity]:
        """Remember messages, in this order, and how to answer them; return which were no repeats."""
        # Looked up before anything is written: a redelivery must not bring an erased person back.
        known = {tuple(row) for row in await self._connection.execute(_known(receipts))}
        new = {_identity(receipt): receipt for receipt in receipts if _identity(receipt) not in known}
        people = await self._people(new.values())
        new = {name: receipt for name, receipt in new.items() if receipt.person_key in people}
        if not new:
            return frozenset()
        await self._addresses(new.values(), people)
        conversations = await self._conversations(new.values(), people)
        rows = [
            _values(receipt) | {"conversation_id": conversations[people[receipt.person_key]]}
            for receipt in new.values()
        ]
        statement = self._insert(InboxRow).on_conflict_do_nothing()
        names = statement.returning(InboxRow.channel, InboxRow.bot, InboxRow.message_id)
        return frozenset((row[0], row[1], row[2]) for row in await self._connection.execute(names, rows))

    async def pending(self, *conversation_ids: int) -> tuple[PendingMessage, ...]:
        """Return the unhandled messages of conversations in the order of receipt."""
        rows = await self._connection.execute(_PENDING, {"conversations": conversation_ids})
        return tuple(PendingMessage(*row) for row in rows)

    async def mark_handled(self, inbox_ids: Iterable[int], at: dt.datetime) -> None:
        """Take messages off the queue."""
        await self._connection.execute(_waiting(inbox_ids).values(handled_at=at))

    async def mark_failed(self, inbox_ids: Iterable[int], at: dt.datetime) -> None:
        """Take messages off the queue that could not be handled, and list them as such."""
        await self._connection.execute(_waiting(inbox_ids).values(handled_at=at, failed_at=at))

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

    async def waiting(self) -> Backlog:
        """Return how many messages wait, and since when."""
        columns = func.count(), func.min(InboxRow.received_at)
        rows = await self._connection.execute(select(*columns).where(InboxRow.handled_at.is_(None)))
        return Backlog(*rows.one())

    async def newest(self, after: int = 0) -> dict[tuple[str, str], Heard]:
        """Return the newest receipt of each channel and bot, of those after a receipt.

        All there are must be read: who looks often asks only for what came since.
        """
        bot = InboxRow.channel, InboxRow.bot
        found = select(*bot, func.max(InboxRow.id), func.max(InboxRow.received_at))
        rows = await self._connection.execute(found.where(InboxRow.id > after).group_by(*bot))
        return {(channel, name): Heard(last, at) for channel, name, last, at in rows}

    async def _people(self, receipts: Iterable[NewReceipt]) -> dict[str, int]:
        """Return the people's ids by key, and hold their rows until the unit ends: an erasure waits."""
        # In the order of keys: who held them in another order could wait for somebody who waits for him.
        first_seen = {r.person_key: r.received_at for r in receipts if not r.known_only}
        values = [{"key": key, "first_seen_at": first_seen[key]} for key in sorted(first_seen)]
        people: dict[str, int] = {}
        if values:
            insert = self._insert(PersonRow)
            insert = insert.on_conflict_do_update(index_elements=["key"], set_={"key": insert.excluded.key})
            rows = await self._connection.execute(insert.returning(PersonRow.key, PersonRow.id), values)
            people |= _pairs(rows)
        told_of = sorted({r.person_key for r in receipts} - people.keys())
        if told_of:
            held = select(PersonRow.key, PersonRow.id).where(PersonRow.key.in_(told_of))
            rows = await self._connection.execute(held.order_by(PersonRow.key).with_for_update())
            people |= _pairs(rows)
        return people

    async def _addresses(self, receipts: Iterable[NewReceipt], people: Mapping[str, int]) -> None:
        newest = {
            people[r.person_key]: {
                "person_id": people[r.person_key],
                "channel": r.channel,
                "bot": r.bot,
                "sealed": r.sealed,
                "heard_at": r.received_at,
            }
            for r in receipts
            if not r.known_only
        }
        if not newest:
            return
        insert = self._insert(AddressRow)
        renewed = {name: insert.excluded[name] for name in ("channel", "bot", "sealed", "heard_at")}
        upsert = insert.on_conflict_do_update(
            index_elements=["person_id"], set_=renewed | {"blocked_at": None}
        )
        await self._connection.execute(upsert, list(newest.values()))

    async def _conversations(
        self, receipts: Iterable[NewReceipt], people: Mapping[str, int]
    ) -> dict[int, int]:
        """Return the conversation of each person, begun where there was none."""
        columns = ConversationRow.person_id, ConversationRow.id
        known = select(*columns).where(ConversationRow.person_id.in_(sorted(people.values())))
        conversations = _pairs(await self._connection.execute(known))
        first = {people[r.person_key]: r for r in receipts if people[r.person_key] not in conversations}
        if not first:
            return conversations
        rows = [{"person_id": p, "channel": r.channel, "bot": r.bot} for p, r in first.items()]
        insert = self._insert(ConversationRow).returning(*columns)
        begun = _pairs(await self._connection.execute(insert, rows))
        await Journal(self._connection).append(*(_started(first[p], talk) for p, talk in begun.items()))
        return conversations | begun


def _pairs(rows: Iterable[Row[Key, int]]) -> dict[Key, int]:
    return {key: number for key, number in rows}  # noqa: C416 - rows are no tuples for the checker


def _identity(receipt: NewReceipt) -> Identity:
    return receipt.channel, receipt.bot, receipt.message_id


def _started(receipt: NewReceipt, conversation_id: int) -> Event:
    name = EventName.GROUP_STARTED if receipt.group else EventName.PERSON_STARTED
    return Event(name, receipt.received_at, receipt.channel, conversation_id)


def _known(receipts: Iterable[NewReceipt]) -> Select[str, str, str]:
    names = InboxRow.channel, InboxRow.bot, InboxRow.message_id
    return select(*names).where(tuple_(*names).in_([_identity(receipt) for receipt in receipts]))


def _values(receipt: NewReceipt) -> dict[str, object]:
    return {
        "channel": receipt.channel,
        "bot": receipt.bot,
        "message_id": receipt.message_id,
        "kind": receipt.kind,
        "text": receipt.text,
        "payload": receipt.payload,
        "reference": receipt.reference,
        "received_at": receipt.received_at,
        "text_expires_at": receipt.text_expires_at,
    }


_PENDING: Select[*tuple[Any, ...]] = (
    select(
        InboxRow.id,
        InboxRow.conversation_id,
        InboxRow.message_id,
        InboxRow.kind,
        InboxRow.text,
        InboxRow.payload,
        InboxRow.received_at,
        InboxRow.attempts,
        InboxRow.reference,
    )
    .where(InboxRow.conversation_id.in_(bindparam("conversations", expanding=True)))
    .where(InboxRow.handled_at.is_(None))
    .order_by(InboxRow.id)
)
"""Built once: it is asked for many times a second."""


def _waiting(inbox_ids: Iterable[int]) -> Update:
    return update(InboxRow).where(InboxRow.id.in_(list(inbox_ids)), InboxRow.handled_at.is_(None))
