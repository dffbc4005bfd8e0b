"""Whatever an address or a form asks for, the desk answers in words and never breaks."""

from __future__ import annotations

import csv
import html
import io
import re
from urllib.parse import quote

import pytest
from openpyxl import load_workbook

from bot.tables import XLSX
from storage.migrate import upgrade
from storage.staff import Role
from tests.staff.addresses import NO_PAGES, example, pages, registered
from tests.staff.conftest import Found
from tests.staff.life import ASKED, ATTACKS, BIRTH, MARK
from tests.staff.world import COMMUNE, Browser, Page, World

MANY, HUGE = "a" * 3000, "9" * 40
DATES = (
    "from=2026-03-31&to=2026-03-01",
    "from=2026-02-30&to=2026-13-01",
    "from=hôm qua&to=mai",
    "from=2026-03-01",
    "to=2026-03-01",
    "from=0001-01-01&to=0001-01-02",
    "from=0001-01-01&to=9999-12-31",
    "from=9999-12-31&to=9999-12-31",
    "from=1999-01-01&to=1999-01-31",
    "from=2026-W10-1&to=20260331",
    "from=&to=",
    "from=%00&to=%00",
    "from=2026-03-01T00:00&to=2026-03-02",
    f"from={HUGE}&to=-{HUGE}",
)
NAMES: tuple[str, ...] = (
    "words",
    "search",
    "service",
    "channel",
    "commune",
    "topic",
    "aspect",
    "outcome",
    "state",
    "by",
)
NAMES += ("preset", "group", "page", "before", "login", "action", "done", "slug")
VALUES = (
    MANY,
    HUGE,
    f"-{HUGE}",
    "0",
    "-1",
    "1e400_1",
    f"1_{HUGE}",
    "nan_1",
    "٣",
    "²",
    "%00",
    "%ff",
    "%ed%a0%80",
    "\\",
    "100%25",
    "' OR 1=1 --",
    "%E2%80%AE",
    "../../etc/passwd",
    "{}",
    "{0.__class__}",
)


async def broken(world: World, browser: Browser, *queries: str) -> list[tuple[str, int]]:
    """Return which addresses answer with a mistake of ours."""
    found = []
    for method, form in registered(world.app):
        if method != "GET" or form in NO_PAGES:
            continue
        address = world.examples.get(form) or await example(world.app, method, form)
        for query in queries:
            page = await browser.get(f"{address}?{query}")
            if page.status >= 500:
                found.append((f"{address}?{query[:60]}", page.status))
    return found


async def test_no_address_breaks_the_desk(busy: World) -> None:
    browser = await busy.somebody()
    long = [f"{name}={MANY}" for name in NAMES]
    together = ["&".join(f"{name}={value}" for name in NAMES) for value in VALUES if len(value) < 100]
    repeated = "&".join(f"{name}=a&{name}=b" for name in (*NAMES, "from", "to"))
    nameless = ("=", "&&&", "a[]=1", "%00=%00", "x=" * 500)
    assert await broken(busy, browser, *DATES, *long, *together, repeated, *nameless) == []


@pytest.mark.postgresql
async def test_no_address_breaks_the_desk_over_postgresql(found: Found, postgresql_url: str) -> None:
    await upgrade(postgresql_url)
    world = await found(url=postgresql_url)
    browser = await world.somebody()
    together = ["&".join(f"{name}={value}" for name in NAMES) for value in VALUES if len(value) < 100]
    assert await broken(world, browser, *DATES, *together) == []


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("from=2026-03-20&to=2026-03-01", "hai ngày đã được đổi chỗ"),
        ("from=2026-02-30&to=2026-03-01", "Ngày nhập vào không đọc được"),
        ("from=0001-01-01&to=2026-03-01", "Ngày nhập vào không đọc được"),
        ("from=2001-01-01&to=2026-03-01", "chỉ hiện ba năm cuối"),
    ],
)
async def test_dates_that_cannot_be_meant_are_told_about(busy: World, query: str, told: str) -> None:
    browser = await busy.somebody()
    for path in ("/staff/", "/staff/figures/people", "/staff/questions", "/staff/unknown"):
        page = await browser.get(f"{path}?{query}")
        assert page.status == 200
        assert told in page.text, path


async def test_a_period_without_data_is_shown_on_every_page(busy: World) -> None:
    browser = await busy.somebody()
    for address in await pages(busy, browser):
        page = await browser.get(f"{address}?from=2024-01-01&to=2024-01-31")
        assert page.status == 200, address
        assert page.body, address


async def test_a_desk_without_anything_shows_every_page(world: World) -> None:
    browser = await world.somebody()
    for method, form in registered(world.app):
        if method == "GET" and form not in NO_PAGES:
            assert (await browser.get(await example(world.app, method, form))).status in {200, 404}, form


