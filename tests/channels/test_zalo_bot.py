"""A Zalo bot without the rest of the house: what is read, what is written, and what is done with errors."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import json
import re
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.channels.base import (
    ANSWER_SECONDS,
    Channel,
    ChannelBusyError,
    ChannelDownError,
    ChannelError,
    ChannelRefusedError,
    ChannelUnusableError,
    Received,
)
from bot.channels.json_client import Answer, JsonClient, loaded
from bot.channels.split import utf16_units
from bot.channels.zalo_bot import REST_SECONDS, TYPING_AT_ONCE, ZaloBot, ZaloBotSettings, render
from bot.channels.zalo_bot_errors import IdleError, result_of
from bot.channels.zalo_bot_updates import parse, read, shape
from bot.fakes.zalo_bot import (
    AN,
    TOKEN,
    FakeZaloBot,
    fake_zalo_bot,
    foreign_page,
    held,
    lost_answer,
    refused,
)
from intents.turn import PRIVATE, Button, Inbound, Kind, Reply
from storage.errors import DatabaseUnavailableError

BOT = TOKEN.partition(":")[0]
SECRET_PART = TOKEN.partition(":")[2]
CASES: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "fixtures" / "zalo_bot.json").read_text("utf-8")
)
PERSON, MESSAGE = "6ede9afa66b88fe6d6a9", "2d758cb5e222177a4e35"
SENT_AT = dt.datetime(2025, 6, 19, 6, 55, 31, 602_000, tzinfo=dt.UTC)
HINT = "Nhắn số:"


# What is read


def parsed(content: object) -> Received | None:
    event = read(content)
    assert event, shape(content)
    return parse(event, BOT)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_events_are_read_wrapped_and_bare(case: dict[str, Any]) -> None:
    bare, wrapped = parsed(case["event"]), parsed({"ok": True, "result": case["event"]})
    assert bare == wrapped
    if case["said"] is None:
        assert bare is None
        return
    kind, text = case["said"]
    inbound = Inbound(Kind(kind), text, reference=MESSAGE if kind == "text" else "")
    assert bare == Received("zalo_bot", BOT, MESSAGE, PERSON, {"chat": PERSON}, inbound, SENT_AT)


def a_message(**changes: Any) -> str:
    message = {"message_id": "m", "chat": {"id": "c", "chat_type": "PRIVATE"}, "text": "Xin chào"}
    return json.dumps({"event_name": "message.text.received", "message": message | changes})


@pytest.mark.parametrize("number", [5001, 2**53 + 1, 2**64 + 1, 10**60 + 1])
def test_an_id_is_text_whatever_it_looks_like(number: int) -> None:
    chat = {"id": number, "chat_type": "PRIVATE"}
    received = parsed(loaded(a_message(message_id=number, chat=chat).encode()))
    assert received
    assert (received.message_id, received.user_id, received.address) == (
        str(number),
        str(number),
        {"chat": str(number)},
    )


def test_an_address_is_stored_of_nothing_that_was_sent() -> None:
    for case in CASES.values():
        assert "https://" not in repr(parsed(case["event"]))


@pytest.mark.parametrize("date", [None, "soon", 1.5e300, 10**40, [], {"a": 1}])
def test_a_time_that_makes_no_sense_loses_no_message(date: object) -> None:
    received = parsed(loaded(a_message(date=date).encode()))
    assert received
    assert (received.inbound.text, received.sent_at) == ("Xin chào", None)


def test_a_chat_that_is_not_said_to_be_private_is_when_it_bears_the_id_of_who_wrote() -> None:
    for chat, kind in (("c", Kind.GROUP), ("u", Kind.TEXT)):
        received = parsed(loaded(a_message(chat={"id": chat}, **{"from": {"id": "u"}}).encode()))
        assert received
        assert received.inbound.kind is kind


WHOLE = json.dumps(CASES["text"]["event"]).encode()
NO_EVENTS = [
    b"",
    b"null",
    b"1",
    b'"message.text.received"',
    b"[]",
    b"{}",
    b'{"ok": true}',
    b'{"ok": true, "result": []}',
    b'{"event_name": 1}',
    b'{"event_name": "message.text.received", "message": []}',
    a_message(message_id="").encode(),
    a_message(message_id=True).encode(),
    a_message(message_id="a" * 201).encode(),
    a_message(message_id="\ud83d").encode(),
    a_message(chat={"chat_type": "PRIVATE"}).encode(),
    a_message(chat="c").encode(),
    a_message(text=["a"]).encode(),
    a_message(**{"from": "somebody"}).encode(),
    b"\xff\xfe",
    b"9" * 5_000,
    b"[" * 100_000,
    b'{"result":' * 100_000,
    b'{"result":' * 50 + b"{}" + b"}" * 50,
    *(WHOLE[:end] for end in range(0, len(WHOLE), 7)),
]


@pytest.mark.parametrize("raw", NO_EVENTS, ids=range(len(NO_EVENTS)))
def test_what_is_no_event_is_not_read(raw: bytes) -> None:
    assert read(loaded(raw)) is None


def test_a_huge_event_is_read() -> None:
    received = parsed(loaded(a_message(text="khai sinh " * 20_000, more=[{"a": [0] * 20_000}]).encode()))
    assert received
    assert len(received.inbound.text) == 200_000


def test_what_cannot_be_read_is_told_by_its_names_alone() -> None:
    assert shape({"text": "làm khai sinh", "a" * 50: 1, 1: 1}) == ["1", "a" * 20, "text"]
    assert len(shape({str(number): 1 for number in range(1000)})) == 20
    assert shape(["làm khai sinh"]) == "list"


# What is written

STEPS = (Button("Giấy tờ", "ask:documents"), Button("Mở trang", "https://dichvucong.gov.vn/"))


def test_a_reply_is_plain_text_with_numbered_lines() -> None:
    assert render(Reply("Lệ phí **8.000 đồng** & <b>", STEPS), HINT) == [
        "Lệ phí 8.000 đồng & <b>\n\nNhắn số:\n1. Giấy tờ\n2. Mở trang: https://dichvucong.gov.vn/"
    ]


def test_without_a_choice_there_is_no_hint() -> None:
    assert render(Reply("Xong."), HINT) == ["Xong."]
    assert render(Reply("Xong.", STEPS[1:]), HINT) == ["Xong.\n\n1. Mở trang: https://dichvucong.gov.vn/"]
    assert render(Reply("Xong.", (Button("Nhắn riêng", PRIVATE),)), HINT) == ["Xong."]


def test_without_a_hint_the_lines_stand_alone() -> None:
    assert render(Reply("Xong.", STEPS[:1])) == ["Xong.\n\n1. Giấy tờ"]


def test_a_line_is_not_said_twice() -> None:
    reply = Reply("Việc nào?\n1. Giấy tờ\n\nTôi là máy.\n2. Bước khác", (*STEPS[:1], Button("Khác", "other")))
    assert render(reply) == ["Việc nào?\n\nTôi là máy.\n2. Bước khác\n\n1. Giấy tờ\n2. Khác"]


def letters(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize(
    "word", ["khai sinh ", "Dòng một.\nDòng hai.\n\n", "khai", "😀", "1.999 đồng. "], ids=str.strip
)
def test_a_long_reply_is_cut_and_nothing_is_lost(word: str) -> None:
    text = (word * 5_000)[:5_000]
    messages = render(Reply(text, STEPS), HINT)
    assert len(messages) >= 3
    assert all(0 < len(message) <= utf16_units(message) <= 2000 for message in messages)
    assert letters("".join(messages)) == letters(
        f"{text}{HINT}1. Giấy tờ 2. Mở trang: https://dichvucong.gov.vn/"
    )


def test_the_numbered_lines_stay_together() -> None:
    first, last = render(Reply("Câu dài. " * 219, STEPS), HINT)
    assert len(first) > 1900
    assert last == "Nhắn số:\n1. Giấy tờ\n2. Mở trang: https://dichvucong.gov.vn/"


def test_an_empty_reply_is_one_empty_message_for_zalo_to_refuse() -> None:
    assert render(Reply(" \n")) == [""]


# What errors mean


def refusal(number: object, **more: object) -> dict[str, object]:
    return {"ok": False, "error_code": number, "description": "made up", **more}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(200, refusal(400)), ChannelRefusedError),
        (Answer(200, refusal(401)), ChannelUnusableError),
        (Answer(200, refusal("401")), ChannelUnusableError),
        (Answer(200, refusal(403)), ChannelDownError),
        (Answer(200, refusal(404)), ChannelRefusedError),
        (Answer(200, refusal(408)), IdleError),
        (Answer(408, refusal(408)), IdleError),
        (Answer(408, {}), IdleError),
        (Answer(408, None), IdleError),
        (Answer(200, refusal(429)), ChannelBusyError),
        (Answer(200, refusal(500)), ChannelDownError),
        (Answer(200, refusal(503)), ChannelDownError),
        (Answer(200, refusal(460)), ChannelRefusedError),
        (Answer(200, refusal(-201)), ChannelRefusedError),
        (Answer(401, refusal(400)), ChannelRefusedError),
        (Answer(500, refusal(401)), ChannelUnusableError),
        (Answer(401, {"ok": False}), ChannelUnusableError),
        (Answer(502, {"ok": False}), ChannelDownError),
        (Answer(200, {"ok": False}), ChannelDownError),
        (Answer(200, {"ok": False, "error_code": {"a": 1}}), ChannelDownError),
        (Answer(200, {}), ChannelDownError),
        (Answer(200, {"ok": "true"}), ChannelDownError),
        (Answer(200, {"error": 0}), ChannelDownError),
        (Answer(200, None), ChannelDownError),
        (Answer(400, None), ChannelDownError),
        (Answer(401, None), ChannelDownError),
        (Answer(502, None), ChannelDownError),
    ],
    ids=str,
)
def test_errors_are_sorted_by_what_to_do_next(answer: Answer, expected: type[ChannelError]) -> None:
    with pytest.raises(ChannelError) as error:
        result_of(answer)
    assert type(error.value) is expected
    assert "made up" not in str(error.value)


def test_whoever_waits_in_vain_is_down_where_an_answer_was_due() -> None:
    assert issubclass(IdleError, ChannelDownError)


@pytest.mark.parametrize("status", [200, 400, 500])
def test_what_is_told_to_be_right_is_right(status: int) -> None:
    assert result_of(Answer(status, {"ok": True, "result": {"message_id": "m"}})) == {"message_id": "m"}
    assert result_of(Answer(status, {"ok": True})) is None


@pytest.mark.parametrize(
    ("parameters", "header", "seconds"),
    [
        (None, "", None),
        ({"retry_after": 7}, "", 7),
        ({"retry_after": "7.5"}, "", 7.5),
        (None, "9", 9),
        ({"retry_after": 7}, "9", 7),
        ({"retry_after": None}, "9", 9),
        ({"retry_after": 0}, "", 1),
        ({"retry_after": -3}, "", None),
        ({"retry_after": 10**40}, "", None),
        ({"retry_after": 999_999}, "", 3600),
        ("soon", "Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_who_is_asked_to_wait_waits_as_long_as_asked(
    parameters: object, header: str, seconds: float | None
) -> None:
    with pytest.raises(ChannelBusyError) as error:
        result_of(Answer(429, refusal(429, parameters=parameters), header))
    assert error.value.retry_after == seconds


# What is sent


@pytest.fixture
async def fake() -> AsyncIterator[FakeZaloBot]:
    async with fake_zalo_bot() as fake:
        yield fake


class House:
    """The house behind the channel: it keeps what it is given, or is closed; nobody waits in it."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.rests: list[float] = []
        self.closed = False
        self.may_poll = True

    async def accept(self, received: Received) -> bool:
        if self.closed:
            raise DatabaseUnavailableError("closed")
        new = received.message_id not in {one.message_id for one in self.received}
        self.received.append(received)
        return new

    async def polls(self) -> bool:
        return self.may_poll

    async def sleep(self, seconds: float) -> None:
        self.rests.append(seconds)

    @property
    def said(self) -> list[str]:
        return [one.inbound.text for one in self.received]


