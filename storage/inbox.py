"""The inbox: each message is taken once, in the order of receipt, and waits here for its turn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, insert, select, update

from storage.among import Texts, among
from storage.columns import storable
from storage.journal import Journal
from storage.models import AddressRow, ConversationRow, InboxRow, PersonRow
from storage.records import Backlog, Event, EventName, Heard, NewItem, NewReceipt, PendingMessage
from storage.repository import Repository, Upsert, insert_into

Identity = tuple[str, str, str]
"""Channel, bot and message id."""


class _Known(NamedTuple):
    """Ids of a person and of their conversation; there is none only while it is being begun."""

    person: int
    conversation: int | None


class Inbox(Repository):
    """Takes receipts and hands out what waits."""

    async def accept(self, receipt: NewReceipt) -> bool:
        """Remember a message and how to answer it; False, and nothing else, for a repeat."""
        return bool(await self.accept_all((receipt,)))

    async def accept_all(self, receipts: Sequence[NewReceipt]) -> frozenset[Identity]:
        """Remember messages, in this order, and how to answer them; return which were no repeats."""
        known = await self._known({receipt.person_key for receipt in receipts})
        # Looked up before anybody is remembered: a redelivery must not bring an erased person back.
        new = await self._new(receipts)
        strangers = [r for r in new.values() if r.person_key not in known and not r.known_only]
        if strangers:
            known |= await self._begun(strangers)
            new = await self._new(receipts)  # who else began them may have brought the same message
        new = {name: receipt for name, receipt in new.items() if receipt.person_key in known}
        if not new:
            return frozenset()
        await self._renew_addresses(new.values(), known)
        rows = [_values(r) | {"conversation_id": known[r.person_key].conversation} for r in new.values()]
        await self._connection.execute(_take(self._dialect), rows)
        return frozenset(new)

    async def put(self, item: NewItem) -> bool:
        """Have something of ours met in its turn among a person's messages.

        False, and nothing else, when it was put before or the conversation is no more.
        """
        # Their row is held until the unit ends: an erasure waits, or has left nothing to find.
        held = await self._connection.execute(_WHOSE, {"conversation": item.conversation_id})
        found = held.one_or_none()
        if found is None:
            return False
        row = {
            "channel": found.channel,
            "bot": found.bot,
            "message_id": item.message_id,
            "conversation_id": item.conversation_id,
            "kind": item.kind,
            "text": item.text,
            "payload": item.payload,
            "received_at": item.at,
            "text_expires_at": item.text_expires_at,
        }
        taken = await self._connection.execute(_take(self._dialect).returning(InboxRow.id), row)
        return taken.first() is not None

    async def pending(self, *conversation_ids: int) -> tuple[PendingMessage, ...]:
        """Return the unhandled messages of conversations in the order of receipt."""
        rows = await self._connection.execute(_PENDING, {"conversations": conversation_ids})
        return tuple(PendingMessage(*row) for row in rows)

    async def mark_handled(self, inbox_ids: Iterable[int], at: dt.datetime) -> None:
        """Take messages off the queue."""
        await self._connection.execute(_HANDLED, {"messages": list(inbox_ids), "now": at})

    async def mark_failed(self, inbox_ids: Iterable[int], at: dt.datetime) -> None:
        """Take messages off the queue that could not be handled, and list them as such."""
        await self._connection.execute(_FAILED, {"messages": list(inbox_ids), "now": at})

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

    async def newest(self, after: int = 0, but: Collection[str] = ()) -> dict[tuple[str, str], Heard]:
        """Return the newest receipt of each channel and bot, of those after a receipt, but of some kinds.

        All there are must be read: who looks often asks only for what came since.
        """
        bot = InboxRow.channel, InboxRow.bot
        found = select(*bot, func.max(InboxRow.id), func.max(InboxRow.received_at))
        found = found.where(InboxRow.id > after, InboxRow.kind.not_in(but)).group_by(*bot)
        rows = await self._connection.execute(found)
        return {(channel, name): Heard(last, at) for channel, name, last, at in rows}

    async def _known(self, keys: Iterable[str]) -> dict[str, _Known]:
        """Return who is known, by key, and hold their rows until the unit ends: an erasure waits."""
        rows = await self._connection.execute(_HELD, {"keys": sorted(keys)})
        return {key: _Known(person, conversation) for key, person, conversation in rows}

    async def _new(self, receipts: Sequence[NewReceipt]) -> dict[Identity, NewReceipt]:
        """Return the messages that were not taken before, each once."""
        names = [_identity(receipt) for receipt in receipts]
        channels, bots, messages = (sorted(set(part)) for part in zip(*names, strict=True))
        values = {"channels": channels, "bots": bots, "messages": messages}
        taken = {tuple(row) for row in await self._connection.execute(_TAKEN, values)}
        named = zip(names, receipts, strict=True)
        return {name: one for name, one in named if tuple(map(storable, name)) not in taken}

    async def _begun(self, receipts: Iterable[NewReceipt]) -> dict[str, _Known]:
        """Begin a conversation with people who write for the first time, unless somebody else just did."""
        first: dict[str, NewReceipt] = {}
        for receipt in receipts:
            first.setdefault(receipt.person_key, receipt)
        # In the order of keys: who held them in another order could wait for somebody who waits for him.
        people = [{"key": key, "first_seen_at": first[key].received_at} for key in sorted(first)]
        await self._connection.execute(_meet(self._dialect), people)
        known = await self._known(first)
        rows = [
            {"person_id": known[key].person, "channel": receipt.channel, "bot": receipt.bot}
            for key, receipt in first.items()
            if known[key].conversation is None
        ]
        if rows:
            await self._connection.execute(_BEGIN, rows)
            known = await self._known(first)
        beginnings = {row["person_id"] for row in rows}
        started = (
            _started(receipt, known[key].conversation)
            for key, receipt in first.items()
            if known[key].person in beginnings
        )
        await Journal(self._connection).append(*started)
        return known

    async def _renew_addresses(self, receipts: Iterable[NewReceipt], known: Mapping[str, _Known]) -> None:
        newest = {
            r.person_key: {
                "person_id": known[r.person_key].person,
                "channel": r.channel,
                "bot": r.bot,
                "sealed": r.sealed,
                "heard_at": r.received_at,
            }
            for r in receipts
            if not r.known_only
        }
        if newest:
            await self._connection.execute(_renew(self._dialect), list(newest.values()))


def _identity(receipt: NewReceipt) -> Identity:
    return receipt.channel, receipt.bot, receipt.message_id


def _started(receipt: NewReceipt, conversation_id: int | None) -> Event:
    name = EventName.GROUP_STARTED if receipt.group else EventName.PERSON_STARTED
    return Event(name, receipt.received_at, receipt.channel, conversation_id)


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


# All statements are built once: they are asked for many times a second.

_HELD = (
    select(PersonRow.key, PersonRow.id, ConversationRow.id)
    .outerjoin(ConversationRow, ConversationRow.person_id == PersonRow.id)
    .where(among(PersonRow.key, "keys", Texts))
    .order_by(PersonRow.key)
    .with_for_update(of=PersonRow)
)
_WHOSE = (
    select(ConversationRow.channel, ConversationRow.bot)
    .join(PersonRow, PersonRow.id == ConversationRow.person_id)
    .where(ConversationRow.id == bindparam("conversation"))
    .with_for_update(of=PersonRow)
)
_TAKEN = select(InboxRow.channel, InboxRow.bot, InboxRow.message_id).where(
    among(InboxRow.channel, "channels", Texts),
    among(InboxRow.bot, "bots", Texts),
    among(InboxRow.message_id, "messages", Texts),
)
_BEGIN = insert(ConversationRow)
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
    .where(among(InboxRow.conversation_id, "conversations"))
    .where(InboxRow.handled_at.is_(None))
    .order_by(InboxRow.id)
)
_OFF = update(InboxRow).where(among(InboxRow.id, "messages"), InboxRow.handled_at.is_(None))
_HANDLED = _OFF.values(handled_at=bindparam("now"))
_FAILED = _OFF.values(handled_at=bindparam("now"), failed_at=bindparam("now"))


@cache
def _meet(dialect: str) -> Upsert:
    return insert_into(PersonRow, dialect).on_conflict_do_nothing()


@cache
def _renew(dialect: str) -> Upsert:
    renewal = insert_into(AddressRow, dialect)
    renewed = {name: renewal.excluded[name] for name in ("channel", "bot", "sealed", "heard_at")}
    return renewal.on_conflict_do_update(index_elements=["person_id"], set_=renewed | {"blocked_at": None})


@cache
def _take(dialect: str) -> Upsert:
    return insert_into(InboxRow, dialect).on_conflict_do_nothing()
