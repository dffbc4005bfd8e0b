"""Loads a journal in bulk (COPY on PostgreSQL, one transaction on SQLite), then rolls it up."""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
from collections.abc import Awaitable, Callable, Iterable
from contextlib import closing

import asyncpg

from bot.clock import utc_now
from bot.leases import Lease
from bot.listing import Lister
from bot.rolling import Roller
from content.models import Content
from intents.knowledge import prepare
from storage.db import parse_url
from storage.migrate import upgrade
from storage.unit_of_work import Storage
from tests.bench_desk.journal import COLUMNS, Made, Plan, key, make

DAYS = 365
SEED = 5
KEPT = dt.timedelta(days=30)
"""How long questions can be read."""
ANALYSED = (0, 10, 60)
"""Days after which statistics are made, as PostgreSQL does by itself while it grows."""
UNKNOWN = 300
"""Groups of questions that were not understood."""
IN_BULK = (
    "SET session_replication_role = replica",  # what is made up refers to nothing that is missing
    "ALTER SYSTEM SET max_wal_size = '4GB'",
    "SELECT pg_reload_conf()",
)
"""How PostgreSQL's manual would have much loaded at once."""
_BOT = "bench"
_TABLES = ("people", "conversations", "unknowns")


def plan(content: Content, events: int) -> Plan:
    """Return what is made: a year up to now, from a fixed seed."""
    return Plan(
        events, DAYS, utc_now(), sorted(content.catalogue.services), sorted(content.places.communes), SEED
    )


async def loaded(url: str, content: Content, events: int) -> int:
    """Make the tables of an empty database and fill the journal; return the number of events."""
    await upgrade(url)
    planned = plan(content, events)
    made = make(planned)
    if _is_sqlite(url):
        return await asyncio.to_thread(_into_sqlite, url, made, planned.last)
    return await _into_postgresql(_plain(url), made, planned.last)


async def rolled_up(url: str, content: Content) -> None:
    """Make of a full journal what figures are read from."""
    if _is_sqlite(url):
        await _roll(url, content)
        storage = Storage(url)
        await storage.scrub()  # as every night
        await storage.close()
    else:
        await _roll(url, content, lambda: _analyse(_plain(url)))


async def _analyse(plain_url: str) -> None:
    connection = await asyncpg.connect(plain_url)
    await connection.execute("ANALYZE")
    await connection.close()


def _is_sqlite(url: str) -> bool:
    return parse_url(url).get_backend_name() == "sqlite"


def _plain(url: str) -> str:
    return url.replace("postgresql+asyncpg:", "postgresql:")


async def _nothing() -> None:
    """Leave out what SQLite does not do by itself."""


async def _roll(url: str, content: Content, analyse: Callable[[], Awaitable[None]] = _nothing) -> None:
    """Roll up as the service does, with statistics such as PostgreSQL makes by itself while it grows."""
    storage = Storage(url)
    lister = Lister(storage, utc_now, prepare(content, KEPT.days))
    roller = Roller(storage, utc_now, Lease(storage, utc_now, "figures", "bench"), lister)
    async with storage.reading() as unit:
        days = await unit.rolling.dirty()
    for number, day in enumerate(days):
        async with storage.writing() as unit:
            await unit.rolling.roll(day)
            await unit.commit()
        if number in ANALYSED:
            await analyse()
    async with storage.writing() as unit:
        await unit.rolling.settle(utc_now())
        await unit.commit()
    await roller.roll()
    await analyse()
    await lister.list_new()
    await storage.close()


async def _into_postgresql(plain_url: str, made: Made, last: dt.datetime) -> int:
    """Copy people, conversations and events; return the number of events."""
    connection = await asyncpg.connect(plain_url)
    try:
        for setting in IN_BULK:
            await connection.execute(setting)
        people = ((n, key(n), last) for n in range(1, made.people + 1))
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
        for statement in _listing(*(f"'{at}'" for at in (last - KEPT, last, last + KEPT))):
            await connection.execute(statement)
        for table in _TABLES:
            await connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608 - ours
            )
        return number
    finally:
        await connection.close()


def _into_sqlite(url: str, made: Made, last: dt.datetime) -> int:
    """Insert people, conversations and events; return the number of events."""
    with closing(sqlite3.connect(str(parse_url(url).database))) as database, database:
        people = ((n, key(n), _text(last)) for n in range(1, made.people + 1))
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
        for statement in _listing(*(f"'{_text(at)}'" for at in (last - KEPT, last, last + KEPT))):
            database.execute(statement)
    return number


def _listing(since: str, until: str, expires: str) -> tuple[str, ...]:
    """Return what makes receipts, lists the questions that are kept, groups them, and gives staff work."""
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {UNKNOWN})"  # noqa: S608 - ours
    groups = f"""
        INSERT INTO unknowns (id, words, state, service, last_at, expires_at)
        {numbers} SELECT i, 'viec la ' || i, 'open', '', {until}, {expires} FROM n"""  # noqa: S608 - ours
    questions = f"""
        INSERT INTO questions (id, at, conversation_id, channel, commune, outcome, service, topic, aspect,
            text, folded, unknown_id, expires_at)
        SELECT id, at, conversation_id, channel, commune, name, service, topic, aspect,
            'câu hỏi ' || id || ' về ' || service, 'cau hoi ' || id || ' ve ' || service,
            CASE WHEN name = 'turn:not_understood' THEN 1 + id % {UNKNOWN} END, {expires}
        FROM journal WHERE at > {since} AND name LIKE 'turn:%'"""  # noqa: S608 - ours
    about = "conversation_id, channel, commune, service"
    handoffs = f"""
        INSERT INTO handoffs ({about}, desk, state, opened_at, return_at, taken_at, answered_at, closed_at)
        SELECT {about}, '', CASE WHEN id % 20 = 0 THEN 'waiting' ELSE 'closed' END, at, {expires},
            at, at, CASE WHEN id % 20 = 0 THEN NULL ELSE at END
        FROM journal WHERE at > {since} AND name = 'handoff:opened' ON CONFLICT DO NOTHING"""  # noqa: S608 - ours
    tickets = f"""
        INSERT INTO tickets ({about}, aspect, knowledge, state, opened_at, note)
        SELECT {about}, 'fee', 0, CASE WHEN id % 20 = 0 THEN 'open' ELSE 'right' END, at, ''
        FROM journal WHERE at > {since} AND name = 'handoff:opened' ON CONFLICT DO NOTHING"""  # noqa: S608 - ours
    receipts = f"""
        INSERT INTO inbox (channel, bot, message_id, conversation_id, kind, received_at, handled_at,
            text_expires_at)
        SELECT channel, '{_BOT}', 'receipt ' || id, conversation_id, 'text', at, at, {expires}
        FROM journal WHERE at > {since} AND name LIKE 'turn:%'"""  # noqa: S608 - ours
    return groups, questions, handoffs, tickets, receipts


def _with_text_times(batch: Iterable[tuple[object, ...]]) -> Iterable[tuple[object, ...]]:
    return ((_text(row[0]), *row[1:]) for row in batch)


def _text(at: object) -> str:
    """Write a time as SQLAlchemy does for SQLite."""
    return f"{at:%Y-%m-%d %H:%M:%S.%f}"
