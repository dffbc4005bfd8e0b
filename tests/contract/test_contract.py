"""What every channel keeps, in the whole application, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import BaseTestServer, TestServer, unused_port

from bot import delivery
from bot.app import create_app
from bot.clock import utc_now
from bot.config import Config
from bot.fakes.scene import Trouble
from intents.knowledge import Knowledge
from storage.handoffs import OPEN, Sought
from storage.migrate import upgrade
from storage.records import EventName
from storage.staff import NewAccount, Role
from storage.unit_of_work import Storage
from tests.contract.rigs import BROKEN, LOST, ByPage, ByWebhook, Rig, webhook_rig
from tests.peers import Services, services
from tests.real import real_knowledge
from tests.staff.world import PASSWORD, Browser, hash_of
from tests.wires import APP, APP_SECRET, OA, OA_SECRET, SECRET, TELEGRAM_TOKEN, ZALO_BOT_TOKEN

OUTSIDE = ("telegram", "zalo_oa", "zalo_bot")
QUESTION, OTHER, THIRD = "đăng ký khai sinh", "đăng ký tạm trú", "đăng ký kết hôn"
SECONDS = 15.0
OFFICE = "Trung tâm phục vụ hành chính công Thử"
BEGINNING, END = dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2120, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def knowledge() -> Knowledge:
    return real_knowledge().over(staffed=True)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once: how long one waits is tested elsewhere."""
    monkeypatch.setattr(delivery, "FIRST_WAIT", 0.05)
    monkeypatch.setattr(delivery, "BUSY_WAIT", 0.05)


def settings(database_url: str, url: str, peers_url: str) -> dict[str, object]:
    rates = {f"{channel}{rate}_per_s": 1000 for channel in OUTSIDE for rate in ("_rate", "_chat_rate")}
    return rates | {
        "database_url": database_url,
        "secret_key": "a secret for tests",
        "public_url": url,
        "web_rate_per_s": 1000,
        "web_chat_rate_per_s": 1000,
        "telegram_token": TELEGRAM_TOKEN,
        "telegram_api_url": peers_url,
        "telegram_mode": "webhook",
        "telegram_webhook_secret": SECRET,
        "zalo_oa_app_id": APP,
        "zalo_oa_app_secret": APP_SECRET,
        "zalo_oa_webhook_secret": OA_SECRET,
        "zalo_oa_refresh_token": "made-up-refresh-0",
        "zalo_oa_id": OA,
        "zalo_oa_api_url": peers_url,
        "zalo_oa_oauth_url": peers_url,
        "zalo_bot_token": ZALO_BOT_TOKEN,
        "zalo_bot_api_url": f"{peers_url}/zalo-bot",
        "zalo_bot_mode": "webhook",
        "zalo_bot_webhook_secret": SECRET,
    }


class Running:
    """The application with all channels, and the services that they talk to."""

    def __init__(self, server: BaseTestServer, session: ClientSession, peers: Services) -> None:
        self.server, self.session, self.peers = server, session, peers
        self.url = str(server.make_url("")).rstrip("/")

    def rig(self, channel: str) -> Rig:
        if channel == "webchat":
            return ByPage(url=self.url, session=self.session)
        return webhook_rig(channel, self.url, self.session, self.peers)


@pytest.fixture
async def running(database_url: str, knowledge: Knowledge) -> AsyncIterator[Running]:
    await upgrade(database_url)
    peers, outside = services(), web.Application()
    outside.add_routes(peers.routes())
    port = unused_port()
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(TestServer(outside))
        url = f"http://127.0.0.1:{port}"
        told = settings(database_url, url, str(there.make_url("")).rstrip("/"))
        app = create_app(Config.model_validate(told), knowledge)
        server = await stack.enter_async_context(TestServer(app, port=port))
        session = await stack.enter_async_context(ClientSession())
        yield Running(server, session, peers)


@pytest.fixture(params=[*OUTSIDE, "webchat"])
def rig(request: pytest.FixtureRequest, running: Running) -> Rig:
    return running.rig(request.param)