# Searching


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("giấy khai sinh", 1),
        ("GIAY KHAI sinh", 1),
        ("giấy_khai_sinh", 0),
        ("%", 1),
        ("_", 0),
        ("\\", 0),
        ("%%", 0),
        ("7 * 7", 1),
        ("{% RAW", 1),
    ],
)
async def test_wildcards_are_searched_for_as_they_stand(busy: World, words: str, number: int) -> None:
    browser = await busy.somebody()
    page = await browser.get(f"/staff/questions?words={quote(words)}")
    assert f"Tìm thấy {number} câu hỏi" in page.text


@pytest.mark.parametrize(
    ("name", "value"), [("login", "%"), ("login", "_"), ("action", "%"), ("action", "correction_")]
)
async def test_wildcards_find_nothing_in_the_activity_log(busy: World, name: str, value: str) -> None:
    browser = await busy.somebody()
    page = await browser.get(f"/staff/activity?{name}={quote(value)}")
    assert "Chưa có việc nào như vậy" in page.text


# Citizens' words


async def test_words_of_citizens_stay_words_on_every_page(busy: World) -> None:
    browser = await busy.somebody()
    seen = set()
    for address, page in (await pages(busy, browser)).items():
        if page.kind != "text/html":
            continue
        seen |= {attack for attack in ATTACKS if attack in html.unescape(page.html)}
        for start in ("<script>", "<img src=x", "<svg", "<u ", "</textarea></select>", "' autofocus"):
            assert start not in page.html, (address, start)
        outside = re.sub(r'"[^"]*"', '""', page.html)
        assert not re.search(r"<[^>]*\bon\w+=", outside), address
    assert seen == set(ATTACKS)


@pytest.mark.parametrize("attack", ATTACKS[:-1])
async def test_what_an_address_says_is_echoed_as_words(busy: World, attack: str) -> None:
    browser = await busy.somebody()
    for path in (
        "/staff/questions",
        "/staff/services",
        "/staff/activity",
        "/staff/unknown",
        "/staff/",
        "/staff/figures/people",
    ):
        for name in NAMES:
            page = await browser.get(f"{path}?{name}={quote(attack)}")
            assert attack not in page.html, (path, name)
            assert f"<script>alert('{MARK}" not in page.html


async def test_what_staff_write_is_shown_as_words(busy: World) -> None:
    browser = await busy.somebody()
    await browser.post("/staff/accounts", login="new.one", name=ATTACKS[1], role="viewer", unit=ATTACKS[0])
    for path in ("/staff/accounts", "/staff/activity"):
        page = await browser.get(path)
        assert "<img src=x" not in page.html
        assert "<script>" not in page.html


async def test_what_citizens_write_is_masked(busy: World) -> None:
    browser = await busy.somebody()
    assert "Số riêng đã được che" in (await browser.get("/staff/questions")).text
    assert ASKED[2] in html.unescape((await browser.get("/staff/questions")).html)


# Forms


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"kind": "level"},
        {"kind": "level", "seen": "x"},
        {"kind": "level", "seen": HUGE, "level": "full", "reason": "đủ dài"},
        {"kind": "level", "seen": "0", "level": "best", "reason": "đủ dài"},
        {"kind": "methods", "seen": "0", "reason": "đủ dài"},
        {"kind": "fee_note", "seen": "0", "fee_note": "", "reason": "đủ dài"},
        {"kind": "fee_note", "seen": "0", "fee_note": MANY, "reason": "đủ dài"},
        {"kind": "level", "seen": "0", "level": "full", "reason": "ngắn"},
        {"kind": "level", "seen": "0", "level": "full", "reason": MANY},
        {"kind": "office", "seen": "0", "reason": "đủ dài"},
        {"kind": "phrase", "seen": "0", "reason": "đủ dài", "item": MANY},
    ],
)
async def test_a_garbled_correction_changes_nothing_and_is_told(busy: World, form: dict[str, str]) -> None:
    browser = await busy.somebody(Role.EDITOR)
    page = await browser.post(f"/staff/services/{BIRTH}", **form)
    assert page.status == 400
    assert 'role="alert"' in page.html
    async with busy.storage.reading() as unit:
        assert len(await unit.corrections.history()) == 2


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"login": "x"}, "ít nhất 3 ký tự"),
        ({"login": "có dấu"}, "ít nhất 3 ký tự"),
        ({"login": "a\nb-c"}, "ít nhất 3 ký tự"),
        ({"login": "editor-tinh"}, "đã có người dùng"),
        ({"login": "EDITOR-TINH"}, "đã có người dùng"),
        ({"name": ""}, "Cần có họ tên"),
        ({"name": MANY}, "Cần có họ tên"),
        ({"role": "root"}, "Biểu mẫu có chỗ chưa đúng"),
        ({"commune": "00000"}, "Biểu mẫu có chỗ chưa đúng"),
    ],
)
async def test_a_garbled_account_is_not_made(world: World, form: dict[str, str], told: str) -> None:
    browser = await world.somebody()
    await world.account("editor-tinh", Role.EDITOR)
    right = {"login": "new.one", "name": "Mới", "role": "viewer", "commune": COMMUNE}
    page = await browser.post("/staff/accounts", **right | form)
    assert page.status == 400
    assert told in page.text
    async with world.storage.reading() as unit:
        assert len(await unit.staff.all()) == 2