@pytest.fixture
def house() -> House:
    return House()


def a_bot(house: House, url: str, **settings: Any) -> ZaloBot:
    wanted = ZaloBotSettings(TOKEN, url, **{"hint": HINT, "poll_seconds": 1, **settings})
    return ZaloBot(wanted, house.accept, house.polls, JsonClient(), house.sleep)


@pytest.fixture
async def zalo(fake: FakeZaloBot, house: House) -> AsyncIterator[ZaloBot]:
    zalo = a_bot(house, fake.url)
    yield zalo
    await zalo.stop()


TO = {"chat": AN}
LONG = Reply("khai sinh " * 500, STEPS)


def test_it_is_a_channel_named_after_the_public_part_of_its_token(house: House) -> None:
    channel: Channel = a_bot(house, "http://127.0.0.1:1")
    assert (channel.name, channel.bot) == ("zalo_bot", BOT)
    assert SECRET_PART not in repr(channel)


async def test_a_reply_arrives_as_plain_text(zalo: ZaloBot, fake: FakeZaloBot) -> None:
    await fake.says("Chào")
    await zalo.send(TO, Reply("Chào **anh/chị** <3", STEPS[:1]))
    assert fake.texts_to(AN) == ["Chào anh/chị <3\n\nNhắn số:\n1. Giấy tờ"]
    assert fake.calls[-1][1].keys() == {"chat_id", "text"}


