"""Centres: each commune keeps its own, the province all of them by a workbook; citizens read it at once."""

from __future__ import annotations

import io
import re
import zipfile
from html import unescape

import pytest
from openpyxl import Workbook, load_workbook

from storage.staff import Role
from tests.staff.life import converse
from tests.staff.world import COMMUNE, OTHER_COMMUNE, Browser, Page, World

HERE = "/staff/offices"
FILLED = {"address": "Số 1, đường Thử", "hours": "thứ 2 đến thứ 6", "telephone": "0207 000 000"}


async def seen(browser: Browser, code: str = COMMUNE) -> str:
    """Return what the form of a centre brings back."""
    found = re.search(r'name="seen" value="(\d+)"', (await browser.get(f"{HERE}/{code}")).html)
    assert found
    return found[1]


async def template(browser: Browser) -> Workbook:
    page = await browser.get(f"{HERE}/trung-tam.xlsx")
    assert page.status == 200
    return load_workbook(io.BytesIO(page.body))


def packed(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


async def filled(browser: Browser, *cells: tuple[int, int, object]) -> Page:
    """Fill in cells of the workbook and send it."""
    book = await template(browser)
    for row, column, value in cells:
        book.worksheets[0].cell(row, column).value = value  # type: ignore[assignment]
    return await browser.upload(f"{HERE}/file", packed(book))


def carried(page: Page) -> str:
    found = re.search(r'name="changes" value="([^"]*)"', page.html)
    assert found, page.text
    return unescape(found[1])


async def test_a_commune_keeps_its_own_centre_and_citizens_read_it_at_once(world: World) -> None:
    editor = await world.somebody(Role.EDITOR, COMMUNE)
    saved = await editor.post(f"{HERE}/{COMMUNE}", seen=await seen(editor), **FILLED)
    assert saved.status == 303
    assert FILLED["address"] in (await editor.get(HERE)).text
    async with world.storage.reading() as unit:
        assert await unit.corrections.newest_id() > 0
    assert "correction:office" in await world.done()


async def test_a_commune_sees_no_other_and_changes_no_other(world: World) -> None:
    editor = await world.somebody(Role.EDITOR, COMMUNE)
    assert (await editor.get(f"{HERE}/{OTHER_COMMUNE}")).status == 404
    assert (await editor.post(f"{HERE}/{OTHER_COMMUNE}", seen="0", **FILLED)).status == 404
    assert (await editor.get(f"{HERE}/trung-tam.xlsx")).status == 403
    assert f"{HERE}/{OTHER_COMMUNE}" not in (await editor.get(HERE)).html


async def test_of_two_at_once_the_second_is_told_and_keeps_what_was_typed(world: World) -> None:
    commune, province = await world.somebody(Role.EDITOR, COMMUNE), await world.somebody(Role.EDITOR)
    before = await seen(province)
    await commune.post(f"{HERE}/{COMMUNE}", seen=before, **FILLED)
    late = await province.post(f"{HERE}/{COMMUNE}", seen=before, **FILLED | {"address": "Nơi khác"})
    assert late.status == 400
    assert "Người khác vừa sửa" in late.text
    assert "Nơi khác" in late.html


@pytest.mark.parametrize(
    ("field", "value"),
    [("address", "x" * 201), ("telephone", "gọi tôi"), ("telephone", "1" * 41), ("hours", "h" * 300)],
)
async def test_what_does_not_fit_is_refused(world: World, field: str, value: str) -> None:
    editor = await world.somebody(Role.EDITOR)
    refused = await editor.post(f"{HERE}/{COMMUNE}", seen="0", **FILLED | {field: value})
    assert refused.status == 400
    assert await world.done("correction") == []


async def test_an_empty_centre_is_not_known_again(world: World) -> None:
    editor = await world.somebody(Role.EDITOR, COMMUNE)
    await editor.post(f"{HERE}/{COMMUNE}", seen="0", **FILLED)
    await editor.post(f"{HERE}/{COMMUNE}", seen=await seen(editor), address="", hours="", telephone="")
    assert FILLED["address"] not in (await editor.get(HERE)).text


async def test_a_workbook_is_shown_before_anything_is_stored(world: World) -> None:
    editor = await world.somebody(Role.EDITOR)
    shown = await filled(editor, (2, 3, "Số 2"), (3, 5, 207000111))
    assert shown.status == 200
    assert "2 nơi sẽ đổi" in shown.text
    assert await world.done("correction") == []
    done = await editor.post(f"{HERE}/file", changes=carried(shown))
    assert done.status == 303
    book = await template(editor)
    assert book.worksheets[0].cell(2, 3).value == "Số 2"
    assert book.worksheets[0].cell(3, 5).value == "207000111"


async def test_the_workbook_holds_all_communes_and_takes_all_at_once(world: World) -> None:
    editor = await world.somebody(Role.EDITOR)
    book = await template(editor)
    sheet = book.worksheets[0]
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, 3, f"Nhà số {row}")
        sheet.cell(row, 4, "sáng, chiều")
    number = sheet.max_row - 1
    assert number >= 124
    shown = await editor.upload(f"{HERE}/file", packed(book))
    assert f"{number} nơi sẽ đổi" in shown.text
    assert (await editor.post(f"{HERE}/file", changes=carried(shown))).status == 303
    assert f"Đã có {number} trên {number} nơi." in (await editor.get(HERE)).text


