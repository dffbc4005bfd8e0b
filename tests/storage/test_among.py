"""«One of these», as one parameter, finds rows by their index."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from sqlalchemy import Select, Update, select, update
from sqlalchemy.dialects import sqlite

from storage.among import Texts, among
from storage.migrate import upgrade
from storage.models import ConversationRow, PersonRow

FOUND = (
    select(PersonRow.id).where(among(PersonRow.key, "keys", Texts)),
    select(ConversationRow.id).where(among(ConversationRow.id, "ids"), ConversationRow.lease_owner.is_(None)),
    update(ConversationRow).where(among(ConversationRow.id, "ids")).values(fence=0),
)


def plan(file: str, statement: Select[Any] | Update) -> list[str]:
    """Ask SQLite how it would find the rows."""
    compiled = statement.compile(dialect=sqlite.dialect())
    values = ["[1]" if name in {"keys", "ids"} else 0 for name in compiled.params]
    with closing(sqlite3.connect(file)) as database:
        return [str(row[3]) for row in database.execute(f"EXPLAIN QUERY PLAN {compiled}", values)]


async def test_no_table_is_read_from_end_to_end(sqlite_url: str) -> None:
    await upgrade(sqlite_url)
    for statement in FOUND:
        steps = plan(sqlite_url.partition(":///")[2], statement)
        assert any(step.startswith("SEARCH") for step in steps), steps
        assert not [step for step in steps if step.startswith(("SCAN people", "SCAN conversations"))], steps
