"""Who works for one commune sees and changes what is of that commune."""

from __future__ import annotations

import uuid

from bot.listing import Lister
from intents.knowledge import Knowledge
from storage.days import Period, day_of
from storage.questions import Asked, Wanted
from storage.records import EventName
from storage.staff import Role
from tests.staff.life import BIRTH
from tests.staff.world import COMMUNE, OTHER_COMMUNE, World
from tests.storage.scene import Scene

QUESTION = "làm khai sinh ở xã tôi"


async def asked_in(world: World, commune: str, number: int) -> int:
    """List a question that was asked in a commune; return its number."""
    scene = Scene(world.storage)
    await scene.meet("webchat", f"{commune}-{number}")
    at = world.clock()
    question = Asked(
        id=10_000 + number,
        at=at,
        conversation_id=scene.talks[f"{commune}-{number}"],
        channel="webchat",
        commune=commune,
        outcome=EventName.TURN_ANSWERED,
        service=BIRTH,
        topic="",
        aspect="",
        text=f"{QUESTION} {commune}",
        folded=f"lam khai sinh o xa toi {commune}",
        expires_at=at.replace(year=2030),
    )
    async with world.storage.writing() as unit:
        await unit.questions.add([question])
        await unit.commit()
    return question.id


async def test_questions_of_other_communes_are_out_of_sight(world: World) -> None:
    mine, other, nowhere = [
        await asked_in(world, code, n) for n, code in enumerate((COMMUNE, OTHER_COMMUNE, ""))
    ]
    browser = await world.somebody(Role.EDITOR, COMMUNE)
    for query in (
        "",
        f"?commune={OTHER_COMMUNE}",
        "?commune=",
        f"?commune={OTHER_COMMUNE}&commune={COMMUNE}",
    ):
        page = await browser.get(f"/staff/questions{query}")
        assert f"{QUESTION} {COMMUNE}" in page.text
        assert f"{QUESTION} {OTHER_COMMUNE}" not in page.text, query
    assert (await browser.get(f"/staff/questions/{mine}")).status == 200
    for hidden in (other, nowhere):
        assert (await browser.get(f"/staff/questions/{hidden}")).status == 404
    everywhere = await world.somebody(Role.VIEWER)
    assert (await everywhere.get(f"/staff/questions/{other}")).status == 200


async def test_figures_of_other_communes_are_out_of_reach(busy: World) -> None:
    browser = await busy.somebody(Role.VIEWER, COMMUNE)
    own = (await browser.get("/staff/figures/people?preset=month")).text
    for query in (f"commune={OTHER_COMMUNE}", "commune=", "commune=A"):
        page = await browser.get(f"/staff/figures/people?preset=month&{query}")
        assert page.text == own
    for kind in ("csv", "svg"):
        address = f"/staff/figures/people.{kind}?from=2026-03-01&to=2026-03-25"
        assert (await browser.get(f"{address}&commune={OTHER_COMMUNE}")).body == (
            await browser.get(address)
        ).body
    whole = await (await busy.somebody(Role.VIEWER)).get("/staff/figures/people?preset=month")
    assert whole.text != own


async def test_services_and_phrases_are_the_same_everywhere_and_not_a_communes_to_change(busy: World) -> None:
    browser = await busy.somebody(Role.EDITOR, COMMUNE)
    page = await browser.get(f"/staff/services/{BIRTH}")
    assert page.status == 200
    assert 'name="reason"' not in page.html
    form = {"kind": "level", "seen": "0", "do": "set", "level": "full", "reason": "theo quyết định"}
    assert (await browser.post(f"/staff/services/{BIRTH}", **form)).status == 403
    group = busy.examples["/staff/unknown/{id}"]
    assert (await browser.get(group)).status == 403
    assert (await browser.post(group, do="dismiss")).status == 403
    async with busy.storage.reading() as unit:
        assert len(await unit.corrections.history()) == 2


async def test_every_page_names_only_what_may_be_opened(busy: World) -> None:
    for role, commune in ((Role.VIEWER, ""), (Role.EDITOR, COMMUNE), (Role.ADMIN, ""), (Role.ADMIN, COMMUNE)):
        browser = await busy.somebody(role, commune)
        page = await browser.get("/staff/")
        navigation = page.html.partition("<nav")[2].partition("</nav>")[0]
        for link in navigation.split('href="')[1:]:
            assert (await browser.get(link.partition('"')[0])).status == 200, (role, link)


async def test_an_editor_settles_what_was_not_understood_in_a_few_clicks(
    busy: World, knowledge: Knowledge
) -> None:
    """Attached, tried at once, noted, and known to who asks next."""
    editor = await busy.somebody(Role.EDITOR)
    group = busy.examples["/staff/unknown/{id}"]
    phrase = "báo tin thằng cu mới lọt lòng cho ủy ban"
    page = await editor.post(group, do="attach", code=BIRTH, phrase=phrase)
    assert page.leads_to == f"{group}?done=attached"
    assert (await busy.done("phrase:"))[:1] == ["phrase:attached"]
    citizen = busy.browser()
    await citizen.get("/")
    answer = await citizen.send("/chat", {"Accept": "application/json"}, id=uuid.uuid4().hex, text=phrase)
    assert (
        "khai sinh" in answer.body.decode("unicode_escape", "ignore").casefold() or "khai sinh" in answer.html
    )
    await Lister(busy.storage, busy.clock, knowledge).list_new()
    today = day_of(busy.clock())
    async with busy.storage.reading() as unit:
        newest, *_ = await unit.questions.find(Wanted(period=Period(today, today)), 1)
    assert (newest.text, newest.outcome, newest.service) == (phrase, EventName.TURN_ANSWERED, BIRTH)
