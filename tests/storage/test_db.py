"""Outages are said plainly, without secrets; wrong settings at once."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from storage.db import parse_url
from storage.errors import DatabaseUnavailableError, DatabaseUrlError
from storage.migrate import ensure_current, upgrade
from storage.unit_of_work import Storage
from tests.storage.builders import a_receipt, accept, conversation_of


async def test_a_locked_database_is_said_to_be_locked(storage: Storage, database_url: str) -> None:
    impatient = Storage(database_url, wait_seconds=0.1)
    async with storage.writing() as uow:
        await uow.inbox.accept(a_receipt("1"))
        with pytest.raises(DatabaseUnavailableError, match="locked by another process"):
            await accept(impatient, a_receipt("2"))
    assert await accept(impatient, a_receipt("2")) == [True]
    await impatient.close()


async def test_readers_do_not_wait_for_a_writer(storage: Storage, database_url: str) -> None:
    impatient = Storage(database_url, wait_seconds=0.1)
    async with storage.writing() as uow:
        await uow.inbox.accept(a_receipt("1"))
        assert await conversation_of(impatient) is None
        await uow.commit()
    assert await conversation_of(impatient)
    await impatient.close()


@pytest.mark.parametrize("host", ["127.0.0.1:1", "/nowhere"])
async def test_a_database_that_is_away_is_said_to_be_away(host: str) -> None:
    url = f"postgresql://somebody:PASSWORD@127.0.0.1:1/bot?host={host}"
    if not host.startswith("/"):
        url = f"postgresql://somebody:PASSWORD@{host}/bot"
    storage = Storage(url)
    with pytest.raises(DatabaseUnavailableError) as caught:
        await storage.ping()
    with pytest.raises(DatabaseUnavailableError):
        await ensure_current(url)
    assert "cannot be reached" in str(caught.value)
    assert "PASSWORD" not in str(caught.value)
    assert "somebody" not in str(caught.value)
    await storage.close()


@pytest.mark.postgresql
async def test_a_refused_login_and_a_missing_database_are_outages(postgresql_url: str) -> None:
    for url in (postgresql_url.replace("/test_", "/no_"), postgresql_url.replace("postgres:", "nobody:")):
        storage = Storage(url)
        with pytest.raises(DatabaseUnavailableError, match="cannot be used"):
            await storage.ping()
        await storage.close()


@pytest.mark.postgresql
async def test_a_server_that_ends_the_connection_is_an_outage_and_then_forgotten(
    postgresql_url: str,
) -> None:
    await upgrade(postgresql_url)
    storage, other = Storage(postgresql_url), Storage(postgresql_url)

    async def be_cut_off() -> None:
        async with storage.writing() as uow, other.reading() as killer:
            await uow.inbox.accept(a_receipt())
            await killer._connection.exec_driver_sql(  # noqa: SLF001 (no repository ends connections)
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await uow.commit()

    with pytest.raises(DatabaseUnavailableError):
        await be_cut_off()
    assert await accept(storage, a_receipt()) == [True]
    await storage.close()
    await other.close()


async def test_a_file_that_is_no_database_is_said_to_be_unusable(tmp_path: Path) -> None:
    (tmp_path / "bot.db").write_text("not a database, but long enough to be looked at " * 50)
    with pytest.raises(DatabaseUnavailableError, match="cannot be used"):
        await ensure_current(f"sqlite:///{tmp_path / 'bot.db'}")
    with pytest.raises(DatabaseUnavailableError, match="cannot be made"):
        await ensure_current(f"sqlite:///{tmp_path / 'bot.db' / 'bot.db'}")


async def test_texts_and_addresses_stay_out_of_errors_and_logs(
    storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receipt = a_receipt("1", text="PRIVATE TEXT", user_id="8812345678")
    async with storage.reading() as unit:
        with pytest.raises(Exception, match="read") as caught:
            await unit.inbox.accept(receipt)
    await accept(storage, receipt)
    for said in (caplog.text, str(caught.value)):
        assert "PRIVATE TEXT" not in said
        assert receipt.person_key not in said


@pytest.mark.parametrize(
    "url", ["", "bot.db", "mysql://u:p@h/d", "sqlite://", "sqlite:///:memory:", "postgresql://u:p@h:port/d"]
)
def test_a_wrong_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(DatabaseUrlError) as caught:
        parse_url(url)
    assert "u:p" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///bot.db", "sqlite+aiosqlite"),
        ("sqlite+aiosqlite:///bot.db", "sqlite+aiosqlite"),
        ("postgres://u:p@h/d", "postgresql+asyncpg"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+asyncpg"),
    ],
)
def test_every_usual_spelling_of_a_url_is_taken(url: str, driver: str) -> None:
    assert parse_url(url).drivername == driver


async def test_sqlite_is_set_up_to_keep_what_it_confirmed(sqlite_url: str, tmp_path: Path) -> None:
    url = sqlite_url.replace("bot.db", "new/folder/bot.db")
    await ensure_current(url)
    storage = Storage(url)
    async with storage.writing() as uow:
        values = [
            (await uow._connection.exec_driver_sql(f"PRAGMA {name}")).scalar()  # noqa: SLF001 (no other way to see)
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        ]
    assert values == ["wal", 2, 1, 1]
    files = [tmp_path / "new/folder" / f"bot.db{suffix}" for suffix in ("", "-wal")]
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600, 0o600]
    await storage.close()


async def test_many_writers_at_once_all_succeed(storage: Storage) -> None:
    receipts = [a_receipt(str(number), user_id=str(number % 7)) for number in range(60)]
    assert await asyncio.gather(*(accept(storage, receipt) for receipt in receipts)) == [[True]] * 60
