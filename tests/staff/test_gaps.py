"""Where outreach should go, and how old the texts are: lists on screen and as files."""

from __future__ import annotations

import csv
import io

import pytest
from openpyxl import load_workbook

from bot.staff.views.age import texts_of
from intents.knowledge import Knowledge
from storage.records import EventName
from storage.staff import Role
from tests.staff.life import BIRTH
from tests.staff.world import Browser, Page, World
from tests.storage.scene import Scene

MARCH = "from=2026-03-01&to=2026-03-31"
MARRIAGE = "1.000894"
PEOPLE = tuple("abcdefgh")


def rows(page: Page) -> list[list[str]]:
    lines = list(csv.reader(io.StringIO(page.body.decode("utf-8-sig"))))
    return lines[1 : lines.index([]) if [] in lines else None]


@pytest.fixture
async def editor(world: World) -> Browser:
    """Eight ask about births and about marriages; all go on to marry from home, nobody with a birth."""
    scene = Scene(world.storage)
    await scene.meet("webchat", *PEOPLE)
    asked = [
        scene.event("3/3 08:00", who, EventName.TURN_ANSWERED, service=code, aspect="fee", value="1")
        for who in PEOPLE
        for code in (BIRTH, MARRIAGE)
    ]
    opened = [
        scene.event("3/3 09:00", who, EventName.LINK_OPENED, service=MARRIAGE, value="person")
        for who in PEOPLE
    ]
    await scene.journal(*asked, *opened)
    return await world.somebody(Role.VIEWER)


async def test_what_is_asked_and_not_used_is_listed_and_what_is_used_is_not(editor: Browser) -> None:
    unused = rows(await editor.get(f"/staff/gaps/unused.csv?{MARCH}"))
    assert [row[0] for row in unused] == [BIRTH]
    assert unused[0][2:] == ["8", "0", "0.0"]
    page = await editor.get(f"/staff/gaps?{MARCH}")
    assert "Mức chung kỳ này: 50 %." in page.text


async def test_what_nobody_asked_is_all_that_can_be_done_from_home_but_what_was_asked(
    editor: Browser, knowledge: Knowledge
) -> None:
    unasked = rows(await editor.get(f"/staff/gaps/unasked.csv?{MARCH}"))
    from_home = {
        code for code, one in knowledge.content.catalogue.services.items() if one.level in {"full", "partial"}
    }
    assert {row[0] for row in unasked} == from_home - {BIRTH, MARRIAGE}
    assert {row[0] for row in unasked}.isdisjoint({BIRTH, MARRIAGE})


async def test_a_service_that_few_people_asked_about_is_neither_told_nor_called_unasked(
    world: World, editor: Browser
) -> None:
    scene = Scene(world.storage)
    await scene.meet("webchat", "x", "y")
    few = [
        scene.event("4/3 08:00", who, EventName.TURN_ANSWERED, service="1.004194", value="1") for who in "xy"
    ]
    await scene.journal(*few)
    for what in ("unused", "unasked"):
        listed = rows(await editor.get(f"/staff/gaps/{what}.csv?{MARCH}"))
        assert "1.004194" not in {row[0] for row in listed}


async def test_the_workbook_holds_the_same_as_the_csv(editor: Browser) -> None:
    for what in ("unused", "unasked"):
        book = load_workbook(
            io.BytesIO((await editor.get(f"/staff/gaps/{what}.xlsx?{MARCH}")).body), read_only=True
        )
        written = [
            [str(cell) for cell in row] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)
        ]
        read = rows(await editor.get(f"/staff/gaps/{what}.csv?{MARCH}"))
        assert [row[:3] for row in written] == [row[:3] for row in read]


async def test_texts_that_the_portal_has_overtaken_come_first_then_the_oldest(
    world: World, knowledge: Knowledge
) -> None:
    viewer = await world.somebody(Role.VIEWER)
    listed = rows(await viewer.get("/staff/age.csv"))
    texts = texts_of(knowledge)
    assert len(listed) == len(texts) > 200
    marks = [bool(row[-1]) for row in listed]
    assert marks == sorted(marks, reverse=True)
    ages = [row[2] for row, mark in zip(listed, marks, strict=True) if not mark]
    assert ages == sorted(ages)
    page = await viewer.get("/staff/age")
    assert texts[0].title in page.text
    assert (await viewer.get("/staff/age?after=100")).status == 200


async def test_texts_are_narrowed_on_the_page_and_in_its_files(world: World) -> None:
    viewer = await world.somebody(Role.VIEWER)
    births = rows(await viewer.get(f"/staff/age.csv?words={BIRTH}"))
    assert [row[0] for row in births] == [BIRTH]
    assert births[0][1] in (await viewer.get(f"/staff/age?words={BIRTH}")).text
    marriages = rows(await viewer.get("/staff/age.csv?words=ket+hon"))
    assert marriages
    assert all("kết hôn" in row[1].lower() for row in marriages)
    overtaken = rows(await viewer.get("/staff/age.csv?state=overtaken"))
    assert all(row[-1] for row in overtaken)
    assert rows(await viewer.get("/staff/age.csv?words=%25%25")) == []
    page = await viewer.get("/staff/age?words=zzzz")
    assert "Không có bài nào" in page.text
    assert 'href="/staff/age.xlsx?words=zzzz"' in page.html


async def test_an_empty_list_is_a_page_too(world: World) -> None:
    viewer = await world.somebody(Role.VIEWER)
    for address in ("/staff/gaps?from=2020-01-01&to=2020-01-31", "/staff/age?after=99999999"):
        assert (await viewer.get(address)).status == 200
