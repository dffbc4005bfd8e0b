"""Tables as files: what the screen shows, as CSV and as a workbook, with real numbers and dates."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from storage.days import ZONE

if TYPE_CHECKING:  # a workbook costs memory that only who makes one pays
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet


class Share(float):
    """A number from 0 to 1 that is written as a percentage."""


Cell = str | int | float | dt.date | dt.datetime | None
"""None stays empty; a time is written as on a clock in Việt Nam, as on the screen."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""Content type of a workbook."""
_FORMULA = re.compile(r"[\t\r\n]|[\s\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]")
"""A text that begins so would be calculated by a spreadsheet instead of shown (OWASP, CSV injection)."""
_WIDEST = 60
SHEET_CHARS = 31


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A sheet: columns, rows, and what must be known to read them."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()


def as_csv(table: Table) -> bytes:
    """Write a table as CSV that spreadsheets open with its letters intact; notes come last."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_plain(column) for column in table.columns)
    writer.writerows([_plain(cell) for cell in row] for row in table.rows)
    if table.notes:
        writer.writerow([])
        writer.writerows([_plain(note)] for note in table.notes)
    return "\ufeff".encode() + out.getvalue().encode()


def csv_lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Write some rows, for a file that is sent piece by piece."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([_plain(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def as_xlsx(tables: Sequence[Table]) -> bytes:
    """Write a workbook with a sheet for each table and one for all notes."""
    from xlsxwriter import Workbook

    out = io.BytesIO()
    # Citizens' words must stay words: nothing is ever a formula or a link.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(out, {**options, "remove_timezone": True}) as book:
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        formats = {
            "share": book.add_format({"num_format": "0.0%"}),
            "day": book.add_format({"num_format": "dd/mm/yyyy"}),
            "time": book.add_format({"num_format": "hh:mm dd/mm/yyyy"}),
            "number": book.add_format({"num_format": "#,##0.##"}),
        }
        names: set[str] = set()
        for table in tables:
            sheet = book.add_worksheet(_sheet_name(table.title, names))
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, table.columns, head)
            for number, row in enumerate(table.rows, 1):
                for place, cell in enumerate(row):
                    _write(sheet, number, place, cell, formats)
            for place in range(len(table.columns)):
                sheet.set_column(place, place, _width(table, place))
    return out.getvalue()


def with_notes(tables: Sequence[Table], title: str, column: str) -> tuple[Table, ...]:
    """Return tables with one more that holds all their notes, once each."""
    notes = dict.fromkeys(note for table in tables for note in table.notes)
    if not notes:
        return tuple(tables)
    return (*tables, Table(title=title, columns=(column,), rows=tuple((note,) for note in notes)))


def joined(tables: Sequence[Table], column: str) -> Table:
    """Return tables of the same columns as one, with the title of each in front of its rows."""
    return Table(
        title=tables[0].title,
        columns=(column, *tables[0].columns),
        rows=tuple((table.title, *row) for table in tables for row in table.rows),
        notes=tuple(dict.fromkeys(note for table in tables for note in table.notes)),
    )


def _write(sheet: Worksheet, row: int, place: int, cell: Cell, formats: Mapping[str, Format]) -> None:
    match cell:
        case str():
            sheet.write_string(row, place, cell)
        case int() | float():
            sheet.write_number(row, place, cell, formats["share" if isinstance(cell, Share) else "number"])
        case dt.datetime():
            sheet.write_datetime(row, place, cell.astimezone(ZONE), formats["time"])
        case dt.date():
            sheet.write_datetime(row, place, cell, formats["day"])


def _plain(cell: Cell) -> str | int | float:
    match cell:
        case None:
            return ""
        case dt.datetime():
            return f"{cell.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"
        case dt.date():
            return cell.isoformat()
        case str() if _FORMULA.match(cell):
            return f"'{cell}"
    return cell


def _sheet_name(title: str, taken: set[str]) -> str:
    """Return a name that workbooks allow."""
    name = "".join(" " if char in "[]:*?/\\'" else char for char in title)[:SHEET_CHARS].strip() or "1"
    number = 1
    while name.casefold() in taken:
        number += 1
        name = f"{name[: SHEET_CHARS - 3].strip()} {number}"
    taken.add(name.casefold())
    return name


def _width(table: Table, place: int) -> int:
    longest = max((len(str(row[place])) for row in table.rows if row[place] is not None), default=0)
    return min(_WIDEST, max(longest, len(table.columns[place]), 8) + 2)
