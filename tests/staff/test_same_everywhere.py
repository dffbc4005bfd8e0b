"""One figure, one number: the screen, its CSV, its workbook and the report show the same, of every figure."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from bot.cli import main
from bot.figures import divisions
from bot.staff.labels import Division, Labels
from bot.staff.show import plain, share, whole
from intents.knowledge import Knowledge
from storage.figures import FIGURES, Figure, Unit
from storage.staff import Role
from tests.bot.staff import SECRET
from tests.staff.world import Browser, Page, World
from tests.storage.scene import Scene

FIRST, LAST = "2026-03-01", "2026-03-31"
MARCH = f"from={FIRST}&to={LAST}"
_ROW = re.compile(r'<tr><th scope="row">(.*?)</th>\s*<td class="number">(.*?)</td>', re.DOTALL)
_TAG = re.compile(r"<[^>]+>")

Rows = list[tuple[str, str]]
"""Name and number of each part, as people read them."""


@pytest.fixture
async def editor(busy: World) -> Browser:
    return await busy.somebody(Role.ADMIN, login="dem.so")


def read(text: str) -> str:
    return " ".join(unescape(_TAG.sub(" ", text)).split())


def on_screen(page: Page) -> Rows:
    return [(read(name), read(number)) for name, number in _ROW.findall(page.html)]


def in_csv(page: Page, figure: Figure) -> Rows:
    lines = list(csv.reader(io.StringIO(page.body.decode("utf-8-sig"))))
    rows = lines[1 : lines.index([])]
    return [(row[-2].removeprefix("'"), as_read(number_in(row[-1]), figure)) for row in rows]


def in_workbook(page: Page, figure: Figure) -> Rows:
    sheet = load_workbook(io.BytesIO(page.body)).worksheets[0]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    return [(str(row[-2]), as_read(row[-1], figure)) for row in rows]


def in_report(cells: dict[str, object], figure: Figure, named: Labels, by: Division) -> Rows:
    return [(named.name(by, key), as_read(value, figure, named)) for key, value in cells.items()]


def number_in(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def as_read(value: object, figure: Figure, named: Labels | None = None) -> str:
    """Write a number as the screen does."""
    if isinstance(value, dict):
        assert named
        return named.texts[f"gap.{value['gap']}"]
    if isinstance(value, str):
        return value
    assert isinstance(value, int | float)
    if figure.unit is Unit.SHARE:
        return share(value)
    if figure.unit is Unit.MILLISECONDS:
        return f"dưới {plain(value / 1000)} giây"
    return whole(value)


@pytest.fixture
async def report(busy: World, tmp_path: Path) -> dict[str, dict[str, object]]:
    """Make the report from the command line, over the same database."""
    file = tmp_path / "report.json"
    await Scene(busy.storage).roll()
    database = str(busy.storage._url)  # noqa: SLF001 - the address that the fixture made
    settings = {"DATABASE_URL": database, "SECRET_KEY": SECRET}
    asked = ["report", "--from", FIRST, "--to", LAST, "--out", str(file)]
    made = await asyncio.to_thread(CliRunner().invoke, main, asked, env=settings)
    assert made.exit_code == 0, made.output
    figures: dict[str, dict[str, object]] = json.loads(file.read_bytes())["figures"]
    return figures


async def test_every_figure_is_the_same_on_screen_in_files_and_in_the_report(
    report: dict[str, dict[str, object]], editor: Browser, knowledge: Knowledge
) -> None:
    named = Labels(knowledge, knowledge.content.desk)
    assert report.keys() == FIGURES.keys()
    compared, hidden = 0, set()
    for slug, figure in FIGURES.items():
        told = as_read(report[slug]["total"], figure, named)
        page = await editor.get(f"/staff/figures/{slug}?{MARCH}")
        total = re.search(r'<p class="total"><strong>(.*?)</strong>', page.html, re.DOTALL)
        assert total
        assert read(total[1]) == told, slug
        for by in divisions(figure):
            address = f"?{MARCH}&by={by}"
            shown = on_screen(await editor.get(f"/staff/figures/{slug}{address}"))
            rows = in_csv(await editor.get(f"/staff/figures/{slug}.csv{address}"), figure)
            book = in_workbook(await editor.get(f"/staff/figures/{slug}.xlsx{address}"), figure)
            divided = report[slug]["divided"]
            assert isinstance(divided, dict)
            written = in_report(divided[by], figure, named, by)
            assert shown == rows[:-1] == book[:-1] == written, (slug, by)
            assert rows[-1] == book[-1] == (named.texts["whole"], told), (slug, by)
            compared += 1
            hidden |= {number for _, number in shown}
    assert compared > 300
    assert named.texts["gap.hidden"] in hidden, "the month has small groups, hidden everywhere"


async def test_the_overview_and_its_files_show_the_same(editor: Browser) -> None:
    address = f"?{MARCH}"
    page = await editor.get(f"/staff/{address}")
    shown = [
        (name, now, before)
        for name, now, before in re.findall(
            r'<tr><th scope="row"><a href="/staff/figures[^>]*>(.*?)</a>.*?<td class="number">(.*?)</td>'
            r'<td class="number quiet">(.*?)</td>',
            page.html,
            re.DOTALL,
        )
    ]
    by_name = {}
    text = (await editor.get(f"/staff/overview.csv{address}")).body.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text)))
    for _, name, _, now, before in lines[1 : lines.index([])]:
        by_name[name] = (now, before)
    assert len(shown) == len(by_name) == len(FIGURES)
    figures = dict(zip(by_name, FIGURES.values(), strict=True))
    for name, now, before in shown:
        told = tuple(as_read(number_in(one), figures[read(name)]) for one in by_name[read(name)])
        assert (read(now), read(before)) == told, name
    book = load_workbook(io.BytesIO((await editor.get(f"/staff/overview.xlsx{address}")).body))
    rows = [row for sheet in book.worksheets[:-1] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert {str(row[0]): (str(row[2]), str(row[3])) for row in rows} == {
        name: (str(number_or(now)), str(number_or(before))) for name, (now, before) in by_name.items()
    }


def number_or(text: str) -> object:
    """Return what a cell of a workbook holds for a field of the CSV."""
    value = number_in(text)
    return int(value) if isinstance(value, float) and value.is_integer() else value