@pytest.fixture(params=OUTSIDE)
def outside(request: pytest.FixtureRequest, running: Running) -> ByWebhook:
    rig = running.rig(request.param)
    assert isinstance(rig, ByWebhook)
    return rig


@pytest.fixture
async def staff(running: Running, journal: Storage) -> AsyncIterator[Browser]:
    """Sign somebody in at the desk who may answer."""
    new = NewAccount(
        login="can.bo", name="An", role=Role.EDITOR, password_hash=hash_of(PASSWORD), unit=OFFICE
    )
    async with journal.writing() as unit:
        await unit.staff.add(new, utc_now())
        await unit.commit()
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        browser = Browser(session, running.server)
        assert (await browser.sign_in("can.bo")).status == 303
        yield browser


@pytest.fixture
async def journal(running: Running, database_url: str) -> AsyncIterator[Storage]:
    assert running
    opened = Storage(database_url)
    yield opened
    await opened.close()


async def answers(rig: Rig, number: int, person: int = 1) -> list[str]:
    """Wait until a person has so many answers."""
    async with asyncio.timeout(SECONDS):
        while len(found := await rig.answers(person)) < number:  # noqa: ASYNC110 - asked over HTTP
            await asyncio.sleep(0.01)
    return found


async def bare(rig: Rig, number: int) -> list[str]:
    """Wait for answers; return them without the marks of bold, which no channel but one shows."""
    return [text.replace("**", "") for text in await answers(rig, number)]


async def counted(storage: Storage, name: EventName) -> int:
    async with storage.reading() as unit:
        counts = await unit.journal.counts(BEGINNING, END)
    return counts.get(name, 0)


# What people send


async def test_a_question_is_answered_once_and_a_repeat_is_not(rig: Rig) -> None:
    message = rig.message(QUESTION)
    assert await asyncio.gather(*(rig.post(message) for _ in range(3))) == [200] * 3
    assert await rig.says(OTHER) == 200
    first, second = await answers(rig, 2)
    assert "khai sinh" in first.lower()
    assert "tạm trú" in second.lower()
    assert await rig.post(message) == 200
    assert await rig.says(THIRD) == 200
    assert len(await answers(rig, 3)) == 3


async def test_nothing_at_all_is_told_so(rig: Rig) -> None:
    status = await rig.says("")
    if isinstance(rig, ByPage):
        assert status == 400, "the page says so at once"
        return
    assert status == 200
    assert "chưa thấy chữ nào" in (await answers(rig, 1))[0]


async def test_a_very_long_text_is_answered_within_the_limits(rig: Rig) -> None:
    assert await rig.says(f"{QUESTION} " * 1000) == 200
    assert await answers(rig, 1)


async def test_a_kind_that_nobody_knows_breaks_nothing(rig: Rig) -> None:
    assert await rig.post_what_nobody_knows() == 200
    assert await rig.says(QUESTION) == 200
    assert "khai sinh" in (await answers(rig, 1))[-1].lower() or len(await answers(rig, 2)) == 2


async def test_who_is_not_who_he_says_is_not_heard(rig: Rig, journal: Storage) -> None:
    assert await rig.post_as_a_stranger(rig.message(QUESTION)) in {200, 403}
    assert await counted(journal, EventName.PERSON_STARTED) == 0


async def test_a_newer_version_of_the_interface_breaks_nothing(rig: Rig) -> None:
    assert await rig.post(rig.message(QUESTION), newer=True) == 200
    assert "khai sinh" in (await answers(rig, 1))[0].lower()


async def test_what_arrives_out_of_order_is_answered_as_it_arrived(rig: Rig) -> None:
    messages = [rig.message(text) for text in (QUESTION, OTHER, THIRD)]
    for message in reversed(messages):
        assert await rig.post(message) == 200
    found = [text.lower() for text in await answers(rig, 3)]
    assert ["kết hôn" in found[0], "tạm trú" in found[1], "khai sinh" in found[2]] == [True] * 3


