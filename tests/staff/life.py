"""A desk with something on every page: a month counted by hand, and people who write what they like."""

from __future__ import annotations

import uuid
from typing import Any

from bot.corrections import written
from bot.listing import Lister
from intents.knowledge import Knowledge
from storage.corrections import CorrectionKind, NewCorrection
from storage.counting import EVERYTHING
from storage.exports import Begun, Export
from storage.handoffs import OPEN, Sought
from storage.questions import UnknownState, Wanted
from storage.staff import Role
from storage.unit_of_work import Storage
from tests.staff.world import Samples, World
from tests.storage.scene import at
from tests.storage.test_figures import MARCH, a_month

BIRTH = "1.001193"
MARK = "zqxj"
"""In what citizens write here, and nowhere else."""
ATTACKS = (
    f"<script>alert('{MARK}')</script>",
    f'"><img src=x onerror=alert("{MARK}")>',
    f"' autofocus onfocus=alert('{MARK}') x='",
    f"</textarea></select><svg/onload=alert('{MARK}')>",
    f"{{{{ 7 * 7 }}}} {MARK} {{% raw %}}",
)
FILE = "3f2b8c1e-0000-4000-8000-000000000000"
LOST = f"asdkj qlwkej <u onclick=x>{MARK}"
ASKED = (
    LOST,
    LOST,
    "làm giấy khai sinh cho con cần giấy tờ gì",
    "đăng ký kết hôn lệ phí bao nhiêu",
    *ATTACKS,
)
"""What somebody writes on the web page, in this order."""


async def fill(world: World, knowledge: Knowledge) -> Samples:
    """Let a month pass, people write, and staff correct."""
    world.clock.now = at("25/3 09:00")
    await a_month(world.storage)
    await write(world, *ASKED)
    await converse(world, "đăng ký khai sinh phí bao nhiêu", "báo sai")
    await converse(world, ATTACKS[0], "cho tôi gặp cán bộ")
    await Lister(world.storage, world.clock, knowledge).list_new()
    await correct(world.storage)
    await export(world)
    async with world.storage.reading() as unit:
        questions = await unit.questions.find(Wanted(period=MARCH), 100)
        tickets = await unit.tickets.find(is_open=True, limit=1)
        waiting = await unit.handoffs.find(Sought(states=OPEN), 1)
        groups = await unit.questions.unknown(MARCH, EVERYTHING, UnknownState.OPEN, 10)
    assert len(questions) == len(ASKED) + 3
    examples = {
        "/staff/exports/{id}": f"/staff/exports/{FILE}",
        "/staff/people/{id}": f"/staff/people/{waiting[0].id}",
        "/staff/questions/{id}": f"/staff/questions/{questions[0].id}",
        "/staff/tickets/{id}": f"/staff/tickets/{tickets[0].id}",
        "/staff/unknown/{id}": f"/staff/unknown/{groups[0].id}",
    }
    return Samples(world.clock.now, examples)


async def export(world: World) -> None:
    """Let a colleague have a file that is ready."""
    asked = Export(
        id=FILE,
        staff_id=await world.account("colleague", Role.EDITOR),
        name="open-data-2026-02-01-2026-02-28.csv",
        query="{}",
        created_at=at("24/3 10:00"),
        rows=0,
        finished_at=None,
        error="",
        expires_at=at("26/3 10:00"),
    )
    async with world.storage.writing() as unit:
        await unit.exports.ask(asked)
        begun = Begun(FILE, await unit.exports.start(FILE))
        await unit.exports.add(begun, 0, b"figure,number\r\nquestions,81\r\n", 1)
        await unit.exports.finish(begun, at("24/3 10:01"))
        await unit.commit()


async def write(world: World, *texts: str) -> None:
    """Write to the assistant, each from a browser of its own, and wait for the answer."""
    for text in texts:
        await converse(world, text)


async def converse(world: World, *texts: str) -> str:
    """Write to the assistant, all from one browser, and wait for each answer; return the page."""
    browser = world.browser()
    await browser.get("/")
    for text in texts:
        page = await browser.send("/chat", {"Accept": "application/json"}, id=uuid.uuid4().hex, text=text)
        assert page.status == 200, page.html
    return (await browser.get("/")).text


async def correct(storage: Storage) -> None:
    """Correct one service, attach a phrase, and note it, with words that would like to be markup."""
    about: dict[str, Any] = {
        "at": at("24/3 10:00"),
        "staff_id": None,
        "author": f"An {ATTACKS[0]}",
        "office": "Sở Tư pháp",
    }
    news = (
        NewCorrection(
            kind=CorrectionKind.FEE_NOTE,
            target=BIRTH,
            value=written(CorrectionKind.FEE_NOTE, f"Miễn {ATTACKS[1]}"),
            reason=ATTACKS[3],
            **about,
        ),
        NewCorrection(
            kind=CorrectionKind.PHRASE,
            target=BIRTH,
            item=f"báo tin nhóc tì chào đời {ATTACKS[0]}",
            value=written(CorrectionKind.PHRASE, value=True),
            reason="không hiểu",
            **about,
        ),
    )
    async with storage.writing() as unit:
        for new in news:
            await unit.corrections.append(new)
            await unit.activities.note(
                at("24/3 10:00"), (None, "an"), "correction:test", ATTACKS[0], {"a": ATTACKS[1]}
            )
        await unit.commit()
