"""Jobs that recur: when each is due next, agreed upon by all processes."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, update

from storage.models import JobRow
from storage.records import DueJob
from storage.repository import Repository, insert_into


class Jobs(Repository):
    """Keeps one due time per job name."""

    async def ensure(self, name: str, due_at: dt.datetime) -> None:
        """Put a job on the list; nothing happens when it is there."""
        statement = insert_into(JobRow, self._dialect).values(name=name, due_at=due_at)
        await self._connection.execute(statement.on_conflict_do_nothing(index_elements=["name"]))

    async def bring_forward(self, name: str, due_at: dt.datetime) -> None:
        """Have a job done by a time, or earlier where it is due earlier."""
        await self.ensure(name, due_at)
        later = update(JobRow).where(JobRow.name == name, JobRow.due_at > due_at)
        await self._connection.execute(later.values(due_at=due_at))

    async def due(self, now: dt.datetime) -> tuple[DueJob, ...]:
        """Return the jobs whose time has come, longest overdue first."""
        statement = select(JobRow.name, JobRow.due_at).where(JobRow.due_at <= now)
        rows = await self._connection.execute(statement.order_by(JobRow.due_at, JobRow.name))
        return tuple(DueJob(*row) for row in rows)

    async def listed(self, name: str) -> tuple[DueJob, ...]:
        """Return a job with its next time, due or not; nothing when it is not on the list."""
        rows = await self._connection.execute(select(JobRow.name, JobRow.due_at).where(JobRow.name == name))
        return tuple(DueJob(*row) for row in rows)

    async def move(self, job: DueJob, due_at: dt.datetime) -> bool:
        """Set the next time; False when another process did so first."""
        statement = update(JobRow).where(JobRow.name == job.name, JobRow.due_at == job.due_at)
        return (await self._connection.execute(statement.values(due_at=due_at))).rowcount == 1

    async def next_due(self) -> dt.datetime | None:
        """Return the earliest due time."""
        return await self._connection.scalar(select(JobRow.due_at).order_by(JobRow.due_at).limit(1))