async def test_many_people_at_once_get_each_their_own(rig: Rig) -> None:
    people = range(1, 13)
    texts = {person: (QUESTION, OTHER, THIRD)[person % 3] for person in people}
    assert set(await asyncio.gather(*(rig.says(texts[p], p) for p in people))) == {200}
    for person in people:
        (text,) = await answers(rig, 1, person)
        assert texts[person].removeprefix("đăng ký ") in text.lower()


# What services do


async def test_who_has_blocked_us_is_marked_and_answered_again_when_they_write(
    running: Running, journal: Storage
) -> None:
    for channel in OUTSIDE:
        rig = running.rig(channel)
        assert isinstance(rig, ByWebhook)
        if rig.blocked is None:
            continue  # the service has no word for it
        rig.next_sends(rig.blocked)
        before = await counted(journal, EventName.PERSON_BLOCKED)
        assert await rig.says(QUESTION) == 200
        async with asyncio.timeout(SECONDS):
            while await counted(journal, EventName.PERSON_BLOCKED) == before:  # noqa: ASYNC110 - in a database
                await asyncio.sleep(0.01)
        assert await rig.says(OTHER) == 200
        assert "tạm trú" in (await answers(rig, 1))[0].lower()


async def test_who_asks_us_to_wait_gets_everything_later_in_order(outside: ByWebhook) -> None:
    outside.next_sends(outside.busy)
    assert await outside.says(QUESTION) == 200
    assert await outside.says(OTHER) == 200
    found = await answers(outside, 2)
    assert ["khai sinh" in found[0].lower(), "tạm trú" in found[1].lower(), len(found)] == [True, True, 2]


@pytest.mark.parametrize("trouble", BROKEN.values(), ids=BROKEN)
async def test_a_service_that_breaks_down_gets_everything_later_in_order(
    outside: ByWebhook, trouble: Trouble
) -> None:
    outside.next_sends(trouble, trouble)
    assert await outside.says(QUESTION) == 200
    assert await outside.says(OTHER) == 200
    found = await answers(outside, 2)
    assert ["khai sinh" in found[0].lower(), "tạm trú" in found[1].lower(), len(found)] == [True, True, 2]


async def test_an_answer_lost_on_the_way_repeats_a_send_at_worst(outside: ByWebhook) -> None:
    outside.next_sends(LOST)
    assert await outside.says(QUESTION) == 200
    assert await outside.says(OTHER) == 200
    found = [("khai sinh" in text.lower(), "tạm trú" in text.lower()) for text in await answers(outside, 3)]
    assert found == [(True, False), (True, False), (False, True)]


# Who asks for a person


async def test_staff_answer_from_the_desk_and_afterwards_we_do(
    rig: Rig, staff: Browser, journal: Storage
) -> None:
    assert await rig.says(QUESTION) == 200
    await answers(rig, 1)
    assert await rig.says("cho tôi gặp cán bộ") == 200
    assert "đã chuyển câu hỏi cho cán bộ" in (await bare(rig, 2))[1]
    async with journal.reading() as unit:
        (waits,) = await unit.handoffs.find(Sought(states=OPEN), 10)
    address = f"/staff/people/{waits.id}"
    assert "khai sinh" in (await staff.get("/staff/people")).text

    assert (await staff.post(address, do="take")).status == 303
    assert f"{OFFICE} đã nhận câu hỏi" in (await bare(rig, 3))[2]
    assert await rig.says("cháu sinh ở nhà thì sao ạ") == 200
    async with asyncio.timeout(SECONDS):
        while "cháu sinh ở nhà" not in (await staff.get(address)).text:  # noqa: ASYNC110 - asked over HTTP
            await asyncio.sleep(0.01)
    assert (await staff.post(address, do="answer", words="Mời bác đến trung tâm.", key="1")).status == 303
    assert (await bare(rig, 4))[3].startswith(f"{OFFICE} trả lời:\nMời bác đến trung tâm."), "nothing between"

    assert (await staff.post(address, do="close")).status == 303
    assert "đã trả lời xong" in (await bare(rig, 5))[4]
    assert await rig.says(OTHER) == 200
    assert "tạm trú" in (await answers(rig, 6))[5].lower(), "the assistant is back"
    assert await counted(journal, EventName.HANDOFF_ANSWERED) == 1
