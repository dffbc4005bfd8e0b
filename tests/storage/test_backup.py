"""One backup file, from either database into either."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Date, Enum, Integer, LargeBinary, String, exists, select

from storage.backup import backup, restore
from storage.columns import UtcDateTime
from storage.db import Use, open_engine
from storage.errors import BackupError, SchemaOutdatedError
from storage.migrate import ensure_current, head, upgrade
from storage.models import Base
from storage.records import Event, EventName
from storage.transactions import begun
from storage.unit_of_work import Storage
from tests.storage.builders import CHANNEL, DAY, KEYS, LEASE, NOW, a_receipt, accept, answer, conversation_of
from tests.storage.test_people import rows_of


async def fill(url: str, people: int = 3) -> dict[str, list[dict[str, Any]]]:
    """Put something into every table; return all rows."""
    await upgrade(url)
    storage = Storage(url)
    for number in range(people):
        await accept(
            storage, a_receipt(str(number), user_id=f"88123456{number}", text='"quotes"\n\u2028, ngã')
        )
        await answer(storage, "một", "hai")
    async with storage.writing() as uow:
        await uow.people.erase(1, NOW)
        await uow.leases.acquire("send:telegram", "a", NOW, LEASE)
        await uow.jobs.ensure("purge", NOW + DAY)
        await uow.tokens.store("zalo_oa", b"sealed", NOW)
        await uow.alarms.sound("token", "spent", NOW)
        await uow.journal.append(Event(EventName.TURN_ANSWERED, NOW, CHANNEL, 2, '{"score": 1}'))
        await uow.commit()
    await storage.close()
    await fill_what_is_empty(url)
    rows = await rows_of(url)
    assert all(rows.values())
    return rows


async def fill_what_is_empty(url: str) -> None:
    """Put a made-up row into each table that nothing above has filled."""
    engine = open_engine(url, Use.MIGRATE)
    async with begun(engine, keep=True) as connection:
        for table in Base.metadata.sorted_tables:
            if not await connection.scalar(select(exists().select_from(table))):
                row = {column.name: made_up(column) for column in table.columns if wanted(column)}
                await connection.execute(table.insert(), [row])
    await engine.dispose()


def wanted(column: Column[Any]) -> bool:
    """Leave numbers that the database gives to the database."""
    return not (column.primary_key and column.table.autoincrement_column is column)


def made_up(column: Column[Any]) -> object:
    kind = column.type
    if column.foreign_keys:
        target = next(iter(column.foreign_keys)).column
        return "x" if isinstance(target.type, String) else 2 if target.table.name == "conversations" else 1
    values = {
        Enum: EventName.TURN_ANSWERED,
        UtcDateTime: NOW,
        Date: NOW.date(),
        Boolean: True,
        LargeBinary: b"\x00\xff",
        Integer: 7,
        object: "x",
    }
    return next(value for of, value in values.items() if isinstance(kind, of))


@pytest.fixture(
    params=[
        ("sqlite", "sqlite"),
        pytest.param(("sqlite", "postgresql"), marks=pytest.mark.postgresql),
        pytest.param(("postgresql", "sqlite"), marks=pytest.mark.postgresql),
    ],
    ids=" to ".join,
)
def urls(request: pytest.FixtureRequest) -> tuple[str, str]:
    source, target = request.param
    if source == target:
        url = request.getfixturevalue("sqlite_url")
        return url, url.replace("bot.db", "other.db")
    return request.getfixturevalue(f"{source}_url"), request.getfixturevalue(f"{target}_url")


async def test_everything_comes_back_on_the_other_side(urls: tuple[str, str], tmp_path: Path) -> None:
    source, target = urls
    rows = await fill(source)
    written = await backup(source, tmp_path / "backup.jsonl.gz")
    assert written == sum(map(len, rows.values()))
    assert await restore(target, tmp_path / "backup.jsonl.gz") == written
    assert await rows_of(target) == rows


async def test_work_goes_on_after_a_restore(urls: tuple[str, str], tmp_path: Path) -> None:
    source, target = urls
    await fill(source)
    await backup(source, tmp_path / "b")
    await restore(target, tmp_path / "b")
    storage = Storage(target)
    assert await accept(storage, a_receipt("0"), a_receipt("new", user_id="9")) == [False, True]
    assert await answer(storage, "drei") == await conversation_of(storage, "9") == 4
    await storage.close()


@pytest.mark.postgresql
async def test_postgresql_comes_back_to_itself(postgresql_url: str, tmp_path: Path) -> None:
    rows = await fill(postgresql_url)
    await backup(postgresql_url, tmp_path / "b")
    await restore(postgresql_url, tmp_path / "b", force=True)
    assert await rows_of(postgresql_url) == rows


async def test_a_database_in_use_is_replaced_by_force_only(sqlite_url: str, tmp_path: Path) -> None:
    rows = await fill(sqlite_url)
    await backup(sqlite_url, tmp_path / "b")
    storage = Storage(sqlite_url)
    await accept(storage, a_receipt("later", user_id="later"))
    await storage.close()
    with pytest.raises(BackupError, match="not empty"):
        await restore(sqlite_url, tmp_path / "b")
    assert await rows_of(sqlite_url) != rows
    await restore(sqlite_url, tmp_path / "b", force=True)
    assert await rows_of(sqlite_url) == rows


async def test_a_database_that_was_only_started_counts_as_empty(sqlite_url: str, tmp_path: Path) -> None:
    rows = await fill(sqlite_url)
    await backup(sqlite_url, tmp_path / "b")
    other = sqlite_url.replace("bot.db", "other.db")
    await ensure_current(other)
    storage = Storage(other)
    async with storage.writing() as uow:
        await uow.jobs.ensure("purge", NOW)
        await uow.leases.acquire("send:telegram", "b", NOW, LEASE)
        await uow.commit()
    await storage.close()
    await restore(other, tmp_path / "b")
    assert await rows_of(other) == rows


async def test_a_backup_holds_no_id_in_clear_and_is_for_its_owner_only(
    database_url: str, tmp_path: Path
) -> None:
    await fill(database_url)
    file = tmp_path / "b"
    await backup(database_url, file)
    plain = gzip.decompress(file.read_bytes()).decode()
    assert "88123456" not in plain
    assert KEYS.key("telegram", "the_bot", "881234562") in plain
    assert file.stat().st_mode & 0o777 == 0o600
    assert not file.with_name("b.part").exists()


def damaged(lines: list[str]) -> dict[str, list[str]]:
    header, *rows, last = lines
    return {
        "cut off": [header, *rows],
        "a row lost": [header, *rows[:-1], last],
        "no JSON": [header, *rows[:-1], "{", last],
        "a list": [header, "[1]", *rows, last],
        "unknown table": [header, *rows, '{"table": "x", "row": {}}', last],
        "missing column": [header, *rows, '{"table": "jobs", "row": {}}', last],
        "wrong time": [header, *rows, '{"table": "jobs", "row": {"name": "x", "due_at": "soon"}}', last],
        "a row twice": [header, *rows, rows[-1], json.dumps({"rows": len(rows) + 1})],
        "other program": ["{}", *rows, last],
        "other schema": [header.replace(head(), "9999"), *rows, last],
        "empty": [],
    }


@pytest.mark.parametrize("how", damaged(["", "", ""]))
async def test_a_damaged_backup_changes_nothing(sqlite_url: str, tmp_path: Path, how: str) -> None:
    rows = await fill(sqlite_url)
    file = tmp_path / "b"
    await backup(sqlite_url, file)
    lines = gzip.decompress(file.read_bytes()).decode().splitlines()
    file.write_bytes(gzip.compress("".join(f"{line}\n" for line in damaged(lines)[how]).encode()))
    with pytest.raises(BackupError):
        await restore(sqlite_url, file, force=True)
    assert await rows_of(sqlite_url) == rows


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b'{"format": "storage-backup-1"')[:-9]],
    ids=("empty", "no gzip", "cut off"),
)
async def test_what_is_no_backup_is_refused(sqlite_url: str, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b").write_bytes(content)
    with pytest.raises(BackupError):
        await restore(sqlite_url, tmp_path / "b")
    with pytest.raises(BackupError):
        await restore(sqlite_url, tmp_path / "missing")


async def test_a_backup_that_cannot_be_written_leaves_the_old_one(sqlite_url: str, tmp_path: Path) -> None:
    await fill(sqlite_url)
    with pytest.raises(BackupError, match="cannot be written"):
        await backup(sqlite_url, tmp_path / "no such folder" / "b")


async def test_a_database_without_schema_is_not_backed_up(database_url: str, tmp_path: Path) -> None:
    with pytest.raises(SchemaOutdatedError):
        await backup(database_url, tmp_path / "b")
