"""Retention: texts are forgotten when their time is over, facts stay."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict

from sqlalchemy import Update, delete, exists, or_, update

from storage.journal import Journal
from storage.models import ConversationRow, ExportRow, InboxRow, OutboxRow
from storage.outbox import Outbox, unsent
from storage.questions import Questions
from storage.records import Event, EventName, Purged
from storage.repository import Repository
from storage.sessions import Sessions


class Retention(Repository):
    """Forgets what has expired."""

    async def purge(self, now: dt.datetime) -> Purged:
        """Forget expired texts, bodies and dialogue states; give up replies that expired unsent.

        A message that still waits for its answer keeps its text.
        """
        # Inbox before outbox, as an erasure does: else the two could wait for each other.
        texts = await self._count(_texts(now))
        given_up = await Outbox(self._connection).give_up_where(OutboxRow.expires_at <= now, now, "expired")
        replies = await self._count(_bodies(now))
        states = await self._count(_states(now))
        await Questions(self._connection).forget(now)
        await Sessions(self._connection).forget(now)
        await self._connection.execute(delete(ExportRow).where(ExportRow.expires_at <= now))
        purged = Purged(texts, replies, given_up, states)
        data = json.dumps(asdict(purged))
        await Journal(self._connection).append(Event(EventName.RETENTION_PURGED, now, "", data=data))
        return purged

    async def _count(self, statement: Update) -> int:
        return (await self._connection.execute(statement)).rowcount


def _texts(now: dt.datetime) -> Update:
    return (
        update(InboxRow)
        .where(InboxRow.text_expires_at <= now, InboxRow.handled_at.is_not(None))
        .where(or_(InboxRow.text.is_not(None), InboxRow.payload.is_not(None)))
        .values(text=None, payload=None)
    )


def _bodies(now: dt.datetime) -> Update:
    return (
        update(OutboxRow)
        .where(OutboxRow.expires_at <= now, OutboxRow.body.is_not(None), ~unsent(OutboxRow))
        .values(body=None, sealed=None)
    )


def _states(now: dt.datetime) -> Update:
    """Forget the state of conversations silent for the retention time: it quotes the last question."""
    alive = exists().where(
        InboxRow.conversation_id == ConversationRow.id,
        or_(InboxRow.text_expires_at > now, InboxRow.handled_at.is_(None)),
    )
    return update(ConversationRow).where(ConversationRow.state.is_not(None), ~alive).values(state=None)
