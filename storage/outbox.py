"""The outbox: replies stored with the turn that made them, sent afterwards, in order."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Update,
    and_,
    bindparam,
    case,
    func,
    insert,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from storage.among import among
from storage.journal import Journal
from storage.models import AddressRow, ConversationRow, OutboxRow
from storage.records import NOBODY, Backlog, Erased, Event, EventName, NewReply, OutgoingReply, Retry
from storage.repository import Repository


class Outbox(Repository):
    """Keeps replies until they are sent or given up."""

    async def add(self, *replies: NewReply) -> None:
        """Add replies, in the order in which they are to be sent."""
        if replies:  # without RETURNING they are stored one after the other: the ids are the order
            await self._connection.execute(_ADDED, [_values(reply) for reply in replies])

    async def add_farewell(self, erased: Erased, body: str, at: dt.datetime, expires_at: dt.datetime) -> None:
        """Add the last reply to an erased person; it bears the address until it is sent or given up."""
        if erased.bot == NOBODY:
            return
        where = {"channel": erased.channel, "bot": erased.bot, "sealed": erased.sealed}
        when = {"created_at": at, "next_try_at": at, "expires_at": expires_at}
        await self._connection.execute(insert(OutboxRow).values(body=body, last=True, **where, **when))

    async def due(
        self, channel: str, bot: str, now: dt.datetime, limit: int, resting: Collection[int] = ()
    ) -> tuple[OutgoingReply, ...]:
        """Return what to send now: of each conversation the first unsent reply, if its time has come.

        Whose time came first goes first; nothing of the conversations that rest.
        """
        values = {"channel": channel, "bot": bot, "now": now, "most": limit, "resting": resting}
        rows = await self._connection.execute(_DUE, values)
        return tuple(OutgoingReply(*row) for row in rows)

    async def mark_sent(self, reply_ids: Iterable[int], at: dt.datetime) -> None:
        """Note that the service accepted replies."""
        await self._connection.execute(_SENT, {"replies": list(reply_ids), "now": at})

    async def retry_later(self, again: Retry) -> None:
        """Try a reply again at a later time."""
        statement = update(OutboxRow).where(OutboxRow.id == again.reply_id, unsent(OutboxRow))
        await self._connection.execute(
            statement.values(
                next_try_at=again.at,
                attempts=OutboxRow.attempts + int(again.counted),
                parts=again.parts,
                error=again.error,
            )
        )

    async def give_up(self, reply_id: int, at: dt.datetime, error: str) -> None:
        """Stop trying a reply and journal `delivery:failed`."""
        await self.give_up_where(OutboxRow.id == reply_id, at, error)

    async def give_up_where(self, condition: ColumnElement[bool], at: dt.datetime, error: str) -> int:
        """Stop trying all unsent replies that meet a condition (for storage itself); return how many."""
        statement = _settle(condition, failed_at=at, error=error)
        rows = await self._connection.execute(
            statement.returning(OutboxRow.channel, OutboxRow.conversation_id)
        )
        data = json.dumps({"error": error})
        events = [Event(EventName.DELIVERY_FAILED, at, channel, about, data) for channel, about in rows]
        await Journal(self._connection).append(*events)
        return len(events)

    async def oldest_unsent(self) -> dt.datetime | None:
        """Return when the reply that waits longest was made."""
        return await self._connection.scalar(select(func.min(OutboxRow.created_at)).where(unsent(OutboxRow)))

    async def waiting(self, now: dt.datetime) -> dict[tuple[str, str], Backlog]:
        """Return, by channel and bot, how many replies should be out by now, and since when.

        One that failed counts from when it was made, however far ahead its next try is.
        """
        bot = OutboxRow.channel, OutboxRow.bot
        since = case((OutboxRow.error.is_(None), OutboxRow.next_try_at), else_=OutboxRow.created_at)
        late = or_(OutboxRow.error.is_not(None), OutboxRow.next_try_at <= now)
        found = select(*bot, func.count(), func.min(since)).where(unsent(OutboxRow), late)
        rows = await self._connection.execute(found.group_by(*bot))
        return {(channel, name): Backlog(number, oldest) for channel, name, number, oldest in rows}


def unsent(row: type[OutboxRow]) -> ColumnElement[bool]:
    """Say whether a row (or an alias of it) still waits."""
    return and_(row.sent_at.is_(None), row.failed_at.is_(None))


def _values(reply: NewReply) -> dict[str, object]:
    return {
        "conversation_id": reply.conversation_id,
        "inbox_id": reply.inbox_id,
        "channel": reply.channel,
        "bot": reply.bot,
        "body": reply.body,
        "created_at": reply.created_at,
        "next_try_at": reply.created_at,
        "expires_at": reply.expires_at,
        "sent_at": reply.created_at if reply.bot == NOBODY else None,
    }


def _due() -> Select[*tuple[Any, ...]]:
    """Find the replies by their time, then what belongs to them: a backlog must not slow the search."""
    waiting = aliased(OutboxRow)
    # Looked up for one reply after the other, where EXISTS would join all that wait; the order is that
    # of one index alone, so that a database without statistics takes it.
    next_of_its = (
        select(waiting.id)
        .where(waiting.conversation_id == OutboxRow.conversation_id, unsent(waiting))
        .order_by(waiting.id)
        .limit(1)
        .scalar_subquery()
    )
    turn = or_(OutboxRow.conversation_id.is_(None), OutboxRow.id == next_of_its)
    first = (
        select(OutboxRow)
        .where(OutboxRow.channel == bindparam("channel"), OutboxRow.bot == bindparam("bot"))
        .where(unsent(OutboxRow), OutboxRow.next_try_at <= bindparam("now"), turn)
        .where(or_(OutboxRow.conversation_id.is_(None), ~among(OutboxRow.conversation_id, "resting")))
        .order_by(OutboxRow.next_try_at, OutboxRow.id)
        .limit(bindparam("most"))
        .subquery()
    )
    return (
        select(
            first.c.id,
            first.c.conversation_id,
            first.c.channel,
            first.c.bot,
            first.c.body,
            func.coalesce(first.c.sealed, AddressRow.sealed),
            first.c.created_at,
            first.c.attempts,
            first.c.last,
            first.c.parts,
            AddressRow.heard_at,
        )
        .outerjoin(ConversationRow, ConversationRow.id == first.c.conversation_id)
        .outerjoin(AddressRow, AddressRow.person_id == ConversationRow.person_id)
        .order_by(first.c.next_try_at, first.c.id)
    )


def _settle(condition: ColumnElement[bool], **values: object) -> Update:
    """Finish unsent rows; a farewell loses body and address with it."""
    farewell = {"body": case((OutboxRow.last, null()), else_=OutboxRow.body), "sealed": null()}
    return update(OutboxRow).where(condition, unsent(OutboxRow)).values(**values, **farewell)


# Built once: they are asked for many times a second.

_ADDED = insert(OutboxRow)
_DUE = _due()
_SENT = _settle(among(OutboxRow.id, "replies"), sent_at=bindparam("now"), error=None, parts=0)
