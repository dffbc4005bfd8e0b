"""Files that take a while: made in the background, piece by piece, fetched by who asked for them."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import re
from dataclasses import replace

import pytest
from openpyxl import load_workbook

from bot.exports import ATTEMPTS, Exporter
from bot.leases import Lease
from bot.report.open_data import COLUMNS
from intents.knowledge import Knowledge
from storage.counting import By
from storage.days import begins
from storage.exports import Begun, Export
from storage.figures import FIGURES, PEOPLE
from storage.records import EventName
from storage.staff import Role
from tests.bot.parts import DAY
from tests.staff.life import LOST, MARK
from tests.staff.world import COMMUNE, Browser, Page, World
from tests.storage.scene import Scene
from tests.storage.test_figures import MARCH as MONTH

HERE = "/staff/exports"
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}
SECONDS = 20.0


async def made(world: World, browser: Browser, /, address: str = HERE, **fields: str) -> Export:
    """Ask for a file and wait until it is finished."""
    asked = await browser.post(address, **fields)
    assert asked.status == 303, asked.text
    return await finished(world)


async def finished(world: World) -> Export:
    async with asyncio.timeout(SECONDS):
        while True:
            async with world.storage.reading() as unit:
                newest = (await unit.exports.listed())[0]
            if newest.finished_at:
                return newest
            await asyncio.sleep(0.05)


async def fetched(browser: Browser, export: Export) -> bytes:
    page = await browser.get(f"{HERE}/{export.id}")
    assert page.status == 200
    assert export.name in page.headers["Content-Disposition"]
    return page.body


def rows(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))


async def test_the_journal_is_given_whole_and_without_whose_it_was(busy: World) -> None:
    admin = await busy.somebody(Role.ADMIN)
    export = await made(busy, admin, content="journal", **MARCH)
    head, *lines = rows(gzip.decompress(await fetched(admin, export)))
    async with busy.storage.reading() as unit:
        counts = await unit.journal.counts(begins(MONTH.first), begins(MONTH.last + DAY))
        conversations = await unit.journal.of(MONTH, 10)
    assert export.rows == len(lines) == sum(counts.values())
    assert "conversation_id" not in conversations[0]._fields
    assert len(head) == len(lines[0]) == len(conversations[0])
    assert {line[2] for line in lines} >= {EventName.TURN_ANSWERED, EventName.LINK_OPENED}


async def test_many_pieces_are_one_file(busy: World, knowledge: Knowledge) -> None:
    """The same, in pieces of seven rows, by an exporter of our own."""
    admin = await busy.somebody(Role.ADMIN)
    whole = await made(busy, admin, content="journal", **MARCH)
    async with busy.storage.writing() as unit:
        await unit.exports.ask(
            Export(
                id="0" * 36,
                staff_id=whole.staff_id,
                name="again.csv.gz",
                query=whole.query,
                created_at=busy.clock() + DAY,
                rows=0,
                finished_at=None,
                error="",
                expires_at=busy.clock() + 2 * DAY,
            )
        )
        await unit.commit()
    again = await finished(busy)
    small = Exporter(
        busy.storage, busy.clock, Lease(busy.storage, busy.clock, "x", "x"), lambda: knowledge, 7
    )
    async with busy.storage.writing() as unit:
        begun = Begun(again.id, await unit.exports.start(again.id))
        await unit.commit()
    assert await small._make(again, begun)
    async with busy.storage.reading() as unit:
        assert await unit.exports.part(again.id, 5), "it has many pieces"
    first = gzip.decompress(await fetched(admin, whole))
    assert gzip.decompress(await fetched(admin, again)) == first


async def test_questions_are_given_as_the_screen_shows_them(busy: World) -> None:
    editor = await busy.somebody(Role.EDITOR)
    address = "/staff/questions?from=2026-03-01&to=2026-03-31&words=" + MARK
    shown = (await editor.get(address)).html.count('<p class="said">')
    action = re.search(r'action="(/staff/exports\?[^"]+)"', (await editor.get(address)).html)
    assert action
    there = action[1].replace("&amp;", "&")
    as_csv = await made(busy, editor, there, content="questions", form="csv")
    lines = rows(await fetched(editor, as_csv))[1:]
    assert len(lines) == shown > 3
    assert all(MARK in line[1] for line in lines)
    busy.clock.now += DAY / 1440
    as_xlsx = await made(busy, editor, there, content="questions", form="xlsx")
    sheet = load_workbook(io.BytesIO(await fetched(editor, as_xlsx))).worksheets[0]
    texts = {row[1] for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert LOST in texts
    assert sheet.freeze_panes == "A2"


async def test_open_data_tells_every_figure_by_month_and_hides_the_few(busy: World) -> None:
    await Scene(busy.storage).roll()
    viewer = await busy.somebody(Role.VIEWER)
    export = await made(busy, viewer, content="open-data", **{"from": "2026-02-01", "to": "2026-03-31"})
    head, *lines = rows(await fetched(viewer, export))
    assert len(head) == len(COLUMNS)
    assert {line[2] for line in lines} == set(FIGURES)
    assert {line[0] for line in lines} == {"2026-02-01", "2026-03-01"}
    assert all(bool(line[8]) != bool(line[9]) for line in lines), "a number, or why there is none"
    async with busy.storage.reading() as unit:
        people = await unit.counting.count(PEOPLE, MONTH, by=By.CHANNEL)
    told = {line[6]: line[8] for line in lines if line[0] == "2026-03-01" and line[2] == "people" and line[6]}
    assert told["webchat"] == str(people.cells["webchat"])
    assert "ít hơn 5" in {line[9] for line in lines}


async def test_others_do_not_get_it_but_who_cares_for_everything_does(busy: World) -> None:
    mine, other = await busy.somebody(Role.EDITOR), await busy.somebody(Role.VIEWER)
    admin = await busy.somebody(Role.ADMIN)
    export = await made(busy, mine, content="open-data", **MARCH)
    assert (await other.get(f"{HERE}/{export.id}")).status == 404
    assert (await other.post(f"{HERE}/{export.id}")).status == 404
    assert export.name not in (await other.get(HERE)).text
    assert (await admin.get(f"{HERE}/{export.id}")).status == 200


@pytest.mark.parametrize(
    ("role", "commune"), [(Role.VIEWER, ""), (Role.EDITOR, COMMUNE), (Role.ADMIN, COMMUNE)]
)
async def test_the_journal_is_for_editors_of_the_province(world: World, role: Role, commune: str) -> None:
    browser = await world.somebody(role, commune)
    assert (await browser.post(HERE, content="journal", **MARCH)).status == 403


@pytest.mark.parametrize(
    "fields",
    [
        {"content": "everything"},
        {"content": "journal", "form": "exe"},
        {"content": "journal", "from": "2026-03-31", "to": "2026-03-01"},
        {"content": "journal", "from": "x", "to": "y"},
        {},
    ],
)
async def test_what_is_not_clear_is_asked_again(world: World, fields: dict[str, str]) -> None:
    admin = await world.somebody(Role.ADMIN)
    page: Page = await admin.post(HERE, **fields)
    assert page.status == 400
    async with world.storage.reading() as unit:
        assert await unit.exports.listed() == ()


async def test_a_file_is_thrown_away_and_nobody_has_more_than_twenty(world: World) -> None:
    admin = await world.somebody(Role.ADMIN)
    for _ in range(20):
        assert (await admin.post(HERE, content="open-data", **MARCH)).status == 303
    assert "20 tệp" in (await admin.post(HERE, content="open-data", **MARCH)).text
    async with world.storage.reading() as unit:
        listed = await unit.exports.listed()
    assert (await admin.post(f"{HERE}/{listed[0].id}")).status == 303
    assert (await admin.post(HERE, content="open-data", **MARCH)).status == 303


async def test_a_file_past_its_day_is_not_given_even_before_it_is_purged(world: World) -> None:
    admin = await world.somebody(Role.ADMIN)
    export = await made(world, admin, content="open-data", **MARCH)
    await fetched(admin, export)
    async with world.storage.writing() as unit:
        await unit.exports.remove(export.id)
        await unit.exports.ask(replace(export, expires_at=world.clock()))
        begun = Begun(export.id, await unit.exports.start(export.id))
        await unit.exports.add(begun, 0, b"late", 1)
        await unit.exports.finish(begun, world.clock())
        await unit.commit()
    assert (await admin.get(f"{HERE}/{export.id}")).status == 404


async def test_who_lost_the_right_to_make_a_file_neither_adds_to_it_nor_ends_it(world: World) -> None:
    admin = await world.somebody(Role.ADMIN)
    export = await made(world, admin, content="open-data", **MARCH)
    body = await fetched(admin, export)
    async with world.storage.writing() as unit:
        late = Begun(export.id, export.attempts - 1)
        assert not await unit.exports.add(late, 7, b"late", 1)
        await unit.exports.finish(late, world.clock(), "failed")
        await unit.commit()
    assert await fetched(admin, export) == body


async def test_a_file_that_ends_its_makers_is_given_up(world: World) -> None:
    """Nobody hears from a process that ran out of memory; the next one begins the file again."""
    admin = await world.somebody(Role.ADMIN)
    export = await made(world, admin, content="open-data", **MARCH)
    async with world.storage.writing() as unit:
        await unit.exports.remove(export.id)
        await unit.exports.ask(replace(export, finished_at=None))
        for _ in range(ATTEMPTS):
            await unit.exports.start(export.id)
        await unit.commit()
    assert (await finished(world)).error == "failed"
    assert "Làm hỏng" in (await admin.get(HERE)).text


async def test_progress_is_shown_while_it_is_made(world: World) -> None:
    admin = await world.somebody(Role.ADMIN)
    await admin.post(HERE, content="open-data", **MARCH)
    shown = (await admin.get(HERE)).html
    assert 'data-renewed="yes"' in shown or "Tải về" in shown
    await finished(world)
    assert "Tải về" in (await admin.get(HERE)).text
