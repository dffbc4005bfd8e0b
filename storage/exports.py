"""Files that take a while: asked for at the desk, made in the background, fetched piece by piece."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from storage.models import ExportPartRow, ExportRow
from storage.repository import Repository


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """A file that is being made, or waits to be fetched."""

    id: str
    staff_id: int
    name: str
    query: str
    """JSON: what it holds."""
    created_at: dt.datetime
    attempts: int = 0
    """How often it was begun."""
    rows: int
    """How many are written."""
    finished_at: dt.datetime | None
    error: str
    """Key of what went wrong; empty while nothing did."""
    expires_at: dt.datetime

    @property
    def ready(self) -> bool:
        """Tell whether it can be fetched."""
        return self.finished_at is not None and not self.error


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt at a file: it counts until the next one begins, or nobody wants the file any more."""

    id: str
    attempt: int


class Exports(Repository):
    """Keeps what was asked for, and the pieces."""

    async def ask(self, new: Export) -> None:
        """Have a file made."""
        values = {"id": new.id, "staff_id": new.staff_id, "name": new.name, "query": new.query}
        times = {"created_at": new.created_at, "expires_at": new.expires_at}
        await self._connection.execute(insert(ExportRow).values(**values, **times, rows=0, error=""))

    async def listed(self, staff_id: int | None = None) -> tuple[Export, ...]:
        """Return the files of somebody, or of everybody, the newest first."""
        found = select(*_COLUMNS).order_by(ExportRow.created_at.desc())
        found = found if staff_id is None else found.where(ExportRow.staff_id == staff_id)
        return tuple(Export(**row) for row in (await self._connection.execute(found)).mappings())

    async def one(self, export_id: str) -> Export | None:
        """Return a file by its number."""
        found = select(*_COLUMNS).where(ExportRow.id == export_id)
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return Export(**row) if row else None

    async def next_unfinished(self) -> Export | None:
        """Return the file that waits longest to be made."""
        found = select(*_COLUMNS).where(ExportRow.finished_at.is_(None))
        row = (
            (await self._connection.execute(found.order_by(ExportRow.created_at).limit(1))).mappings().first()
        )
        return Export(**row) if row else None

    async def start(self, export_id: str) -> int:
        """Begin from the first piece, as whoever began before may have died; return which attempt it is."""
        await self._connection.execute(delete(ExportPartRow).where(ExportPartRow.export_id == export_id))
        begun = update(ExportRow).where(ExportRow.id == export_id)
        begun = begun.values(rows=0, attempts=ExportRow.attempts + 1)
        return await self._connection.scalar(begun.returning(ExportRow.attempts)) or 0

    async def add(self, begun: Begun, number: int, body: bytes, rows: int) -> bool:
        """Keep a piece, and how many rows there are with it; False when the attempt counts no more."""
        noted = update(ExportRow).where(*_of(begun)).values(rows=rows)
        if (await self._connection.execute(noted)).rowcount == 0:
            return False
        part = insert(ExportPartRow).values(export_id=begun.id, number=number, body=body)
        await self._connection.execute(part)
        return True

    async def finish(self, begun: Begun, at: dt.datetime, error: str = "") -> None:
        """Note that a file is whole, or why it never will be; nothing when the attempt counts no more."""
        values = {"finished_at": at, "error": error}
        await self._connection.execute(update(ExportRow).where(*_of(begun)).values(**values))

    async def part(self, export_id: str, number: int) -> bytes | None:
        """Return a piece, counted from 0; None after the last."""
        found = select(ExportPartRow.body).where(
            ExportPartRow.export_id == export_id, ExportPartRow.number == number
        )
        return await self._connection.scalar(found)

    async def size(self, export_id: str) -> int:
        """Return how many bytes a file has."""
        whole = select(func.sum(func.length(ExportPartRow.body))).where(ExportPartRow.export_id == export_id)
        return await self._connection.scalar(whole) or 0

    async def remove(self, export_id: str) -> None:
        """Throw a file away."""
        await self._connection.execute(delete(ExportPartRow).where(ExportPartRow.export_id == export_id))
        await self._connection.execute(delete(ExportRow).where(ExportRow.id == export_id))


def _of(begun: Begun) -> tuple[ColumnElement[bool], ...]:
    return ExportRow.id == begun.id, ExportRow.attempts == begun.attempt


_COLUMNS = tuple(ExportRow.__table__.columns)
