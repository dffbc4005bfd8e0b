"""How we connect: SQLite or PostgreSQL from one URL, and outages said plainly."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from storage.errors import DatabaseUnavailableError, DatabaseUrlError
from storage.models import Base

BEGIN = "storage_begin"
"""Execution option: what an SQLite connection is told at the start of a transaction."""
# A writer that begins as a reader is refused at once when another wrote in between ("locked").
WRITING = ("PRAGMA query_only = OFF", "BEGIN IMMEDIATE")
READING = ("PRAGMA query_only = ON", "BEGIN")
OUTSIDE = ("PRAGMA query_only = OFF",)
_WAIT_SECONDS = 5.0
_LOCKED = "is locked by another process"
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
# The low byte of SQLite's code: busy, locked, memory, read-only, I/O, corrupt, full, cannot open, no base.
_SQLITE_OUTAGES = {5, 6, 7, 8, 10, 11, 13, 14, 26}
# Classes of SQLSTATE: connection, log-in, no such database, resources, lock not available, shutdown.
_POSTGRESQL_OUTAGES = ("08", "28", "3D", "53", "55P03", "57")


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


def parse_url(url: str) -> URL:
    """Return the URL with the driver that we use."""
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    except (ArgumentError, ValueError):
        raise DatabaseUrlError("DATABASE_URL cannot be read as a database address") from None
    backend = parsed.get_backend_name()
    if backend not in _DRIVERS:
        raise DatabaseUrlError("DATABASE_URL must start with sqlite or postgresql")
    if backend == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise DatabaseUrlError("DATABASE_URL must name a file: sqlite in memory forgets and cannot be shared")
    return parsed.set(drivername=_DRIVERS[backend])


def open_engine(url: str, *, migrating: bool = False, wait_seconds: float = _WAIT_SECONDS) -> AsyncEngine:
    """Return an engine, not connected yet; `migrating` neither pools nor stops waiting for a lock."""
    parsed = parse_url(url)
    # Parameters are people's texts and addresses: they must not appear in an error, hence in a log.
    options: dict[str, Any] = {"hide_parameters": True}
    if migrating:
        options["poolclass"] = NullPool
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, options, wait_seconds, foreign_keys=not migrating)
    return _open_postgresql(parsed, options, 0 if migrating else wait_seconds)


def reader(engine: AsyncEngine) -> AsyncEngine:
    """Return the engine, over the same pool, for consistent looks that cannot write."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return engine.execution_options(**{BEGIN: READING})


def _open_sqlite(url: URL, options: dict[str, Any], wait: float, *, foreign_keys: bool) -> AsyncEngine:
    _make_file(url)
    # Its debug lines hold every parameter: people's texts.
    logging.getLogger("aiosqlite").setLevel(logging.INFO)
    # The driver's own transactions begin too late: we say BEGIN ourselves (see _begin_sqlite).
    engine = create_async_engine(url, connect_args={"isolation_level": None, "timeout": wait}, **options)
    pragmas = (
        "journal_mode = WAL",
        # The outside service is told "received" after the commit; a power cut must not undo it.
        "synchronous = FULL",
        "secure_delete = ON",
        # A migration rebuilds tables by dropping the old one, which would cascade.
        f"foreign_keys = {'ON' if foreign_keys else 'OFF'}",
    )

    def prepare(connection: DBAPIConnection, _record: object) -> None:
        try:
            cursor = connection.cursor()
            for pragma in pragmas:
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()
        except BaseException:
            connection.close()  # the pool forgets a connection that it could not prepare, thread and all
            raise

    event.listen(engine.sync_engine, "connect", prepare)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _make_file(url: URL) -> None:
    """Make a missing file, and its folder, for its owner only; SQLite gives its log the same rights."""
    file = Path(str(url.database))
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():  # an existing one stays closed: closing it would end SQLite's locks on it
            file.touch(mode=0o600)
    except OSError as error:
        raise DatabaseUnavailableError(f"{_describe(url)} cannot be made: {error.strerror}") from error


def _begin_sqlite(connection: Connection) -> None:
    for statement in connection.get_execution_options().get(BEGIN, WRITING):
        connection.exec_driver_sql(statement)


def _open_postgresql(url: URL, options: dict[str, Any], wait: float) -> AsyncEngine:
    settings = {"application_name": "bot", "lock_timeout": f"{int(wait * 1000)}ms"}
    connect_args = {"timeout": _WAIT_SECONDS, "server_settings": settings}
    if "poolclass" not in options:
        options |= {"pool_size": 10, "max_overflow": 10, "pool_pre_ping": True}
    return create_async_engine(url, connect_args=connect_args, **options)


@asynccontextmanager
async def begun(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Open a transaction; it is rolled back unless its user commits. Outages are said plainly."""
    async with AsyncExitStack() as stack:
        stack.enter_context(_plain_errors(engine.url))
        with _plain_network_errors(engine.url):
            connection = await _connected(engine, stack)
            await connection.begin()
        yield connection


async def _connected(engine: AsyncEngine, stack: AsyncExitStack) -> AsyncConnection:
    """Connect. SQLite does not wait when several processes turn on the log of a new file at once; we do."""
    for pause in (0.02, 0.05, 0.1, 0.2, 0.4, 0.8):
        try:
            return await stack.enter_async_context(engine.connect())
        except DBAPIError as error:
            if _outage(error) != _LOCKED:
                raise
            await asyncio.sleep(pause)
    return await stack.enter_async_context(engine.connect())


@contextmanager
def _plain_errors(url: URL) -> Iterator[None]:
    """Turn an outage of the database into `DatabaseUnavailableError`; let our own mistakes through."""
    try:
        yield
    except PoolTimeoutError as error:
        raise DatabaseUnavailableError(f"{_describe(url)} is too busy") from error
    except DBAPIError as error:
        reason = _outage(error)
        if reason is None:
            raise
        raise DatabaseUnavailableError(f"{_describe(url)} {reason}") from error


@contextmanager
def _plain_network_errors(url: URL) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DatabaseUnavailableError(f"{_describe(url)} cannot be reached") from error


def _outage(error: DBAPIError) -> str | None:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        if code & 0xFF in {5, 6}:
            return _LOCKED
        return f"cannot be used ({error.orig})" if code & 0xFF in _SQLITE_OUTAGES else None
    state = getattr(error.orig, "sqlstate", None) or ""
    if state == "55P03":
        return _LOCKED
    if error.connection_invalidated or state.startswith(_POSTGRESQL_OUTAGES):
        return f"cannot be used (code {state or 'none'})"
    return None


def _describe(url: URL) -> str:
    """Name the database without user and password."""
    if url.get_backend_name() == "sqlite":
        return f"the database file {url.database}"
    return f"the database {url.database} on {url.host or 'the local socket'}"