async def test_a_long_reply_goes_on_where_it_stopped(zalo: ZaloBot, fake: FakeZaloBot) -> None:
    await fake.says("Chào")
    fake.next("sendMessage", foreign_page(502))
    with pytest.raises(ChannelDownError) as nothing:
        await zalo.send(TO, LONG)
    assert nothing.value.parts == 0
    await zalo.send(TO, Reply("Một."))
    fake.sent.clear()
    gate = asyncio.Event()
    gate.set()
    fake.next("sendMessage", held(gate), held(gate), refused("made up", 429))
    with pytest.raises(ChannelBusyError) as error:
        await zalo.send(TO, LONG)
    assert error.value.parts == 2
    await zalo.send(TO, LONG, error.value.parts)
    assert fake.texts_to(AN) == render(LONG, HINT)


TROUBLES = [
    (refused("Bad Request", 400), ChannelRefusedError),
    (refused("Unauthorized", 401), ChannelUnusableError),
    (refused("Internal server error", 403), ChannelDownError),
    (refused("Not Found", 404), ChannelRefusedError),
    (refused("Request timeout", 408), ChannelDownError),
    (refused("Quota exceeded", 429), ChannelBusyError),
    (refused("Internal server error", 500), ChannelDownError),
    (foreign_page(200), ChannelDownError),
    (foreign_page(302), ChannelDownError),
    (foreign_page(401), ChannelDownError),
    (foreign_page(502), ChannelDownError),
    (lost_answer, ChannelDownError),
]


