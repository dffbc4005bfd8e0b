"""What all repositories share."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.models import Base


class Repository:
    """Statements about one subject over the connection of a unit of work; never commits."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Take the connection of the unit of work."""
        self._connection = connection

    def _insert(self, row: type[Base]) -> postgresql.Insert | sqlite.Insert:
        """Return an insert that knows ON CONFLICT, which SQLAlchemy has per database only."""
        if self._connection.dialect.name == "postgresql":
            return postgresql.insert(row)
        return sqlite.insert(row)
