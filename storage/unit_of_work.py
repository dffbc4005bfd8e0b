"""The unit of work: one transaction with all repositories; nothing is kept unless committed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.activities import Activities
from storage.alarms import Alarms
from storage.conversations import Conversations
from storage.corrections import Corrections
from storage.counting import Counting
from storage.db import Use, open_engine
from storage.dead_letters import DeadLetters
from storage.exports import Exports
from storage.follow_ups import FollowUps
from storage.handoffs import Handoffs
from storage.inbox import Inbox
from storage.jobs import Jobs
from storage.journal import Journal
from storage.leases import Leases
from storage.measured import Measured
from storage.outbox import Outbox
from storage.people import People
from storage.questions import Questions
from storage.remembered import Remembered
from storage.retention import Retention
from storage.rolling import Rolling
from storage.scrub import scrub
from storage.sessions import Sessions
from storage.simulated import Simulated
from storage.staff import Staff
from storage.tickets import Tickets
from storage.tokens import Tokens
from storage.transactions import begun
from storage.transcript import Transcript


class ReadingUnit:
    """One consistent look at the database; the database refuses to write in it."""

    def __init__(self, connection: AsyncConnection, remembered: Remembered | None = None) -> None:
        """Give all repositories the same connection."""
        self._connection = connection
        self.inbox = Inbox(connection)
        self.conversations = Conversations(connection)
        self.journal = Journal(connection)
        self.outbox = Outbox(connection)
        self.people = People(connection)
        self.retention = Retention(connection)
        self.leases = Leases(connection)
        self.jobs = Jobs(connection)
        self.transcript = Transcript(connection)
        self.tokens = Tokens(connection)
        self.alarms = Alarms(connection)
        self.dead_letters = DeadLetters(connection)
        self.rolling = Rolling(connection)
        self.counting = Counting(connection, remembered)
        self.questions = Questions(connection)
        self.staff = Staff(connection)
        self.sessions = Sessions(connection)
        self.simulated = Simulated(connection)
        self.activities = Activities(connection)
        self.corrections = Corrections(connection)
        self.follow_ups = FollowUps(connection)
        self.tickets = Tickets(connection)
        self.exports = Exports(connection)
        self.measured = Measured(connection)
        self.handoffs = Handoffs(connection)


class UnitOfWork(ReadingUnit):
    """One transaction that may write; committed once or rolled back."""

    async def commit(self) -> None:
        """Keep everything; the unit is over and takes no further statement."""
        if self._connection.closed:
            raise RuntimeError("a unit of work is committed once")
        await self._connection.commit()
        await self._connection.close()


class Storage:
    """The way into the database: units of work, and care for the whole of it."""

    def __init__(self, url: str, *, wait_seconds: float = 5.0) -> None:
        """Take the database URL; nothing is connected yet."""
        self._url = url
        self._writer = open_engine(url, Use.WRITE, wait_seconds=wait_seconds)
        self._reader = open_engine(url, Use.READ, wait_seconds=wait_seconds)
        self._remembered = Remembered()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[UnitOfWork]:
        """Open a unit that may write; without `commit` it leaves no trace."""
        async with begun(self._writer) as connection:
            yield UnitOfWork(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ReadingUnit]:
        """Open a unit that only reads."""
        async with begun(self._reader) as connection:
            yield ReadingUnit(connection, self._remembered)

    async def ping(self) -> None:
        """Ask the database for a sign of life; raise `DatabaseUnavailableError` when there is none."""
        async with begun(self._reader) as connection:
            await connection.execute(text("SELECT 1"))

    async def scrub(self) -> bool:
        """Leave nothing forgotten in the files of SQLite; call after an erasure or a purge was committed.

        False when readers were in the way: try again later. PostgreSQL reuses its space by itself.
        """
        return await scrub(self._url)

    async def close(self) -> None:
        """Close all connections."""
        await self._writer.dispose()
        await self._reader.dispose()