@pytest.mark.parametrize("plain_status", [False, True])
@pytest.mark.parametrize(("trouble", "expected"), TROUBLES)
async def test_errors_on_the_wire_are_sorted_and_hold_no_secret(
    zalo: ZaloBot, fake: FakeZaloBot, trouble: Any, expected: type[Exception], *, plain_status: bool
) -> None:
    await fake.says("Chào")
    fake.plain_status = plain_status
    fake.next("sendMessage", trouble)
    with pytest.raises(expected) as error:
        await zalo.send(TO, Reply("Chào"))
    told = "".join(traceback.format_exception(error.value))
    assert SECRET_PART not in told
    assert AN not in told


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://127.0.0.1:99999"], ids=["closed", "no port"])
async def test_an_unreachable_zalo_is_down(house: House, url: str) -> None:
    zalo = a_bot(house, url)
    with pytest.raises(ChannelDownError) as error:
        await zalo.send(TO, Reply("Chào"))
    assert SECRET_PART not in "".join(traceback.format_exception(error.value))
    await zalo.stop()


async def test_whoever_cannot_be_reached_is_refused(zalo: ZaloBot) -> None:
    with pytest.raises(ChannelRefusedError):
        await zalo.send({"chat": "nobody"}, Reply("Chào"))


# What is fetched


