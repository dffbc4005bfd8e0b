"""The workbook of all centres: given with what is known, taken back filled in."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.tables import Table, as_xlsx
from content.models import Commune, Office, Stated

UNPACKED = 20 * 1024 * 1024
"""Bytes of a workbook when unpacked, at most: a small file can hide a huge one."""
MOST_ROWS = 1000
COLUMNS = 5
CODE_DIGITS = 5
LONGEST: Mapping[str, int] = {"address": 200, "hours": 200, "telephone": 40}
"""Characters of each part."""
_TELEPHONE = re.compile(r"[0-9 .()+/;,-]*")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the workbook that was read."""

    number: int
    commune: str
    office: Office


@dataclass(frozen=True, slots=True)
class Mistake:
    """A line that cannot be taken, and why: the key of a text."""

    number: int
    reason: str


class NotAWorkbookError(ValueError):
    """What was uploaded is no such file: download the file again and fill it in."""


def written(
    communes: Mapping[str, Commune], offices: Mapping[str, Stated[Office]], texts: Mapping[str, str]
) -> bytes:
    """Write what is known of all centres."""
    nobody = Office()
    rows = []
    for code, commune in communes.items():
        office = offices[code].value if code in offices else nobody
        rows.append((code, commune.name, office.address, office.hours, office.telephone))
    columns = tuple(texts[f"offices.{name}"] for name in ("code", "commune", *LONGEST))
    return as_xlsx([Table(title=texts["menu.offices"], columns=columns, rows=tuple(rows))])


def read(body: bytes, communes: Mapping[str, Commune]) -> tuple[list[Row], list[Mistake]]:
    """Read a workbook that was filled in; raise NotAWorkbookError for anything else."""
    rows: list[Row] = []
    mistakes: list[Mistake] = []
    for number, cells in _lines(body):
        one = _row(number, cells, communes)
        if isinstance(one, Row):
            if any(row.commune == one.commune for row in rows):
                one = Mistake(number, "offices.twice")
            else:
                rows.append(one)
        if isinstance(one, Mistake):
            mistakes.append(one)
    if not rows and not mistakes:
        raise NotAWorkbookError("no line was filled in")
    return rows, mistakes


def problem(office: Office) -> str:
    """Return the key of what is wrong with a centre; empty when nothing is."""
    for name, most in LONGEST.items():
        value = getattr(office, name)
        if len(value) > most or "\n" in value:
            return f"offices.{name}.long"
    return "" if _TELEPHONE.fullmatch(office.telephone) else "offices.telephone.wrong"


def _lines(body: bytes) -> Iterator[tuple[int, Sequence[Any]]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            if sum(part.file_size for part in packed.infolist()) > UNPACKED:
                raise NotAWorkbookError("too large when unpacked")
        book = load_workbook(io.BytesIO(body), read_only=True)
        lines = book.worksheets[0].iter_rows(min_row=2, max_row=MOST_ROWS, max_col=COLUMNS)
        for number, cells in enumerate(lines, 2):
            values = [cell.value for cell in cells]
            if any(value is not None for value in values):
                yield number, values
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, IndexError, OSError) as error:
        raise NotAWorkbookError(type(error).__name__) from None


def _row(number: int, cells: Sequence[Any], communes: Mapping[str, Commune]) -> Row | Mistake:
    code, _, *parts = [_text(cell) for cell in (*cells, *[None] * COLUMNS)[:COLUMNS]]
    code = code.zfill(CODE_DIGITS) if code.isdecimal() else code
    if code not in communes:
        return Mistake(number, "offices.unknown")
    if any(part.startswith("=") for part in parts):
        return Mistake(number, "offices.formula")
    office = Office(*parts)
    wrong = problem(office)
    return Mistake(number, wrong) if wrong else Row(number, code, office)


def _text(cell: object) -> str:
    """Return a cell as text: spreadsheets make numbers of codes and telephones."""
    if cell is None:
        return ""
    whole = isinstance(cell, float) and cell.is_integer()
    return " ".join(str(int(cell) if whole and isinstance(cell, float) else cell).split())
