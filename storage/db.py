"""How we connect: engines for SQLite or PostgreSQL from one URL."""

from __future__ import annotations

import logging
from enum import Enum
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from storage.errors import DatabaseUnavailableError, DatabaseUrlError
from storage.transactions import describe

_WAIT_SECONDS = 5.0
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


class Use(Enum):
    """What an engine is for."""

    WRITE = "write"
    READ = "read"
    """Sees one moment per transaction and cannot write."""
    MIGRATE = "migrate"
    """One connection, not pooled, that waits for PostgreSQL's locks without end."""
    VACUUM = "vacuum"
    """SQLite outside of transactions, not pooled."""


def parse_url(url: str) -> URL:
    """Return the URL with the driver that we use."""
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    except (ArgumentError, ValueError):
        raise DatabaseUrlError("DATABASE_URL cannot be read as a database address") from None
    backend = parsed.get_backend_name()
    if backend not in _DRIVERS:
        raise DatabaseUrlError("DATABASE_URL must start with sqlite or postgresql")
    if backend == "sqlite" and parsed.host:
        raise DatabaseUrlError(
            "DATABASE_URL needs three slashes before a relative path, four before an absolute"
        )
    if backend == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise DatabaseUrlError("DATABASE_URL must name a file: sqlite in memory forgets and cannot be shared")
    return parsed.set(drivername=_DRIVERS[backend])


def open_engine(url: str, use: Use, *, wait_seconds: float = _WAIT_SECONDS) -> AsyncEngine:
    """Return an engine, not connected yet."""
    parsed = parse_url(url)
    # Parameters are people's texts and addresses: they must not appear in an error, hence in a log.
    options: dict[str, Any] = {"hide_parameters": True}
    if use in {Use.MIGRATE, Use.VACUUM}:
        options["poolclass"] = NullPool
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, use, options, wait_seconds)
    return _open_postgresql(parsed, use, options, wait_seconds)


def _open_sqlite(url: URL, use: Use, options: dict[str, Any], wait: float) -> AsyncEngine:
    _make_file(url)
    # Its debug lines hold every parameter: people's texts.
    logging.getLogger("aiosqlite").setLevel(logging.INFO)
    if use is Use.WRITE:
        # SQLite has one writer at a time, chosen by luck; in the pool's queue each gets its turn.
        options |= {"pool_size": 1, "max_overflow": 0}
    # The driver's own transactions begin too late: we say BEGIN ourselves.
    engine = create_async_engine(url, connect_args={"isolation_level": None, "timeout": wait}, **options)
    event.listen(engine.sync_engine, "connect", _preparing(use))
    if use is not Use.VACUUM:
        event.listen(engine.sync_engine, "begin", _beginning(use))
    return engine


def _preparing(use: Use) -> Any:  # noqa: ANN401 (SQLAlchemy's listeners have no type)
    pragmas = (
        "journal_mode = WAL",
        # The outside service is told "received" after the commit; a power cut must not undo it.
        "synchronous = FULL",
        "secure_delete = ON",
        # A migration rebuilds tables by dropping the old one, which would cascade.
        f"foreign_keys = {'OFF' if use is Use.MIGRATE else 'ON'}",
        f"query_only = {'ON' if use is Use.READ else 'OFF'}",
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

    return prepare


def _beginning(use: Use) -> Any:  # noqa: ANN401 (as above)
    # A writer that begins as a reader is refused at once when another wrote in between ("locked").
    statement = "BEGIN" if use is Use.READ else "BEGIN IMMEDIATE"

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    return begin


def _make_file(url: URL) -> None:
    """Make a missing file, and its folder, for its owner only; SQLite gives its log the same rights."""
    file = Path(str(url.database))
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():  # an existing one stays closed: closing it would end SQLite's locks on it
            file.touch(mode=0o600)
    except OSError as error:
        raise DatabaseUnavailableError(f"{describe(url)} cannot be made: {error.strerror}") from error


def _refuse_closed(connection: DBAPIConnection, _record: object, _proxy: object) -> None:
    """Let the pool take another connection for one that the server ended: the driver knows it by itself.

    The pool's own way to find out asks the server, three times there and back for each transaction.
    """
    if cast("Any", connection).driver_connection.is_closed():
        raise DisconnectionError


def _open_postgresql(url: URL, use: Use, options: dict[str, Any], wait: float) -> AsyncEngine:
    lock_timeout = 0 if use is Use.MIGRATE else int(wait * 1000)
    settings = {"application_name": "bot", "lock_timeout": f"{lock_timeout}ms"}
    connect_args = {"timeout": _WAIT_SECONDS, "server_settings": settings}
    if "poolclass" not in options:
        # The connection used last knows the statements and has its caches warm.
        options |= {"pool_size": 5, "max_overflow": 5, "pool_use_lifo": True}
    engine = create_async_engine(url, connect_args=connect_args, **options)
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    if use is Use.READ:
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return engine