async def test_messages_are_fetched_one_by_one(zalo: ZaloBot, fake: FakeZaloBot, house: House) -> None:
    await fake.says("một")
    await fake.sends("image", caption="hai")
    assert await zalo.poll()
    assert house.said == ["một"]
    assert await zalo.poll()
    assert house.said == ["một", "hai"]
    assert [one.inbound.kind for one in house.received] == [Kind.TEXT, Kind.UNREADABLE]


async def test_an_idle_end_is_followed_at_once_by_the_next_poll(
    zalo: ZaloBot, fake: FakeZaloBot, house: House
) -> None:
    assert await zalo.poll()
    await fake.says("một")
    assert await zalo.poll()
    assert house.said == ["một"]
    assert house.rests == []
    assert [name for name, _ in fake.calls[:3]] == ["deleteWebhook", "getUpdates", "getUpdates"]


async def test_an_end_that_comes_too_soon_is_not_hurried_after(
    zalo: ZaloBot, fake: FakeZaloBot, house: House
) -> None:
    fake.next("getUpdates", refused("Request timeout", 408), foreign_page(408))
    assert [await zalo.poll() for _ in range(2)] == [False, False]
    assert house.rests == []


async def test_what_was_fetched_is_stored_before_anything_else_is(
    zalo: ZaloBot, fake: FakeZaloBot, house: House
) -> None:
    await fake.says("một")
    await fake.says("hai")
    house.closed = True
    for _ in range(3):
        with pytest.raises(DatabaseUnavailableError):
            await zalo.poll()
    assert fake.called("getUpdates") == 1
    house.closed, house.may_poll = False, False
    await zalo.poll()
    assert house.said == ["một"], "whoever polls next"
    house.may_poll = True
    await zalo.poll()
    assert house.said == ["một", "hai"]


async def test_an_event_that_cannot_be_read_holds_up_nobody(
    zalo: ZaloBot, fake: FakeZaloBot, house: House
) -> None:
    await fake.happens("message.text.received", chat="nowhere", text="chuyện riêng")
    await fake.happens("bot.joined.group")
    await fake.says("còn \ud83d đây")
    with capture_logs() as logs:
        await zalo.poll()
        await zalo.poll()
        await zalo.poll()
    assert [one.inbound.text[:3] for one in house.received] == ["còn"]
    assert [line["shape"] for line in logs] == [["event_name", "message"]]
    assert "chuyện riêng" not in str(logs)


async def test_who_may_not_poll_does_not_call(zalo: ZaloBot, fake: FakeZaloBot, house: House) -> None:
    house.may_poll = False
    assert not await zalo.poll()
    assert not fake.calls


@pytest.mark.parametrize(
    ("trouble", "cause", "rest"),
    [
        (refused("Unauthorized", 401), "the token is refused (401)", REST_SECONDS),
        (refused("Internal server error", 403), "error 403", REST_SECONDS),
        (refused("Internal server error", 500), "error 500", REST_SECONDS),
        (refused("Quota exceeded", 429), "wait", REST_SECONDS),
        (refused("Quota exceeded", 429, retry_after=70), "wait 70 s", 70),
        (foreign_page(200), "no answer of Zalo's (status 200)", REST_SECONDS),
        (foreign_page(502), "no answer of Zalo's (status 502)", REST_SECONDS),
    ],
)
async def test_bad_days_are_waited_out_and_told_without_secrets(
    zalo: ZaloBot, fake: FakeZaloBot, house: House, trouble: Any, cause: str, rest: float
) -> None:
    fake.next("deleteWebhook", trouble)
    with capture_logs() as logs:
        assert not await zalo.poll()
        fake.next("getUpdates", trouble)
        assert not await zalo.poll()
    await fake.says("Chào")
    assert await zalo.poll()
    assert house.said == ["Chào"]
    assert house.rests == [rest, rest]
    assert [line["cause"] for line in logs] == [cause, cause]
    assert SECRET_PART not in str(logs)


