"""What staff correct: appended and never changed; the newest of a kind, target and item holds."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from enum import StrEnum

from sqlalchemy import Select, func, insert, select, text

from storage.errors import StorageError
from storage.models import CorrectionRow
from storage.repository import Repository

NONE_YET = 0
"""Stands for the correction of what nobody has corrected."""
_ADVISORY_LOCK = 7_316_551_902_114
"""Held on PostgreSQL by whoever appends, until the commit."""


class CorrectionKind(StrEnum):
    """What can be corrected; `target` is the code of a service, of an office the code of its commune."""

    PHRASE = "phrase"
    """`item` is the phrase."""
    LEVEL = "level"
    METHODS = "methods"
    FEE_NOTE = "fee_note"
    OFFICE = "office"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCorrection:
    """A change to what the assistant knows."""

    at: dt.datetime
    kind: CorrectionKind
    target: str
    item: str = ""
    value: str | None
    """JSON; None gives back what was shipped."""
    reason: str
    staff_id: int | None
    author: str
    """Name at the time."""
    office: str
    """Theirs at the time, as citizens may read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction(NewCorrection):
    """A change that was stored."""

    id: int
    """The version of the knowledge that it makes."""


class CorrectedMeanwhileError(StorageError):
    """Somebody else corrected the same since it was looked at: show theirs, and ask again."""

    def __init__(self, newest: Correction | None) -> None:
        """Take what holds now; None when nothing does."""
        number = newest.id if newest else NONE_YET
        super().__init__(f"correction {number} is newer than the one that was seen")
        self.newest = newest


class Corrections(Repository):
    """Appends corrections and tells which hold."""

    async def append(self, new: NewCorrection, seen: int = NONE_YET) -> Correction:
        """Add a correction made by somebody who saw `seen` as the newest of its kind, target and item.

        Raise CorrectedMeanwhileError, with nothing stored, when there is a newer one. One at a time is under
        way: a number that anybody has seen is followed by higher ones only.
        """
        if self._dialect == "postgresql":  # SQLite has one writer at a time by itself
            await self._connection.execute(
                text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK}
            )
        newest = await self.newest(new.kind, new.target, new.item)
        if (newest.id if newest else NONE_YET) != seen:
            raise CorrectedMeanwhileError(newest)
        values = {field.name: getattr(new, field.name) for field in fields(new)}
        statement = insert(CorrectionRow).values(values).returning(CorrectionRow.id)
        number = (await self._connection.execute(statement)).scalar_one()
        return Correction(id=number, **values)

    async def newest(self, kind: CorrectionKind, target: str, item: str = "") -> Correction | None:
        """Return the newest correction of one thing, also one that gave back what was shipped."""
        found = await self._read(_listed(kind, target).where(CorrectionRow.item == item).limit(1))
        return next(iter(found), None)

    async def current(self) -> tuple[Correction, ...]:
        """Return all corrections that hold, oldest first."""
        of_each = select(func.max(CorrectionRow.id)).group_by(
            CorrectionRow.kind, CorrectionRow.target, CorrectionRow.item
        )
        holding = select(*_COLUMNS).where(CorrectionRow.id.in_(of_each), CorrectionRow.value.is_not(None))
        return await self._read(holding.order_by(CorrectionRow.id))

    async def history(
        self, kind: CorrectionKind | None = None, target: str | None = None, *, limit: int = 100
    ) -> tuple[Correction, ...]:
        """Return what was corrected, newest first: everything, of a kind, or of one target."""
        return await self._read(_listed(kind, target).limit(limit))

    async def newest_id(self) -> int:
        """Return the number of the newest correction; `NONE_YET` when there is none."""
        return await self._connection.scalar(_NEWEST_ID) or NONE_YET

    async def _read(self, statement: Select[*tuple[object, ...]]) -> tuple[Correction, ...]:
        rows = (await self._connection.execute(statement)).mappings()
        return tuple(Correction(**{**row, "kind": CorrectionKind(row["kind"])}) for row in rows)


_COLUMNS = tuple(getattr(CorrectionRow, field.name) for field in fields(Correction))
_NEWEST_ID = select(func.max(CorrectionRow.id))
"""Built once: every process asks each second."""


def _listed(kind: CorrectionKind | None, target: str | None) -> Select[*tuple[object, ...]]:
    """Select the corrections of a kind and a target, newest first."""
    wanted = select(*_COLUMNS).order_by(CorrectionRow.id.desc())
    if kind is not None:
        wanted = wanted.where(CorrectionRow.kind == kind)
    return wanted if target is None else wanted.where(CorrectionRow.target == target)
