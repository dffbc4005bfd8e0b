"""People who wait for a person, at the desk: who sees whom, who answers, what the citizen reads."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import re
import uuid
from dataclasses import dataclass, replace

import pytest

from bot.handoffs import USUAL_DUTY, Handoffs
from intents.answers import LIVES
from storage.handoffs import OPEN, HandedOver, HandoffState, NewHandoff, Sought
from storage.records import EventName
from storage.staff import Role
from tests.staff.life import ATTACKS
from tests.staff.world import COMMUNE, OTHER_COMMUNE, Browser, World
from tests.storage.builders import a_receipt

VIEWER, EDITOR, ADMIN = Role.VIEWER, Role.EDITOR, Role.ADMIN
PERSON = "cho tôi gặp cán bộ"
HERE = "/staff/people"
EVERY = tuple(HandoffState)
HOUR = dt.timedelta(hours=1)


@dataclass
class Citizen:
    """Somebody at the web chat."""

    browser: Browser

    async def says(self, text: str, payload: str = "") -> None:
        form = {"id": uuid.uuid4().hex, "text": text, "payload": payload}
        page = await self.browser.send("/chat", {"Accept": "application/json"}, **form)
        assert page.status == 200, page.html

    async def reads(self) -> list[str]:
        page = await self.browser.get("/chat/lines?after=0")
        return [line["text"] for line in json.loads(page.body)["lines"] if line["side"] == "assistant"]

    async def until(self, words: str) -> str:
        """Wait for something to read; return it."""
        async with asyncio.timeout(15):
            while True:
                last = (await self.reads())[-1]
                if words in last:
                    return last
                await asyncio.sleep(0.02)


async def citizen(world: World, *texts: str) -> Citizen:
    browser = world.browser()
    await browser.get("/")
    somebody = Citizen(browser)
    for text in texts:
        await somebody.says(text)
    return somebody


async def all_of(world: World, *states: HandoffState) -> tuple[HandedOver, ...]:
    async with world.storage.reading() as unit:
        return await unit.handoffs.find(Sought(states=states or OPEN), 100)


async def opened(world: World, desk: str = "") -> str:
    """Return the address of the one handoff that is open, put into an inbox."""
    (one,) = await all_of(world)
    if desk:
        async with world.storage.writing() as unit:
            assert await unit.handoffs.forward(one.id, desk, one.return_at)
            await unit.commit()
    return f"{HERE}/{one.id}"


async def taken(world: World, browser: Browser) -> str:
    address = await opened(world)
    page = await browser.post(address, do="take")
    assert (page.status, page.leads_to) == (303, f"{address}?done=taken")
    return address


async def answers(browser: Browser, address: str, words: str) -> int:
    shown = await browser.get(address)
    key = re.search(r'name="key" value="(\w+)"', shown.html)
    assert key, "no form to answer with"
    return (await browser.post(address, do="answer", words=words, key=key[1])).status


async def counts(world: World) -> dict[EventName, int]:
    async with world.storage.reading() as unit:
        return await unit.journal.counts(world.clock() - 100 * HOUR, world.clock() + 100 * HOUR)


async def give_back(world: World) -> None:
    # The running workers look for what waits by themselves, here every second.
    await Handoffs(world.storage, world.clock, lambda: None).work()


# The way of one question


async def test_a_question_is_taken_answered_and_closed(world: World) -> None:
    somebody = await citizen(world, "đăng ký khai sinh", PERSON)
    staff = await world.somebody(EDITOR)
    listed = (await staff.get(HERE)).text
    assert "Có 1 người" in listed
    assert "khai sinh" in listed
    address = await taken(world, staff)
    assert "đã nhận câu hỏi" in await somebody.until("đã nhận câu hỏi")
    await somebody.says("cháu tôi sinh ở nhà thì làm sao")
    assert "cháu tôi sinh ở nhà" in (await staff.get(address)).text
    world.clock.now += dt.timedelta(minutes=7)
    assert await answers(staff, address, "Bác mang **giấy** cam đoan đến nhé.\nCảm ơn bác.") == 303
    assert await somebody.until("Cảm ơn bác") == (
        "**Cán bộ dịch vụ công tỉnh Tuyên Quang trả lời:**\nBác mang **giấy** cam đoan đến nhé.\nCảm ơn bác."
    )
    assert (await staff.post(address, do="close")).status == 303
    assert "đã trả lời xong" in await somebody.until("đã trả lời xong")
    await somebody.says("đăng ký khai sinh cần giấy tờ gì")
    assert "khai sinh" in (await somebody.reads())[-1].lower(), "the assistant is back"
    assert await world.done("handoff") == ["handoff:closed", "handoff:answered", "handoff:taken"]
    found = await counts(world)
    names = "opened", "taken", "answered", "closed"
    assert [found[EventName(f"handoff:{name}")] for name in names] == [1, 1, 1, 1]
    assert found[EventName.TURN_HANDOFF] == 1, "words for the staff are no questions to the assistant"


async def test_what_a_citizen_wrote_to_staff_is_still_there_when_the_page_is_opened_again(
    world: World,
) -> None:
    somebody = await citizen(world, PERSON)
    await taken(world, await world.somebody(EDITOR))
    await somebody.until("đã nhận")
    await somebody.says("tôi ở thôn Nà Lạc")
    page = await somebody.browser.get("/")
    assert "tôi ở thôn Nà Lạc" in page.text
    assert "http-equiv" not in page.html, "nothing is waited for"


async def test_of_two_who_take_at_once_the_second_is_told(world: World) -> None:
    await citizen(world, PERSON)
    one, two = (
        await world.somebody(EDITOR, login="mot.nguoi"),
        await world.somebody(EDITOR, login="hai.nguoi"),
    )
    address = await opened(world)
    pages = await asyncio.gather(*(browser.post(address, do="take") for browser in (one, two)))
    late = max(pages, key=lambda page: page.status)
    assert sorted(page.status for page in pages) == [303, 400]
    assert "Người khác vừa nhận trước" in late.text
    assert (await counts(world))[EventName.HANDOFF_TAKEN] == 1


async def test_who_did_not_take_it_cannot_answer(world: World) -> None:
    await citizen(world, PERSON)
    address = await taken(world, await world.somebody(EDITOR, login="mot.nguoi"))
    other = await world.somebody(EDITOR, login="hai.nguoi")
    assert "textarea" not in (await other.get(address)).html
    page = await other.post(address, do="answer", words="Chen vào", key="k")
    assert page.status == 400
    assert "không còn do anh/chị trả lời" in page.text
    assert (await other.post(address, do="close")).status == 400


async def test_an_answer_sent_twice_is_read_once(world: World) -> None:
    somebody = await citizen(world, PERSON)
    staff = await world.somebody(EDITOR)
    address = await taken(world, staff)
    for _ in range(2):
        assert (await staff.post(address, do="answer", words="Mời bác đến.", key="same")).status == 303
    assert await answers(staff, address, "Còn gì nữa không ạ?") == 303
    await somebody.until("Còn gì nữa")
    assert sum("Mời bác đến." in text for text in await somebody.reads()) == 1
    assert (await counts(world))[EventName.HANDOFF_ANSWERED] == 1, "the first answer alone is counted"


@pytest.mark.parametrize(("words", "why"), [("", "Viết lời trả lời"), ("a" * 2001, "dài quá 2000")])
async def test_what_cannot_be_sent_stays_typed(world: World, words: str, why: str) -> None:
    await citizen(world, PERSON)
    staff = await world.somebody(EDITOR)
    page = await staff.post(await taken(world, staff), do="answer", words=words, key="k")
    assert page.status == 400
    assert why in page.text
    assert words in page.html


async def test_a_canned_answer_is_inserted_below_what_was_typed(world: World) -> None:
    await citizen(world, PERSON)
    staff = await world.somebody(EDITOR)
    address = await taken(world, staff)
    page = await staff.post(address, do="insert", words="Chào bác.", canned="checking")
    assert "Chào bác.\nTôi đang hỏi lại bộ phận chuyên môn" in page.html
    assert "Chào bác." in (await staff.post(address, do="insert", words="Chào bác.", canned="nothing")).html


async def test_forwarded_it_waits_in_the_other_inbox_and_the_assistant_answers(world: World) -> None:
    somebody = await citizen(world, PERSON)
    staff, commune = await world.somebody(EDITOR), await world.somebody(EDITOR, COMMUNE)
    address = await taken(world, staff)
    assert (await commune.get(address)).status == 404
    assert (await staff.post(address, do="forward", to=COMMUNE)).status == 303
    assert "được chuyển tới" in await somebody.until("được chuyển tới")
    await somebody.says("đăng ký khai sinh")
    assert "khai sinh" in (await somebody.reads())[-1].lower()
    assert "Nhận trả lời" in (await commune.get(address)).text
    assert (await commune.post(address, do="take")).status == 303
    assert (await staff.post(address, do="forward", to="99999")).status == 400


async def test_closed_without_an_answer_the_citizen_is_told_so(world: World) -> None:
    somebody = await citizen(world, PERSON)
    staff = await world.somebody(EDITOR)
    assert (await staff.post(await taken(world, staff), do="close")).status == 303
    assert "chưa cán bộ nào trả lời kịp" in await somebody.until("chưa cán bộ nào")
    found = await counts(world)
    assert (found[EventName.HANDOFF_RETURNED], found.get(EventName.HANDOFF_CLOSED, 0)) == (1, 0)


async def test_what_nobody_answers_goes_back_after_working_hours(world: World) -> None:
    somebody = await citizen(world, PERSON)
    (one,) = await all_of(world)
    assert one.return_at == USUAL_DUTY.return_at(world.clock.now)
    world.clock.now = one.return_at - dt.timedelta(minutes=1)
    await give_back(world)
    assert await all_of(world) == (one,)
    world.clock.now += dt.timedelta(minutes=2)
    await asyncio.gather(*(give_back(world) for _ in range(3)))
    assert "chưa cán bộ nào trả lời kịp" in await somebody.until("chưa cán bộ nào")
    assert sum("chưa cán bộ" in text for text in await somebody.reads()) == 1
    assert (await counts(world))[EventName.HANDOFF_RETURNED] == 1
    assert [one.state for one in await all_of(world, *EVERY)] == [HandoffState.RETURNED]
    await somebody.says(PERSON)
    assert len(await all_of(world)) == 1, "and it may be asked again"


async def test_one_that_was_answered_and_forgotten_is_closed_later(world: World) -> None:
    somebody = await citizen(world, PERSON)
    staff = await world.somebody(EDITOR)
    address = await taken(world, staff)
    world.clock.now += HOUR / 2
    assert await answers(staff, address, "Mời bác đến.") == 303
    (one,) = await all_of(world)
    assert one.return_at == USUAL_DUTY.return_at(world.clock.now), "the time begins again"
    world.clock.now = one.return_at
    await give_back(world)
    assert "đã trả lời xong" in await somebody.until("đã trả lời xong")


async def test_who_goes_back_to_the_assistant_closes_it_at_the_desk(world: World) -> None:
    somebody = await citizen(world, PERSON)
    staff = await world.somebody(EDITOR)
    address = await taken(world, staff)
    await somebody.until("đã nhận")
    await somebody.says("", "assistant:")
    assert "Tôi đây" in (await somebody.reads())[-1]
    assert await all_of(world) == ()
    assert "Cuộc này đã kết thúc" in (await staff.get(address)).text
    assert (await staff.post(address, do="answer", words="Muộn rồi", key="k")).status == 400


async def test_who_is_erased_waits_no_more(world: World) -> None:
    somebody = await citizen(world, PERSON)
    staff = await world.somebody(EDITOR)
    address = await taken(world, staff)
    await somebody.says("", "topic:erased")
    assert (await staff.get(address)).status == 404
    assert (await staff.post(address, do="answer", words="Còn đó không", key="k")).status == 404


# Who may


async def test_a_commune_sees_and_answers_its_own_alone(world: World) -> None:
    await citizen(world, PERSON)
    address = await opened(world, COMMUNE)
    own, other = await world.somebody(EDITOR, COMMUNE), await world.somebody(ADMIN, OTHER_COMMUNE)
    province = await world.somebody(EDITOR)
    for do in ("take", "answer", "insert", "forward", "close", "nonsense"):
        assert (await other.post(address, do=do, words="x", to="province")).status == 404, do
    assert (await other.get(address)).status == 404
    for query in ("", f"?desk={COMMUNE}", "?desk=all", "?desk=province"):
        assert "Không có ai ở đây" in (await other.get(HERE + query)).text
        assert "Có 1 người" in (await own.get(HERE + query)).text
    assert "Không có ai ở đây" in (await province.get(HERE)).text
    assert "Có 1 người" in (await province.get(f"{HERE}?desk=all")).text
    assert "Có 1 người" in (await province.get(f"{HERE}?desk={COMMUNE}")).text
    assert (await own.post(address, do="take")).status == 303


async def test_a_viewer_looks_and_does_nothing(world: World) -> None:
    await citizen(world, PERSON)
    address, viewer = await opened(world), await world.somebody(VIEWER)
    shown = await viewer.get(address)
    assert shown.status == 200
    assert "Nhận trả lời" not in shown.text
    for do in ("take", "answer", "close"):
        assert (await viewer.post(address, do=do)).status == 403
    assert (await viewer.post(f"{HERE}/duty", on_duty="yes")).status == 403


@pytest.mark.parametrize("number", ["999", "0", "9" * 18])
async def test_a_made_up_number_leads_nowhere(world: World, number: str) -> None:
    staff = await world.somebody(EDITOR)
    assert (await staff.get(f"{HERE}/{number}")).status == 404
    assert (await staff.post(f"{HERE}/{number}", do="take")).status == 404


async def test_the_words_of_a_citizen_are_words(world: World) -> None:
    await citizen(world, *ATTACKS, PERSON)
    staff = await world.somebody(EDITOR)
    page = await staff.get(await taken(world, staff))
    assert not any(attack in page.html for attack in ATTACKS[:4])
    assert ATTACKS[0] in page.text or "alert(" in page.text


# Where it goes, and who is told


async def commune_of(world: World, *, on_duty: bool, **changes: object) -> str:
    """Have somebody of a commune ask while its staff are on duty or not; return the inbox."""
    number = await world.account("xa.truc", EDITOR, COMMUNE)
    async with world.storage.writing() as unit:
        await unit.staff.change(number, on_duty=on_duty, **changes)
        await unit.commit()
    somebody = await citizen(world, "đăng ký khai sinh")
    await somebody.says("", f"{LIVES}:{COMMUNE}")
    await somebody.says(PERSON)
    (one,) = await all_of(world)
    assert one.commune == COMMUNE
    return one.desk


async def test_a_commune_on_duty_gets_the_questions_of_its_people(world: World) -> None:
    assert await commune_of(world, on_duty=True) == COMMUNE


async def test_without_anybody_on_duty_there_the_province_does(world: World) -> None:
    assert await commune_of(world, on_duty=False) == ""


async def test_an_account_that_may_not_answer_is_nobody_on_duty(world: World) -> None:
    assert await commune_of(world, on_duty=True, role="viewer") == ""


async def test_the_count_tells_those_on_duty_and_keeps_no_session_alive(world: World) -> None:
    await citizen(world, PERSON)
    staff = await world.somebody(EDITOR)
    assert json.loads((await staff.get(f"{HERE}/count")).body) == {
        "waiting": 1,
        "text": "1 người đang chờ",
        "on_duty": False,
        "lines": 0,
    }
    assert (await staff.post(f"{HERE}/duty", on_duty="yes")).status == 303
    (one,) = await all_of(world)
    told = json.loads((await staff.get(f"{HERE}/count?talk={one.id}")).body)
    assert (told["on_duty"], told["lines"]) == (True, 2)
    for _ in range(7):
        world.clock.now += dt.timedelta(minutes=9)
        await staff.get(f"{HERE}/count")
    assert not await staff.is_in(), "an hour without a hand at the desk"


async def test_the_count_tells_a_commune_of_its_own_alone(world: World) -> None:
    await citizen(world, PERSON)
    address = await opened(world)
    commune = await world.somebody(EDITOR, COMMUNE)
    told = json.loads((await commune.get(f"{HERE}/count?talk={address.rpartition('/')[2]}")).body)
    assert (told["waiting"], told["lines"]) == (0, 0)


async def test_one_page_after_the_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.staff.views.people.PAGE", 2)
    for _ in range(3):
        await citizen(world, PERSON)
    staff = await world.somebody(EDITOR)
    first = await staff.get(HERE)
    assert "Có 3 người" in first.text
    assert first.html.count("<article") == 2
    assert "page=1" in first.html
    assert (await staff.get(f"{HERE}?page=1")).html.count("<article") == 1
    for wrong in ("-1", "x", "9" * 30):
        assert (await staff.get(f"{HERE}?page={wrong}&state={wrong}&desk={wrong}")).status == 200


async def test_what_is_mine_and_what_is_over_is_found(world: World) -> None:
    await citizen(world, PERSON)
    staff = await world.somebody(EDITOR)
    address = await taken(world, staff)
    assert "Có 1 người" in (await staff.get(f"{HERE}?state=taken&mine=yes")).text
    other = await world.somebody(EDITOR, login="nguoi.khac")
    assert "Không có ai" in (await other.get(f"{HERE}?state=taken&mine=yes")).text
    await staff.post(address, do="close")
    assert "Có 1 người" in (await staff.get(f"{HERE}?state=over")).text


# How long one may still write


async def on_zalo(world: World) -> HandedOver:
    """Have somebody of the official account wait."""
    receipt = replace(a_receipt(at=world.clock.now), channel="zalo_oa", text="đăng ký khai sinh")
    async with world.storage.writing() as unit:
        await unit.inbox.accept(receipt)
        conversation = await unit.conversations.find(receipt.person_key)
        assert conversation
        new = NewHandoff(
            conversation_id=conversation,
            channel="zalo_oa",
            commune="",
            desk="",
            service="",
            inbox_id=1,
            opened_at=world.clock.now,
            return_at=world.clock.now + 1000 * HOUR,
        )
        assert await unit.handoffs.open(new)
        await unit.commit()
    (one,) = await all_of(world)
    return one


@pytest.mark.parametrize(
    ("hours", "said", "status"),
    [
        (1, "còn 47 giờ", 303),
        (72, "còn 4 ngày, nhưng Zalo có thể tính phí", 303),
        (7 * 24, "Hết hạn, Zalo không cho nhắn nữa", 400),
    ],
)
async def test_the_time_left_to_reply_is_shown_and_kept(
    world: World, hours: int, said: str, status: int
) -> None:
    one = await on_zalo(world)
    world.clock.now += hours * HOUR
    staff = await world.somebody(EDITOR)
    assert said in (await staff.get(HERE)).text
    address = await taken(world, staff)
    assert said in (await staff.get(address)).text
    assert address.endswith(f"/{one.id}")
    page = await staff.post(address, do="answer", words="Mời bác đến.", key="k")
    assert page.status == status


async def test_who_has_blocked_us_cannot_be_answered(world: World) -> None:
    one = await on_zalo(world)
    staff = await world.somebody(EDITOR)
    address = await taken(world, staff)
    async with world.storage.writing() as unit:
        await unit.people.block(one.conversation_id, world.clock.now)
        await unit.commit()
    assert "đã chặn hoặc bỏ theo dõi" in (await staff.get(address)).text
    assert (await staff.post(address, do="answer", words="Mời bác đến.", key="k")).status == 400