async def test_where_no_webhook_can_be_taken_away_is_polled_all_the_same(
    zalo: ZaloBot, fake: FakeZaloBot, house: House
) -> None:
    fake.next("deleteWebhook", refused("Not Found", 404))
    await fake.says("Chào")
    assert await zalo.poll()
    assert house.said == ["Chào"]


async def test_a_webhook_set_by_somebody_else_does_not_leave_us_deaf(
    zalo: ZaloBot, fake: FakeZaloBot, house: House
) -> None:
    await fake.says("một")
    await zalo.poll()
    fake.pushing = False
    fake.webhook = ("https://elsewhere.example/", "")
    await fake.says("hai")
    assert not await zalo.poll()
    assert await zalo.poll()
    assert house.said == ["một", "hai"]


async def test_a_webhook_is_set_once_and_never_polled(fake: FakeZaloBot, house: House) -> None:
    fake.pinging = False
    hook = f"{fake.url}/webhook/zalo-bot"
    zalo = a_bot(house, fake.url, webhook_url=hook, webhook_secret="a-Secret_1")
    fake.next("setWebhook", refused("Bad Request", 400), foreign_page(502))
    assert [await zalo.poll() for _ in range(5)] == [False] * 5
    assert fake.webhook == (hook, "a-Secret_1")
    assert [name for name, _ in fake.calls] == ["setWebhook"] * 3
    assert house.rests == [REST_SECONDS] * 2
    await zalo.stop()


def test_a_webhook_without_a_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="secret"):
        ZaloBotSettings(TOKEN, "https://zalo.example", "https://example.vn/webhook/zalo-bot")


# «Is typing»


async def test_who_wrote_sees_that_somebody_is_typing(zalo: ZaloBot, fake: FakeZaloBot) -> None:
    await fake.says("Chào")
    await zalo.poll()
    await fake.until(lambda: fake.typing_in == {AN: 1})


async def test_nobody_types_for_a_repeat_or_for_what_is_no_text(zalo: ZaloBot, fake: FakeZaloBot) -> None:
    event = await fake.says("Chào")
    await zalo.poll()
    await fake.until(lambda: fake.typing_in == {AN: 1})
    fake.report("again", event)
    await fake.sends("sticker")
    await fake.says("@Bot", chat={"id": AN, "chat_type": "GROUP"})
    for _ in range(3):
        await zalo.poll()
    await fake.says("Chào", "another")
    await zalo.poll()
    await fake.until(lambda: fake.typing_in == {AN: 1, "another": 1})


async def test_typing_holds_up_nothing(zalo: ZaloBot, fake: FakeZaloBot, house: House) -> None:
    gate = asyncio.Event()
    fake.always("sendChatAction", held(gate))
    for number in range(TYPING_AT_ONCE + 5):
        await fake.says(f"câu {number}")
        await zalo.poll()
    assert len(house.received) == TYPING_AT_ONCE + 5
    await fake.until(lambda: fake.called("sendChatAction") == TYPING_AT_ONCE)
    gate.set()
    await fake.until(lambda: fake.typing_in == {AN: TYPING_AT_ONCE} and not fake.busy)


async def test_typing_that_fails_is_nobodys_trouble(zalo: ZaloBot, fake: FakeZaloBot) -> None:
    troubles: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, trouble: troubles.append(trouble))
    fake.next("sendChatAction", foreign_page(502))
    await fake.says("một")
    await zalo.poll()
    await fake.until(lambda: fake.called("sendChatAction") and not fake.busy)
    await zalo.send(TO, Reply("Chào"))
    gc.collect()
    assert troubles == []


async def test_it_stops_while_it_types(fake: FakeZaloBot, house: House) -> None:
    fake.always("sendChatAction", held(asyncio.Event()))
    zalo = a_bot(house, fake.url)
    await fake.says("Chào")
    await zalo.poll()
    await fake.until(lambda: fake.called("sendChatAction"))
    with capture_logs() as logs:
        async with asyncio.timeout(ANSWER_SECONDS / 2):
            await zalo.stop()
        await fake.until(lambda: not fake.busy)
    assert (fake.typing_in, logs) == ({}, [])
