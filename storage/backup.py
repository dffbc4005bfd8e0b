"""Backups: one portable file for both databases, JSON lines in gzip, consistent and restored whole.

The first line names format and schema, each further line holds one row, the last line their number.
Whoever is erased stays in older backups: keep them no longer than the texts.
"""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import Column, Date, LargeBinary, Table, exists, func, select
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.columns import UtcDateTime
from storage.db import Use, open_engine
from storage.errors import BackupError
from storage.migrate import head, require_current, upgrade
from storage.models import Base, JobRow, LeaseRow
from storage.transactions import begun

FORMAT = "storage-backup-1"
_BATCH = 500
_TABLES = {table.name: table for table in Base.metadata.sorted_tables}
# Any process that starts writes these; they make no database non-empty.
_HOUSEKEEPING = {JobRow.__tablename__, LeaseRow.__tablename__}
_DAMAGE = (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zlib.error)


async def backup(url: str, file: Path) -> int:
    """Write all rows as of one moment; return their number. The file appears whole or not at all."""
    await require_current(url)
    engine = open_engine(url, Use.READ)
    try:
        async with begun(engine) as connection:
            with _new_file(file) as lines:
                return await _dump(connection, lines)
    except OSError as error:
        raise BackupError(f"{file} cannot be written: {error.strerror}") from error
    finally:
        await engine.dispose()


async def restore(url: str, file: Path, *, force: bool = False) -> int:
    """Fill an empty database, with `force` any, from a backup; return the number of rows. All or nothing."""
    _check_header(file)
    await upgrade(url)
    engine = open_engine(url, Use.MIGRATE)
    try:
        async with begun(engine, keep=True) as connection:
            return await _replace(connection, file, force=force)
    except StatementError as error:
        raise BackupError(f"the rows of {file} do not fit, or somebody writes meanwhile") from error
    finally:
        await engine.dispose()


async def _dump(connection: AsyncConnection, lines: TextIO) -> int:
    _write(lines, {"format": FORMAT, "revision": head()})
    number = 0
    for name, table in _TABLES.items():
        async for row in await connection.stream(select(table).order_by(*table.primary_key)):
            plain = {column.name: _encode(value) for column, value in zip(table.columns, row, strict=True)}
            _write(lines, {"table": name, "row": plain})
            number += 1
    _write(lines, {"rows": number})
    return number


async def _replace(connection: AsyncConnection, file: Path, *, force: bool) -> int:
    if not force and await _has_data(connection):
        raise BackupError("the database is not empty and would be replaced: say so (force) or take another")
    for table in reversed(_TABLES.values()):
        await connection.execute(table.delete())
    number = 0
    for name, rows in groupby(_rows(file), key=itemgetter(0)):
        values = (row for _, row in rows)
        while batch := list(islice(values, _BATCH)):
            await connection.execute(_TABLES[name].insert(), batch)
            number += len(batch)
    if connection.dialect.name == "postgresql":
        await _reset_sequences(connection)
    return number


async def _has_data(connection: AsyncConnection) -> bool:
    for name, table in _TABLES.items():
        if name not in _HOUSEKEEPING and await connection.scalar(select(exists().select_from(table))):
            return True
    return False


async def _reset_sequences(connection: AsyncConnection) -> None:
    """Let new ids follow the restored ones; PostgreSQL does not look at ids that were given."""
    for name, table in _TABLES.items():
        number = table.autoincrement_column
        if number is not None:
            sequence, top = func.pg_get_serial_sequence(name, number.name), func.max(number)
            await connection.execute(select(func.setval(sequence, func.coalesce(top, 1), top.is_not(None))))


@contextmanager
def _new_file(file: Path) -> Iterator[TextIO]:
    part = file.with_name(f"{file.name}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as raw, gzip.open(raw, "wt", encoding="utf-8") as lines:
            yield lines
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _write(lines: TextIO, entry: dict[str, object]) -> None:
    lines.write(json.dumps(entry, separators=(",", ":")) + "\n")


def _encode(value: object) -> object:
    match value:
        case dt.date():  # a time is one too
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return value


def _check_header(file: Path) -> None:
    header = next(_entries(file), {})
    if header.get("format") != FORMAT:
        raise BackupError(f"{file} is no backup of this program")
    if header.get("revision") != head():
        raise BackupError(
            f"{file} holds schema {header.get('revision')}, the code needs {head()}: "
            "restore it with the version that wrote it, then upgrade"
        )


def _entries(file: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield dict(json.loads(line))
    except _DAMAGE as error:
        raise BackupError(f"{file} cannot be read or is damaged") from error


def _rows(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    entries = islice(_entries(file), 1, None)
    number = 0
    try:
        for entry in entries:
            if "rows" in entry:
                break
            yield entry["table"], _decode(_TABLES[entry["table"]], entry["row"])
            number += 1
        else:
            raise EOFError("no last line")
        if entry["rows"] != number:
            raise EOFError("rows are missing")
    except _DAMAGE as error:
        raise BackupError(f"{file} is damaged") from error


def _decode(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    return {column.name: _value(column, row[column.name]) for column in table.columns}


def _value(column: Column[Any], value: Any) -> Any:  # noqa: ANN401 (any column's value)
    if value is None:
        return None
    if isinstance(column.type, UtcDateTime):
        return dt.datetime.fromisoformat(value)
    if isinstance(column.type, Date):
        return dt.date.fromisoformat(value)
    if isinstance(column.type, LargeBinary):
        return base64.b64decode(value, validate=True)
    return value
