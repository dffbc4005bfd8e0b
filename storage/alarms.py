"""Alarms: what the operator must mend, agreed upon by all processes, so that each is told once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import ColumnElement, delete, or_, select, update

from storage.models import AlarmRow
from storage.records import Alarm
from storage.repository import Repository, insert_into


class Alarms(Repository):
    """Raises alarms and ends them."""

    async def sound(self, name: str, detail: str, at: dt.datetime) -> None:
        """Raise an alarm, or go on with it; `detail` is for the operator and names no person."""
        new = {"since": at, "told_at": None, "over_at": None}
        statement = insert_into(AlarmRow, self._dialect).values(name=name, detail=detail, **new)
        await self._connection.execute(statement.on_conflict_do_nothing(index_elements=["name"]))
        again = update(AlarmRow).where(AlarmRow.name == name, AlarmRow.over_at.is_not(None))
        await self._connection.execute(again.values(**new))
        await self._connection.execute(update(AlarmRow).where(AlarmRow.name == name).values(detail=detail))

    async def end(self, name: str, at: dt.datetime) -> None:
        """Note that there is nothing to mend any more."""
        lasting = update(AlarmRow).where(AlarmRow.name == name, AlarmRow.over_at.is_(None))
        await self._connection.execute(lasting.values(over_at=at))

    async def all(self) -> tuple[Alarm, ...]:
        """Return what lasts, and what ended and was not told yet; the oldest first."""
        return await self._listed(AlarmRow.name.is_not(None))

    async def to_tell(self, not_told_since: dt.datetime) -> tuple[Alarm, ...]:
        """Return what is new, what lasts and was not told since then, and what ended."""
        silent = or_(AlarmRow.told_at.is_(None), AlarmRow.told_at <= not_told_since)
        return await self._listed(or_(AlarmRow.over_at.is_not(None), silent))

    async def told(self, alarms: Iterable[Alarm], at: dt.datetime) -> None:
        """Note that alarms were told; those that ended are forgotten."""
        for alarm in alarms:
            same = (AlarmRow.name == alarm.name) & (AlarmRow.since == alarm.since)
            if alarm.over_at is not None:
                await self._connection.execute(delete(AlarmRow).where(same, AlarmRow.over_at.is_not(None)))
            else:
                await self._connection.execute(update(AlarmRow).where(same).values(told_at=at))

    async def _listed(self, which: ColumnElement[bool]) -> tuple[Alarm, ...]:
        columns = AlarmRow.name, AlarmRow.detail, AlarmRow.since, AlarmRow.told_at, AlarmRow.over_at
        rows = await self._connection.execute(
            select(*columns).where(which).order_by(AlarmRow.since, AlarmRow.name)
        )
        return tuple(Alarm(*row) for row in rows)