async def test_a_new_account_is_made_with_a_password_that_is_shown_once(world: World) -> None:
    browser = await world.somebody()
    page = await browser.post("/staff/accounts", login="New.One", name="Mới", role="viewer")
    found = re.search(r'class="once">([^<]+)<', page.html)
    assert found
    assert (await world.browser().sign_in("new.one", found[1])).status == 303
    assert found[1] not in (await browser.get("/staff/accounts")).html
    assert found[1] not in (await browser.get("/staff/activity")).html


@pytest.mark.parametrize("email", ["a", "a@b c", "a@b,c@d", "<script>@x", "a@b\nbcc: c@d"])
async def test_a_garbled_mail_address_is_not_kept(world: World, email: str) -> None:
    browser = await world.somebody()
    page = await browser.post("/staff/account/contact", email=email, on_duty="yes")
    assert page.status == 400
    assert "Địa chỉ thư chưa đúng dạng" in page.text


# Two at once


async def test_the_second_of_two_editors_is_told_and_nothing_is_lost(busy: World) -> None:
    first, second = (
        await busy.somebody(Role.EDITOR, login="first"),
        await busy.somebody(Role.EDITOR, login="second"),
    )
    path = f"/staff/services/{BIRTH}"
    form = {"kind": "level", "seen": "0", "do": "set"}
    assert (await first.post(path, level="partial", reason="theo quyết định một", **form)).status == 303
    page = await second.post(path, level="full", reason="theo quyết định hai", **form)
    assert page.status == 400
    assert "Người khác vừa sửa điều này" in page.text
    assert "theo quyết định một" in page.text
    seen = re.search(r'name="kind" value="level"><input type="hidden" name="seen" value="(\d+)"', page.html)
    assert seen
    again = await second.post(path, **form | {"seen": seen[1]}, level="full", reason="theo quyết định hai")
    assert again.status == 303
    history = (await second.get(path)).text
    assert "theo quyết định một" in history
    assert "theo quyết định hai" in history


async def test_what_the_second_editor_wrote_is_still_in_the_form(busy: World) -> None:
    first, second = (
        await busy.somebody(Role.EDITOR, login="first"),
        await busy.somebody(Role.EDITOR, login="second"),
    )
    path = f"/staff/services/{BIRTH}"
    async with busy.storage.reading() as unit:
        newest = next(one for one in await unit.corrections.current() if one.kind == "fee_note")
    form = {"kind": "fee_note", "seen": str(newest.id), "do": "set"}
    assert (await first.post(path, fee_note="Miễn một", reason="theo quyết định một", **form)).status == 303
    page = await second.post(path, fee_note="Miễn hai cho hộ nghèo", reason="theo quyết định hai", **form)
    assert page.status == 400
    assert "Miễn hai cho hộ nghèo" in page.text
    assert "theo quyết định hai" in page.text


# Files


async def test_no_file_of_the_desk_holds_a_formula(busy: World) -> None:
    browser = await busy.somebody()
    read = set()
    for address in await pages(busy, browser):
        for kind in ("csv", "xlsx"):
            page = await browser.get(f"{re.sub(r'[.](csv|xlsx)$', f'.{kind}', address)}?by=value")
            if page.kind not in {"text/csv", XLSX}:
                continue
            assert page.headers["Content-Disposition"].startswith("attachment; "), address
            assert not formulas(page), address
            read.add(page.kind)
    assert read == {"text/csv", XLSX}


def formulas(page: Page) -> list[object]:
    """Return the cells of a file that a spreadsheet would calculate."""
    if page.kind == "text/csv":
        rows = csv.reader(io.StringIO(page.body.decode("utf-8-sig"), newline=""))
        return [cell for row in rows for cell in row if re.match(r"\s*[=+@\t\r]", cell)]
    cells = (cell for sheet in load_workbook(io.BytesIO(page.body)) for row in sheet for cell in row)
    return [cell.value for cell in cells if cell.data_type == "f"]
