"""From a part of a figure to the questions behind it."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest

from bot.staff.drill import behind
from storage.figures import FIGURES, Figure
from storage.records import EventName
from storage.staff import Role
from tests.staff.test_exports import fetched, made
from tests.staff.world import COMMUNE, OTHER_COMMUNE, Browser, World
from tests.storage.scene import Scene

MARCH = "from=2026-03-01&to=2026-03-31"
LINK = re.compile(r'<th scope="row"><a href="(/staff/questions\?[^"]+)">([^<]+)<(?:/a|progress)')


async def links(browser: Browser, slug: str, by: str) -> dict[str, str]:
    page = await browser.get(f"/staff/figures/{slug}?{MARCH}&by={by}")
    assert page.status == 200
    return {unescape(name): unescape(address) for address, name in LINK.findall(page.html)}


@pytest.fixture
async def viewer(busy: World) -> Browser:
    await Scene(busy.storage).roll()
    return await busy.somebody(Role.VIEWER)


async def test_a_channel_leads_to_its_questions_and_to_a_file_of_them(busy: World, viewer: Browser) -> None:
    there = (await links(viewer, "questions", "channel"))["Trang web"]
    assert "figure=questions" in there
    assert "channel=webchat" in there
    page = await viewer.get(there)
    assert "đứng sau số liệu «Câu hỏi»" in page.text
    shown = page.html.count('<p class="said">')
    assert shown > 3
    action = re.search(r'action="(/staff/exports\?[^"]+)"', page.html)
    assert action
    export = await made(busy, viewer, unescape(action[1]), content="questions", form="csv")
    lines = list(csv.reader(io.StringIO((await fetched(viewer, export)).decode("utf-8-sig"))))
    assert len(lines) - 1 == shown


async def test_a_day_leads_to_that_day_only(viewer: Browser) -> None:
    found = await links(viewer, "questions", "day")
    assert found
    for there in found.values():
        days = re.findall(r"(?:from|to)=([0-9-]+)", there)
        assert len(days) == 2
        assert days[0] == days[1]


async def test_what_was_understood_is_not_behind_what_was_not(viewer: Browser) -> None:
    every = (await viewer.get(f"/staff/questions?{MARCH}")).html.count('<p class="said">')
    some = await viewer.get(f"/staff/questions?{MARCH}&figure=not-understood")
    assert 0 < some.html.count('<p class="said">') < every
    chosen = await viewer.get(f"/staff/questions?{MARCH}&figure=not-understood&outcome=turn:answered")
    assert "đứng sau" not in chosen.text, "who chooses an outcome means that one"


async def test_small_groups_and_what_no_list_can_be_narrowed_to_have_no_link(viewer: Browser) -> None:
    hidden = re.compile(
        r'<th scope="row"><a href="/staff/questions[^"]*">[^<]*</a></th><td class="number"><abbr'
    )
    for by in ("commune", "channel", "service", "aspect"):
        page = await viewer.get(f"/staff/figures/questions?{MARCH}&by={by}")
        assert not hidden.search(page.html), by
    for by in ("field", "tier", "level", "value"):
        assert not await links(viewer, "questions", by)
    for slug in ("people", "worries", "answered-at-once", "wait-median"):
        assert not await links(viewer, slug, "channel"), slug


async def test_who_works_for_one_commune_stays_in_it(busy: World) -> None:
    own = await busy.somebody(Role.EDITOR, COMMUNE)
    page = await own.get(f"/staff/questions?{MARCH}&figure=questions&commune={OTHER_COMMUNE}")
    assert page.status == 200
    assert '<p class="said">' not in page.html


async def test_a_figure_that_is_none_narrows_nothing(viewer: Browser) -> None:
    every = (await viewer.get(f"/staff/questions?{MARCH}")).html.count('<p class="said">')
    for slug in ("nothing", "people", "<script>"):
        page = await viewer.get(f"/staff/questions?{MARCH}&figure={slug}")
        assert page.html.count('<p class="said">') == every, slug


@pytest.mark.parametrize("figure", FIGURES.values(), ids=list(FIGURES))
def test_only_questions_are_behind_a_figure(figure: Figure) -> None:
    assert all(name.startswith("turn:") for name in behind(figure))
    assert EventName.TURN_WAITED not in behind(figure)
