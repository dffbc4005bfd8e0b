"""The schema's version: read it, bring it up to date, refuse what does not fit."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from storage.db import Use, open_engine, parse_url
from storage.errors import SchemaNewerError, SchemaOutdatedError
from storage.transactions import begun

UPGRADE_COMMAND = "python -m bot migrate"
# Any number will do, as long as nothing else locks under it.
_ADVISORY_LOCK = 5_665_2025


def head() -> str:
    """Return the newest revision that the code knows."""
    revision = _scripts().get_current_head()
    if revision is None:
        raise LookupError("the code has lost its schema revisions")
    return revision


async def upgrade(url: str) -> str:
    """Bring the schema up to date, once even when several processes try; return its revision."""
    engine = open_engine(url, Use.MIGRATE)
    try:
        async with begun(engine, keep=True) as connection:
            if engine.dialect.name == "postgresql":
                lock = text("SELECT pg_advisory_xact_lock(:key)")
                await connection.execute(lock, {"key": _ADVISORY_LOCK})
            _refuse_newer(await connection.run_sync(_revision))
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()
    return head()


async def current(url: str) -> str | None:
    """Return the schema's revision; None when there is no schema."""
    engine = open_engine(url, Use.READ)  # waits for nobody who writes
    try:
        async with begun(engine) as connection:
            return await connection.run_sync(_revision)
    finally:
        await engine.dispose()


async def ensure_current(url: str) -> None:
    """Make sure the code fits the schema: SQLite is upgraded, PostgreSQL refused with the command to run."""
    if parse_url(url).get_backend_name() == "sqlite" and await current(url) != head():
        await upgrade(url)
    await require_current(url)


async def require_current(url: str) -> None:
    """Refuse a schema that is older or newer than the code."""
    revision = await current(url)
    _refuse_newer(revision)
    if revision != head():
        state = f"has the old schema {revision}" if revision else "has no schema yet"
        raise SchemaOutdatedError(f"the database {state}; the code needs {head()}: run {UPGRADE_COMMAND}")


def _refuse_newer(revision: str | None) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaNewerError(
            f"the database has schema {revision}, the code knows {head()} at most: install the newer version"
        )


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    return config
