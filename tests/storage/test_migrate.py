"""The schema is brought up to date, once, and refused when it does not fit."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect

from storage.db import Use, open_engine
from storage.errors import SchemaNewerError, SchemaOutdatedError
from storage.migrate import current, ensure_current, head, upgrade
from storage.models import Base
from storage.transactions import begun
from storage.unit_of_work import Storage


async def run(url: str, *statements: str) -> None:
    engine = open_engine(url, Use.MIGRATE)
    async with begun(engine, keep=True) as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)
    await engine.dispose()


async def test_the_migrated_schema_is_that_of_the_models(database_url: str) -> None:
    await upgrade(database_url)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, Base.metadata))

    engine = open_engine(database_url, Use.MIGRATE)
    async with begun(engine) as connection:
        assert await connection.run_sync(differences) == []
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    await engine.dispose()
    assert set(names) == {*Base.metadata.tables, "alembic_version"}


async def test_an_empty_database_has_no_revision_and_gets_the_newest(database_url: str) -> None:
    assert await current(database_url) is None
    assert await upgrade(database_url) == head()
    assert await current(database_url) == head()
    assert await upgrade(database_url) == head()


async def test_many_processes_upgrading_at_once_do_it_once(database_url: str) -> None:
    assert await asyncio.gather(*(upgrade(database_url) for _ in range(4))) == [head()] * 4


async def test_sqlite_is_brought_up_to_date_at_start(sqlite_url: str) -> None:
    await ensure_current(sqlite_url)
    assert await current(sqlite_url) == head()
    await ensure_current(sqlite_url)


@pytest.mark.postgresql
async def test_postgresql_without_schema_is_refused_with_the_command(postgresql_url: str) -> None:
    with pytest.raises(SchemaOutdatedError, match="python -m bot migrate"):
        await ensure_current(postgresql_url)
    assert await current(postgresql_url) is None
    await upgrade(postgresql_url)
    await ensure_current(postgresql_url)


async def test_a_newer_schema_is_refused(database_url: str) -> None:
    await upgrade(database_url)
    await run(database_url, "UPDATE alembic_version SET version_num = '9999'")
    for step in (ensure_current, upgrade):
        with pytest.raises(SchemaNewerError, match="9999"):
            await step(database_url)
    assert await current(database_url) == "9999"


async def to_revision(url: str, revision: str) -> None:
    """Bring an empty database to an earlier schema."""

    def migrate(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", "storage:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    engine = open_engine(url, Use.MIGRATE)
    async with begun(engine, keep=True) as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


FILLED = """
INSERT INTO people (id, key, first_seen_at) VALUES (7, 'k', '2026-01-01 00:00:00+00:00');
INSERT INTO addresses (person_id, channel, bot, sealed) VALUES (7, 'telegram', 'b', 'x');
INSERT INTO conversations (id, person_id, channel, bot, version, fence) VALUES (3, 7, 'telegram', 'b', 5, 2);
INSERT INTO inbox (id, channel, bot, message_id, conversation_id, kind, text, attempts,
received_at, text_expires_at) VALUES (4, 'telegram', 'b', '1', 3, 'text', 'hỏi', 0,
'2026-01-01 00:00:00+00:00', '2026-01-31 00:00:00+00:00');
INSERT INTO outbox
(id, conversation_id, inbox_id, channel, bot, body, last, attempts, created_at, next_try_at, expires_at)
VALUES (5, 3, 4, 'telegram', 'b', '{}', false, 1,
'2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00', '2026-01-31 00:00:00+00:00')
"""


async def test_a_database_in_use_keeps_its_rows_when_it_is_brought_up_to_date(database_url: str) -> None:
    await to_revision(database_url, "0001")
    await run(database_url, *FILLED.split(";"))
    await upgrade(database_url)
    storage = Storage(database_url)
    async with storage.reading() as unit:
        (message,) = await unit.inbox.pending(3)
        (reply,) = await unit.outbox.due("telegram", "b", dt.datetime.now(dt.UTC), 9)
    await storage.close()
    assert (message.text, message.reference) == ("hỏi", None)
    assert (reply.id, reply.attempts, reply.parts, reply.heard_at) == (5, 1, 0, None)


async def test_a_failed_upgrade_leaves_nothing_half_done(database_url: str) -> None:
    await run(database_url, "CREATE TABLE journal (id INTEGER)")
    with pytest.raises(Exception, match="journal"):
        await upgrade(database_url)
    engine = open_engine(database_url, Use.MIGRATE)
    async with begun(engine) as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    await engine.dispose()
    assert names == ["journal"]
