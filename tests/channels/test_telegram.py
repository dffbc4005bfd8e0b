"""Telegram without the rest of the house: what is read, what is written, and what is done with errors."""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from telegram import InlineKeyboardMarkup

from bot.channels.base import (
    Channel,
    ChannelBlockedError,
    ChannelBusyError,
    ChannelDownError,
    ChannelRefusedError,
    Received,
)
from bot.channels.split import split, utf16_units
from bot.channels.telegram import Telegram, TelegramSettings
from bot.channels.telegram_replies import render, render_buttons
from bot.channels.telegram_updates import UPDATE, parse
from bot.fakes.telegram import (
    TOKEN,
    FakeTelegram,
    fake_telegram,
    foreign_page,
    lost_answer,
    refused,
    too_many,
)
from bot.fakes.telegram_rules import checked_keyboard, checked_text
from intents.turn import Button, Inbound, Kind, Reply
from storage.errors import DatabaseUnavailableError

BOT = TOKEN.partition(":")[0]
CASES: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "fixtures" / "telegram.json").read_text("utf-8")
)
TO = {"chat": "5001"}


# What is read


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_updates_are_read(case: dict[str, Any]) -> None:
    received = parse(UPDATE.validate_python(case["update"]), BOT)
    if case["said"] is None:
        assert received is None
        return
    kind, text, payload = case["said"]
    message_id = str(case["update"]["update_id"])
    assert received == Received(
        "telegram", BOT, message_id, "5001", {"chat": "5001"}, Inbound(Kind(kind), text, payload)
    )


def test_the_photos_of_an_album_are_one_message() -> None:
    first, second = (
        a_message(number, photo=[], media_group_id="13370000", caption=caption)
        for number, caption in ((1, "sổ đỏ của tôi"), (2, None))
    )
    assert first.message_id == second.message_id == "album 13370000"


def a_message(update_id: int, **content: Any) -> Received:
    message = {"chat": {"id": 5001, "type": "private"}, **content}
    received = parse(UPDATE.validate_python({"update_id": update_id, "message": message}), BOT)
    assert received
    return received


# What is written


def seen(messages: list[str]) -> list[str]:
    """Return what the person sees; fails when Telegram would refuse a message."""
    return [checked_text({"text": message, "parse_mode": "HTML"}) for message in messages]


def test_text_stays_text_and_bold_becomes_bold() -> None:
    assert render(Reply("Lệ phí **8.000 đồng** & <b>miễn</b> «tự khai»")) == [
        "Lệ phí <b>8.000 đồng</b> &amp; &lt;b&gt;miễn&lt;/b&gt; «tự khai»"
    ]


@pytest.mark.parametrize("text", ["2 ** 3 ** 4", "**", "****", "** a **", "**a", "**a\nb**", "*a*"])
def test_stars_that_mark_nothing_are_shown(text: str) -> None:
    assert seen(render(Reply(text))) == [text]


@pytest.mark.parametrize(
    "word",
    [
        "khai sinh ",
        "Dòng một.\nDòng hai.\n\n",
        "khai",
        "😀",
        "**đậm** & <nhạt> ",
        "**rất " + "đậm " * 900 + "** ",
    ],
    ids=["words", "paragraphs", "one long word", "emoji", "marks", "long bold"],
)
def test_a_long_text_is_cut_and_nothing_is_lost(word: str) -> None:
    text = (word * 20_000)[:20_000]
    messages = seen(render(Reply(text)))
    assert len(messages) >= 5
    assert letters("".join(messages)) == letters(text)


def letters(text: str) -> str:
    return re.sub(r"[\s*]", "", text)


def test_a_long_text_is_cut_where_a_reader_pauses() -> None:
    paragraph = "Câu thứ nhất. Câu thứ hai dài hơn một chút.\n\n"
    assert list(split(paragraph * 4, 100)) == [(paragraph * 2).strip()] * 2
    assert list(split("Việc cần làm. Hai câu nữa.", 20)) == ["Việc cần làm.", "Hai câu nữa."]
    assert list(split("Các bước cần làm: 1. Nộp", 21)) == ["Các bước cần làm:", "1. Nộp"]


@pytest.mark.parametrize(("text", "limit"), [("😀😀", 1), (" " * 50 + "a", 5), ("ab", 1)])
def test_the_narrowest_limit_still_ends(text: str, limit: int) -> None:
    assert letters("".join(split(text, limit, utf16_units))) == letters(text)


def test_emoji_count_as_telegram_counts_them() -> None:
    first, second = render(Reply("😀" * 2050))
    assert utf16_units(first) <= 4096
    assert first + second == "😀" * 2050


def test_bold_is_closed_and_opened_again_at_a_cut() -> None:
    first, second = render(Reply("**" + "đậm " * 1500 + "hết**"))
    assert first.startswith("<b>đậm")
    assert first.endswith("đậm</b>")
    assert second.startswith("<b>đậm")
    assert second.endswith("hết</b>")


