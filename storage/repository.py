"""What all repositories share."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.models import Base

Upsert = postgresql.Insert | sqlite.Insert
"""An insert that knows ON CONFLICT."""


class Repository:
    """Statements about one subject over the connection of a unit of work; never commits."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Take the connection of the unit of work."""
        self._connection = connection

    @property
    def _dialect(self) -> str:
        return self._connection.dialect.name


def insert_into(row: type[Base], dialect: str) -> Upsert:
    """Return an insert that knows ON CONFLICT, which SQLAlchemy has per database only."""
    return postgresql.insert(row) if dialect == "postgresql" else sqlite.insert(row)
