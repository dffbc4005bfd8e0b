"""Tokens that a service changes from time to time: the newest, sealed; whoever needs them reads them here."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from storage.models import TokenRow
from storage.repository import Repository, insert_into


class Tokens(Repository):
    """Keeps one sealed value per account."""

    async def load(self, name: str) -> bytes | None:
        """Return what was stored last."""
        return await self._connection.scalar(select(TokenRow.sealed).where(TokenRow.name == name))

    async def store(self, name: str, sealed: bytes, at: dt.datetime) -> None:
        """Replace what was stored."""
        values = {"sealed": sealed, "stored_at": at}
        statement = insert_into(TokenRow, self._dialect).values(name=name, **values)
        await self._connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