def test_an_empty_reply_is_one_empty_message_for_telegram_to_refuse() -> None:
    assert render(Reply(" \n")) == [""]


def rows(*buttons: Button) -> list[list[dict[str, Any]]]:
    """Return the keyboard as Telegram takes it; fails when it would be refused."""
    keyboard = render_buttons(buttons)
    assert isinstance(keyboard, InlineKeyboardMarkup)
    return checked_keyboard({"reply_markup": keyboard.to_json()})


def test_two_short_labels_share_a_row() -> None:
    labels = [
        "Giấy tờ",
        "Lệ phí",
        "Nộp qua mạng thế nào",
        "Nơi nộp",
        "Cách gửi qua bưu điện",
        "Bao lâu",
        "Hỏi",
    ]
    found = [[button["text"] for button in row] for row in rows(*(Button(label, "x") for label in labels))]
    assert found == [labels[:2], [labels[2]], [labels[3]], [labels[4]], labels[5:]]


def test_a_page_opens_and_anything_else_is_a_payload() -> None:
    page, step = rows(
        Button("Mở trang chính thức", "https://dichvucong.gov.vn/"),
        Button("Giấy tờ", "http://dichvucong.gov.vn"),
    )
    assert page == [{"text": "Mở trang chính thức", "url": "https://dichvucong.gov.vn/"}]
    assert step == [{"text": "Giấy tờ", "callback_data": "http://dichvucong.gov.vn"}]


def test_a_payload_that_is_too_long_is_cut_between_letters() -> None:
    ((button,),) = rows(Button("Giấy tờ", "say:" + "đ" * 31))
    assert button["callback_data"] == "say:" + "đ" * 30


def test_no_buttons_make_no_keyboard() -> None:
    assert render_buttons(()) is None


# What is sent


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with fake_telegram() as fake:
        yield fake


