"""Loads a journal in bulk: COPY on PostgreSQL, one transaction on SQLite."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable
from contextlib import closing

import asyncpg

from storage.db import parse_url
from tests.bench_desk.journal import COLUMNS, Made, key

LAST = dt.datetime(2026, 11, 1, 5, tzinfo=dt.UTC)
_BOT = "bench"


async def into_postgresql(plain_url: str, made: Made) -> int:
    """Copy people, conversations and events; return the number of events."""
    connection = await asyncpg.connect(plain_url)
    try:
        people = ((n, key(n), LAST) for n in range(1, made.people + 1))
        await connection.copy_records_to_table(
            "people", records=people, columns=["id", "key", "first_seen_at"]
        )
        talks = ((n, n, str(made.channels[n]), _BOT) for n in range(1, made.people + 1))
        await connection.copy_records_to_table(
            "conversations", records=talks, columns=["id", "person_id", "channel", "bot"]
        )
        number = 0
        for batch in made.events:
            await connection.copy_records_to_table("journal", records=batch, columns=list(COLUMNS))
            number += len(batch)
        for table in ("people", "conversations"):
            await connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608 - ours
            )
        await connection.execute("ANALYZE")
        return number
    finally:
        await connection.close()


def into_sqlite(url: str, made: Made) -> int:
    """Insert people, conversations and events; return the number of events."""
    with closing(sqlite3.connect(str(parse_url(url).database))) as database, database:
        people = ((n, key(n), _text(LAST)) for n in range(1, made.people + 1))
        database.executemany("INSERT INTO people (id, key, first_seen_at) VALUES (?, ?, ?)", people)
        talks = ((n, n, str(made.channels[n]), _BOT) for n in range(1, made.people + 1))
        database.executemany(
            "INSERT INTO conversations (id, person_id, channel, bot) VALUES (?, ?, ?, ?)", talks
        )
        columns, marks = ", ".join(COLUMNS), ", ".join("?" * len(COLUMNS))
        number = 0
        for batch in made.events:
            rows = _with_text_times(batch)
            database.executemany(f"INSERT INTO journal ({columns}) VALUES ({marks})", rows)  # noqa: S608 - ours
            number += len(batch)
        database.execute("ANALYZE")
    return number


def _with_text_times(batch: Iterable[tuple[object, ...]]) -> Iterable[tuple[object, ...]]:
    return ((_text(row[0]), *row[1:]) for row in batch)


def _text(at: object) -> str:
    """Write a time as SQLAlchemy does for SQLite."""
    return f"{at:%Y-%m-%d %H:%M:%S.%f}"
