"""The activity log: what was done at the desk, appended and never changed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import insert, select

from storage.days import DAY, Period, begins
from storage.models import ActivityRow
from storage.repository import Repository


@dataclass(frozen=True, kw_only=True, slots=True)
class Activity:
    """Something that somebody did."""

    id: int
    at: dt.datetime
    login: str
    action: str
    """`subject:action`."""
    target: str
    data: Mapping[str, object]


class Activities(Repository):
    """Keeps the log."""

    async def note(
        self,
        at: dt.datetime,
        who: tuple[int | None, str],
        action: str,
        target: str = "",
        data: Mapping[str, object] | None = None,
    ) -> None:
        """Note what somebody (number and login) did; never a password, never text of citizens."""
        staff_id, login = who
        values = {"at": at, "staff_id": staff_id, "login": login, "action": action, "target": target}
        kept = json.dumps(dict(data or {}), ensure_ascii=False)
        await self._connection.execute(insert(ActivityRow).values(**values, data=kept))

    async def newest(
        self,
        limit: int,
        *,
        before: int = 0,
        login: str = "",
        action: str = "",
        target: str = "",
        period: Period | None = None,
    ) -> tuple[Activity, ...]:
        """Return what was done, newest first, from before a line that was shown."""
        found = select(*_COLUMNS).order_by(ActivityRow.id.desc()).limit(limit)
        exact = {ActivityRow.login: login, ActivityRow.target: target}
        found = found.where(*(column == value for column, value in exact.items() if value))
        if action:
            found = found.where(ActivityRow.action.startswith(action, autoescape=True))
        if before:
            found = found.where(ActivityRow.id < before)
        if period:
            found = found.where(
                ActivityRow.at >= begins(period.first), ActivityRow.at < begins(period.last + DAY)
            )
        rows = await self._connection.execute(found)
        return tuple(
            Activity(**row | {"data": json.loads(row["data"])}) for row in map(dict, rows.mappings())
        )


_COLUMNS = tuple(column for column in ActivityRow.__table__.columns if column.name != "staff_id")
