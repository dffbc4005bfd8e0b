"""Transactions, and what to say when the database is away, locked or unusable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import NullPool

from storage.errors import DatabaseUnavailableError

_AT_ONCE = 0.5
_LOCKED = "is locked by another process"
# The low byte of SQLite's code: busy, locked.
_SQLITE_LOCKED = {5, 6}
# Likewise: memory, read-only, I/O, corrupt, full, cannot open, no database.
_SQLITE_OUTAGES = {7, 8, 10, 11, 13, 14, 26}
_POSTGRESQL_LOCKED = "55P03"
# Classes of SQLSTATE: connection, log-in, no such database, deadlock, resources, shutdown.
_POSTGRESQL_OUTAGES = ("08", "28", "3D", "40", "53", "57")


@asynccontextmanager
async def begun(engine: AsyncEngine, *, keep: bool = False) -> AsyncIterator[AsyncConnection]:
    """Open a transaction; it is rolled back unless its user commits. Outages are said plainly.

    With `keep` it is committed at the end, unless there was an error: for work on the database as a whole.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(_plain_errors(engine.url))
        _refuse_a_lost_file(engine)
        with _plain_network_errors(engine.url):
            connection = await _connected(engine, stack)
            if keep:
                await stack.enter_async_context(connection.begin())
            else:
                await connection.begin()
        yield connection


def _refuse_a_lost_file(engine: AsyncEngine) -> None:
    """Refuse a file that was removed under us: SQLite would go on writing to what nobody finds again."""
    pooled = not isinstance(engine.pool, NullPool)
    if pooled and engine.url.get_backend_name() == "sqlite" and not Path(str(engine.url.database)).exists():
        raise DatabaseUnavailableError(f"{describe(engine.url)} is gone")


async def _connected(engine: AsyncEngine, stack: AsyncExitStack) -> AsyncConnection:
    """Connect. SQLite does not wait when several processes turn on the log of a new file at once; we do."""
    clock = asyncio.get_running_loop().time
    for pause in (0.02, 0.05, 0.1, 0.2, 0.4, 0.8):
        started = clock()
        try:
            return await stack.enter_async_context(engine.connect())
        except DBAPIError as error:
            waited = clock() - started > _AT_ONCE  # by SQLite, for a lock that somebody holds
            if waited or _outage(error) != _LOCKED:
                raise
            await asyncio.sleep(pause)
    return await stack.enter_async_context(engine.connect())


@contextmanager
def _plain_errors(url: URL) -> Iterator[None]:
    """Turn an outage of the database into `DatabaseUnavailableError`; let our own mistakes through."""
    try:
        yield
    except PoolTimeoutError as error:
        raise DatabaseUnavailableError(f"{describe(url)} is too busy") from error
    except DBAPIError as error:
        reason = _outage(error)
        if reason is None:
            raise
        raise DatabaseUnavailableError(f"{describe(url)} {reason}") from error


@contextmanager
def _plain_network_errors(url: URL) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DatabaseUnavailableError(f"{describe(url)} cannot be reached") from error


def _outage(error: DBAPIError) -> str | None:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    state = getattr(error.orig, "sqlstate", None) or ""
    if code in _SQLITE_LOCKED or state == _POSTGRESQL_LOCKED:
        return _LOCKED
    if code in _SQLITE_OUTAGES:
        return f"cannot be used ({error.orig})"
    if error.connection_invalidated or state.startswith(_POSTGRESQL_OUTAGES):
        return f"cannot be used (code {state or 'none'})"
    return None


def describe(url: URL) -> str:
    """Name the database without user and password."""
    if url.get_backend_name() == "sqlite":
        return f"the database file {url.database}"
    return f"the database {url.database} on {url.host or 'the local socket'}"
