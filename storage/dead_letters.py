"""Dead letters: messages that could not be handled and replies that could not be sent."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Select, func, select, update

from storage.models import InboxRow, OutboxRow
from storage.records import BLOCKED, DeadLetter, Letter
from storage.repository import Repository


class DeadLetters(Repository):
    """Lists them and gives them another try."""

    async def newest(self, limit: int = 100) -> tuple[DeadLetter, ...]:
        """Return the newest of each kind, those that failed last first."""
        messages = await self._connection.execute(_messages(limit))
        replies = await self._connection.execute(_replies(limit))
        letters = [DeadLetter(Letter.MESSAGE, *row) for row in messages]
        letters += [DeadLetter(Letter.REPLY, *row) for row in replies]
        return tuple(sorted(letters, key=lambda letter: letter.at, reverse=True)[:limit])

    async def causes(self, since: dt.datetime) -> dict[str, int]:
        """Return why replies were given up after a time, with how many; messages are called so.

        Who blocked us is left out: nothing went wrong.
        """
        messages = select(func.count()).where(InboxRow.failed_at.is_not(None), InboxRow.failed_at > since)
        replies = (
            select(func.coalesce(OutboxRow.error, ""), func.count())
            .where(OutboxRow.failed_at.is_not(None), OutboxRow.failed_at > since)
            .where(OutboxRow.error.is_distinct_from(BLOCKED))
            .group_by(OutboxRow.error)
        )
        found = {cause: number for cause, number in await self._connection.execute(replies)}  # noqa: C416
        unhandled = await self._connection.scalar(messages)
        return found | ({Letter.MESSAGE.value: unhandled} if unhandled else {})

    async def try_again(self, kind: Letter, letter_id: int, at: dt.datetime) -> bool:
        """Put one back where it waited; False when it is none, or its text was forgotten."""
        if kind is Letter.MESSAGE:
            failed = update(InboxRow).where(
                InboxRow.id == letter_id,
                InboxRow.failed_at.is_not(None),
                InboxRow.conversation_id.is_not(None),
            )
            back = failed.where(InboxRow.text.is_not(None) | InboxRow.payload.is_not(None))
            done = await self._connection.execute(back.values(failed_at=None, handled_at=None, attempts=0))
        else:
            back = update(OutboxRow).where(
                OutboxRow.id == letter_id, OutboxRow.failed_at.is_not(None), OutboxRow.body.is_not(None)
            )
            done = await self._connection.execute(
                back.values(failed_at=None, error=None, attempts=0, parts=0, next_try_at=at)
            )
        return done.rowcount == 1


def _messages(limit: int) -> Select[*tuple[Any, ...]]:
    columns = select(InboxRow.id, InboxRow.channel, InboxRow.bot, InboxRow.failed_at, InboxRow.kind)
    return columns.where(InboxRow.failed_at.is_not(None)).order_by(InboxRow.id.desc()).limit(limit)


def _replies(limit: int) -> Select[*tuple[Any, ...]]:
    columns = select(OutboxRow.id, OutboxRow.channel, OutboxRow.bot, OutboxRow.failed_at, OutboxRow.error)
    return columns.where(OutboxRow.failed_at.is_not(None)).order_by(OutboxRow.id.desc()).limit(limit)