class House:
    """The house behind the channel: it keeps what it is given, or is closed."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.closed = False
        self.may_poll = True

    async def accept(self, received: Received) -> bool:
        if self.closed:
            raise DatabaseUnavailableError("closed")
        self.received.append(received)
        return True

    async def polls(self) -> bool:
        return self.may_poll

    @property
    def said(self) -> list[str]:
        return [one.inbound.text or one.inbound.payload for one in self.received]


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def telegram(fake: FakeTelegram, house: House) -> AsyncIterator[Telegram]:
    telegram = Telegram(TelegramSettings(TOKEN, fake.url, rest_seconds=0), house.accept, house.polls)
    yield telegram
    await telegram.stop()


def test_it_is_a_channel_named_after_the_public_part_of_its_token(telegram: Telegram) -> None:
    channel: Channel = telegram
    assert (channel.name, channel.bot) == ("telegram", BOT)


async def test_a_reply_arrives_as_one_message(telegram: Telegram, fake: FakeTelegram) -> None:
    await fake.says("/start")
    await telegram.send(TO, Reply("Chào **anh/chị** <3", (Button("Giấy tờ", "documents"),)))
    assert fake.texts_to(5001) == ["Chào anh/chị <3"]
    assert fake.sent[0].labels == ["Giấy tờ"]
    assert json.loads(fake.calls[-1][1]["link_preview_options"]) == {"is_disabled": True}


async def test_a_long_reply_has_its_buttons_at_the_end(telegram: Telegram, fake: FakeTelegram) -> None:
    await fake.says("/start")
    await telegram.send(TO, Reply("khai sinh " * 900, (Button("Giấy tờ", "documents"),)))
    assert [message.labels for message in fake.sent] == [[], [], ["Giấy tờ"]]


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        (too_many(7), ChannelBusyError),
        (refused("bot was blocked by the user", 403), ChannelBlockedError),
        (refused("user is deactivated", 403), ChannelBlockedError),
        (refused("chat not found"), ChannelBlockedError),
        (refused("PEER_ID_INVALID"), ChannelBlockedError),
        (refused("can't parse entities"), ChannelRefusedError),
        (refused("invalid token specified", 401), ChannelDownError),
        (refused("Internal Server Error", 500), ChannelDownError),
        (foreign_page(200), ChannelDownError),
        (foreign_page(400), ChannelDownError),
        (foreign_page(403), ChannelDownError),
        (foreign_page(502), ChannelDownError),
        (lost_answer, ChannelDownError),
    ],
)
async def test_errors_are_sorted_by_what_to_do_next(
    telegram: Telegram, fake: FakeTelegram, trouble: Any, expected: type[Exception]
) -> None:
    await fake.says("/start")
    fake.next("sendmessage", trouble)
    with pytest.raises(expected) as error:
        await telegram.send(TO, Reply("Chào"))
    assert TOKEN not in str(error.value)
    if isinstance(error.value, ChannelBusyError):
        assert error.value.retry_after == 7


async def test_an_unreachable_telegram_is_down(house: House) -> None:
    telegram = Telegram(TelegramSettings(TOKEN, "http://127.0.0.1:1"), house.accept, house.polls)
    with pytest.raises(ChannelDownError):
        await telegram.send(TO, Reply("Chào"))
    await telegram.stop()


# What is fetched


async def test_what_is_stored_is_confirmed_and_what_is_not_comes_again(
    telegram: Telegram, fake: FakeTelegram, house: House
) -> None:
    await fake.says("một")
    await fake.says("hai")
    house.closed = True
    with pytest.raises(DatabaseUnavailableError):
        await telegram.poll()
    assert len(fake.pending) == 2
    house.closed = False
    await telegram.poll()
    await fake.says("ba")
    await telegram.poll()
    assert house.said == ["một", "hai", "ba"]
    assert [update["message"]["text"] for update in fake.pending] == ["ba"]


async def test_an_update_that_cannot_be_read_holds_up_nobody(
    telegram: Telegram, fake: FakeTelegram, house: House
) -> None:
    await fake.happens("message", {"chat": "nowhere"})
    await fake.says("\ud83d")
    await fake.happens("message", {"chat": {"id": 5001, "type": "private"}, "gift": {"broken": True}})
    await fake.says("còn đây")
    await telegram.poll()
    assert house.said == ["", "còn đây"]


async def test_a_tap_is_taken_and_its_spinner_stopped(
    telegram: Telegram, fake: FakeTelegram, house: House
) -> None:
    tap = await fake.taps("ask:fee")
    await telegram.poll()
    assert house.said == ["ask:fee"]
    await fake.until(lambda: fake.taps_answered == [tap["callback_query"]["id"]])


async def test_a_tap_too_old_to_be_confirmed_is_taken_all_the_same(
    telegram: Telegram, fake: FakeTelegram, house: House
) -> None:
    await fake.taps("ask:fee")
    fake.next("answercallbackquery", refused("query is too old"))
    await telegram.poll()
    await fake.until(lambda: fake.called("answercallbackquery") and not fake.busy)
    assert house.said == ["ask:fee"]


async def test_only_what_is_understood_is_asked_for(
    telegram: Telegram, fake: FakeTelegram, house: House
) -> None:
    await fake.says("Chào")
    await telegram.poll()
    await fake.happens("poll_answer", {"poll_id": "1"})
    await fake.says("Chào")
    await telegram.poll()
    assert len(fake.pending) == 1
    assert house.said == ["Chào", "Chào"]


async def test_who_may_not_poll_does_not_call(telegram: Telegram, fake: FakeTelegram, house: House) -> None:
    house.may_poll = False
    assert not await telegram.poll()
    assert not fake.calls


@pytest.mark.parametrize(
    "trouble", [too_many(1), refused("Internal Server Error", 500), foreign_page(200), refused("x", 401)]
)
async def test_bad_days_are_waited_out(
    telegram: Telegram, fake: FakeTelegram, house: House, trouble: Any
) -> None:
    await fake.says("Chào")
    fake.next("deletewebhook", trouble)
    fake.next("getupdates", trouble)
    assert not await telegram.poll()
    assert not await telegram.poll()
    assert await telegram.poll()
    assert house.said == ["Chào"]


async def test_a_webhook_set_by_somebody_else_does_not_leave_us_deaf(
    telegram: Telegram, fake: FakeTelegram, house: House
) -> None:
    await fake.says("một")
    await telegram.poll()
    fake.webhook = ("https://elsewhere.example/", "")
    await fake.says("hai")
    assert not await telegram.poll()
    assert await telegram.poll()
    assert house.said == ["một", "hai"]


async def test_a_webhook_is_set_once_and_never_polled(fake: FakeTelegram, house: House) -> None:
    hook = f"{fake.url}/webhook/telegram"
    settings = TelegramSettings(TOKEN, fake.url, hook, "a-Secret_1", rest_seconds=0)
    telegram = Telegram(settings, house.accept, house.polls)
    assert [await telegram.poll() for _ in range(3)] == [False] * 3
    assert fake.webhook == (hook, "a-Secret_1")
    assert [name for name, _ in fake.calls] == ["setwebhook"]
    await telegram.stop()


def test_a_webhook_without_a_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="secret"):
        TelegramSettings(TOKEN, "https://api.telegram.org", "https://example.vn/webhook/telegram")


def test_html_of_a_person_is_shown_as_typed() -> None:
    typed = '<a href="https://evil.example">bấm</a> & &lt;'
    (message,) = render(Reply(f"Không có việc «{typed}»"))
    assert seen([message]) == [f"Không có việc «{typed}»"]
    assert html.unescape(message) == f"Không có việc «{typed}»"