async def test_lines_with_mistakes_are_named_and_the_others_can_be_saved(world: World) -> None:
    editor = await world.somebody(Role.EDITOR)
    shown = await filled(
        editor, (2, 3, "Số 2"), (3, 1, "99999"), (3, 3, "x"), (4, 3, "=1+1"), (5, 5, "gọi tôi")
    )
    for told in ("Dòng 3: mã xã không có", "Dòng 4: ô có công thức", "Dòng 5: Điện thoại chỉ gồm số"):
        assert told in shown.text
    assert "1 nơi sẽ đổi" in shown.text


async def test_codes_that_a_spreadsheet_made_numbers_of_are_known(world: World) -> None:
    editor = await world.somebody(Role.EDITOR)
    book = await template(editor)
    sheet = book.worksheets[0]
    sheet.cell(2, 1, int(str(sheet.cell(2, 1).value)))
    sheet.cell(2, 3, "Số 2")
    assert "1 nơi sẽ đổi" in (await editor.upload(f"{HERE}/file", packed(book))).text


async def test_a_commune_that_changed_its_centre_meanwhile_is_not_overwritten(world: World) -> None:
    province, commune = await world.somebody(Role.EDITOR), await world.somebody(Role.EDITOR, COMMUNE)
    book = await template(province)
    sheet = book.worksheets[0]
    row = next(r for r in range(2, sheet.max_row + 1) if sheet.cell(r, 1).value == COMMUNE)
    sheet.cell(row, 3, "Theo tỉnh")
    shown = await province.upload(f"{HERE}/file", packed(book))
    await commune.post(f"{HERE}/{COMMUNE}", seen="0", **FILLED)
    late = await province.post(f"{HERE}/file", changes=carried(shown))
    assert late.status == 400
    assert "Có người vừa sửa" in late.text
    assert FILLED["address"] in (await commune.get(HERE)).text


def a_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("xl/workbook.xml", b"0" * 30_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    "body",
    [b"", b"no workbook", b"PK\x03\x04", packed(Workbook()), a_bomb()],
    ids=("empty", "text", "cut off", "no lines", "a bomb"),
)
async def test_what_is_no_workbook_of_ours_is_refused(world: World, body: bytes) -> None:
    editor = await world.somebody(Role.EDITOR)
    refused = await editor.upload(f"{HERE}/file", body)
    assert refused.status == 400
    assert "Chưa đọc được tệp" in refused.text


@pytest.mark.parametrize(
    "changes",
    ["", "x", "[]", '{"00721": 1}', '{"99999": [0, {"address": "x"}]}', '{"00721": [0, {"address": 1}]}'],
)
async def test_forged_changes_are_refused(world: World, changes: str) -> None:
    editor = await world.somebody(Role.EDITOR)
    assert (await editor.post(f"{HERE}/file", changes=changes)).status == 400
    async with world.storage.reading() as unit:
        assert await unit.corrections.newest_id() == 0


async def test_citizens_are_told_the_centre_of_their_commune(world: World) -> None:
    editor = await world.somebody(Role.EDITOR)
    name = re.search(rf'{HERE}/{COMMUNE}">([^<]+)<', (await editor.get(HERE)).html)
    assert name
    await editor.post(f"{HERE}/{COMMUNE}", seen="0", **FILLED)
    said = await converse(world, "đăng ký khai sinh nộp ở đâu", name[1])
    assert FILLED["address"] in said
