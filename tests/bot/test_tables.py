"""Tables as files: words stay words, numbers stay numbers."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from openpyxl import Workbook, load_workbook

from bot.tables import SHEET_CHARS, Cell, Share, Table, as_csv, as_xlsx, csv_lines, with_notes

FORMULAS = (
    "=1+1",
    '=HYPERLINK("http://evil.example","x")',
    "+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\u00a0=1",
    "\u200b=1",
    "\ufeff=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
)
"""What some spreadsheet takes for a formula, also after blanks and in full width."""
HARMLESS = ("khai sinh", "1.001193", "a=1", "Xã Tân An", "", "'=1")
DAY, TIME = dt.date(2026, 3, 2), dt.datetime(2026, 3, 1, 18, 5, tzinfo=dt.UTC)


def table(*rows: tuple[Cell, ...], title: str = "Câu hỏi", **about: object) -> Table:
    columns = tuple(f"cột {n}" for n in range(len(rows[0]) if rows else 1))
    return Table(title=title, columns=columns, rows=rows, **about)  # type: ignore[arg-type]


def read_csv(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def read_xlsx(*tables: Table) -> Workbook:
    return load_workbook(io.BytesIO(as_xlsx(tables)))


@pytest.mark.parametrize("hostile", FORMULAS)
def test_no_text_is_a_formula_in_csv(hostile: str) -> None:
    written = as_csv(table((hostile,), notes=(hostile,))) + csv_lines([(hostile,)])
    for row in read_csv(written)[1:]:
        assert row in ([], [f"'{hostile}"])


@pytest.mark.parametrize("hostile", FORMULAS)
def test_no_text_is_a_formula_in_a_workbook(hostile: str) -> None:
    sheet = read_xlsx(table((hostile,), title=hostile)).worksheets[0]
    assert sheet["A2"].data_type in {"s", "inlineStr"}
    assert not sheet["A2"].hyperlink
    assert str(sheet["A2"].value).endswith(hostile.strip())


@pytest.mark.parametrize("title", FORMULAS[:5])
def test_no_heading_is_a_formula_either(title: str) -> None:
    made = Table(title="a", columns=(title,), rows=())
    assert read_csv(as_csv(made))[0] == [f"'{title}"]
    assert read_xlsx(made).worksheets[0]["A1"].data_type == "s"


@pytest.mark.parametrize("plain", HARMLESS)
def test_other_text_stays_as_it_is(plain: str) -> None:
    assert read_csv(as_csv(table((plain, "b"))))[1] == [plain, "b"]
    assert (read_xlsx(table((plain, "b"))).worksheets[0]["A2"].value or "") == plain


@pytest.mark.parametrize("number", [0, -5, 1200, 1234567.25, -0.5])
def test_numbers_stay_numbers(number: float) -> None:
    assert read_csv(as_csv(table((number,))))[1] == [str(number)]
    cell = read_xlsx(table((number,))).worksheets[0]["A2"]
    assert (cell.data_type, cell.value) == ("n", number)


def test_days_and_times_are_dates_and_shares_percentages() -> None:
    made = table((DAY, TIME, Share(0.125), None))
    assert read_csv(as_csv(made))[1] == ["2026-03-02", "2026-03-02 01:05:00", "0.125", ""]
    day, time, share, nothing = read_xlsx(made).worksheets[0][2]
    assert (day.value, day.number_format) == (dt.datetime.fromisoformat("2026-03-02"), "dd/mm/yyyy")
    assert (time.value, time.number_format) == (
        dt.datetime.fromisoformat("2026-03-02T01:05"),
        "hh:mm dd/mm/yyyy",
    )
    assert (share.value, share.number_format) == (0.125, "0.0%")
    assert nothing.value is None


@pytest.mark.parametrize("text", ['"', "a,b", "dòng một\ndòng hai", "a;b", "\u2028", "ế"])
def test_a_cell_is_one_cell_whatever_is_in_it(text: str) -> None:
    assert read_csv(as_csv(table((text, "b"))))[1] == [text, "b"]


def test_a_heading_stays_in_sight_and_columns_are_wide_enough() -> None:
    sheet = read_xlsx(table(("một tên dài " * 3, 5), ("a" * 500, 6))).worksheets[0]
    assert sheet.freeze_panes == "A2"
    assert 36 <= sheet.column_dimensions["A"].width <= 63
    assert sheet.column_dimensions["B"].width >= 8


@pytest.mark.parametrize(
    "titles", [("Câu hỏi", "câu hỏi"), ("a" * 60, "a" * 60, "a" * 60), ("[a]:*?/\\", "''"), ("", " ")]
)
def test_every_sheet_has_a_name_that_workbooks_allow(titles: tuple[str, ...]) -> None:
    names = read_xlsx(*(table((1,), title=title) for title in titles)).sheetnames
    assert len({name.casefold() for name in names}) == len(titles)
    assert all(0 < len(name) <= SHEET_CHARS and not set(name) & set("[]:*?/\\'") for name in names)


def test_notes_are_told_once_each() -> None:
    tables = with_notes([table((1,), notes=("kỳ", "một")), table((2,), notes=("kỳ",))], "Giải thích", "Lời")
    assert [one.title for one in tables] == ["Câu hỏi", "Câu hỏi", "Giải thích"]
    assert tables[-1].rows == (("kỳ",), ("một",))
    assert len(with_notes([table((1,))], "Giải thích", "Lời")) == 1


def test_a_text_longer_than_a_cell_is_cut_and_nothing_is_lost_beside_it() -> None:
    sheet = read_xlsx(table(("dài" * 20_000, 7))).worksheets[0]
    assert str(sheet["A2"].value).startswith("dài")
    assert sheet["B2"].value == 7


def test_characters_that_a_workbook_refuses_do_not_break_it() -> None:
    assert (
        read_xlsx(table(("a\x00b\x0bc\ud800".encode("utf-8", "replace").decode(), 7)))
        .worksheets[0]["B2"]
        .value
        == 7
    )
