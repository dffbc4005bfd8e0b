"""Sessions of the desk: somebody is signed in until it is closed or its time is over."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from storage.models import SessionRow, StaffRow
from storage.repository import Repository


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A browser in which somebody is signed in."""

    token_hash: str
    """The token itself is known to the browser alone."""
    staff_id: int
    created_at: dt.datetime
    seen_at: dt.datetime
    expires_at: dt.datetime
    """However busy it is."""


class Sessions(Repository):
    """Keeps sessions."""

    async def open(self, session: Session) -> None:
        """Begin a session."""
        values = {name: getattr(session, name) for name in Session.__slots__}
        await self._connection.execute(insert(SessionRow).values(**values))

    async def find(self, token_hash: str, now: dt.datetime, idle: dt.timedelta) -> Session | None:
        """Return a session that lasts, of an account that is not disabled."""
        found = (
            select(*SessionRow.__table__.columns)
            .join(StaffRow, StaffRow.id == SessionRow.staff_id)
            .where(SessionRow.token_hash == token_hash, StaffRow.disabled_at.is_(None))
            .where(SessionRow.expires_at > now, SessionRow.seen_at > now - idle)
        )
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return Session(**row) if row else None

    async def seen(self, token_hash: str, now: dt.datetime) -> None:
        """Note that a session was used."""
        used = update(SessionRow).where(SessionRow.token_hash == token_hash)
        await self._connection.execute(used.values(seen_at=now))

    async def close(self, token_hash: str) -> None:
        """End a session."""
        await self._connection.execute(delete(SessionRow).where(SessionRow.token_hash == token_hash))

    async def close_all(self, staff_id: int) -> int:
        """End all sessions of an account; return how many."""
        ended = delete(SessionRow).where(SessionRow.staff_id == staff_id)
        return (await self._connection.execute(ended)).rowcount

    async def forget(self, now: dt.datetime) -> int:
        """Remove sessions whose time is over; return how many."""
        over = delete(SessionRow).where(SessionRow.expires_at <= now)
        return (await self._connection.execute(over)).rowcount
