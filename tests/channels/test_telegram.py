"""Telegram without the rest of the house: what is read, what is written, and what is done with errors."""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from telegram import InlineKeyboardMarkup

from bot.channels.base import (
    Channel,
    ChannelBlockedError,
    ChannelBusyError,
    ChannelDownError,
    ChannelRefusedError,
    ChannelUnusableError,
    Received,
)
from bot.channels.split import split, utf16_units
from bot.channels.telegram import Telegram, TelegramSettings
from bot.channels.telegram_commands import Command, commands_of
from bot.channels.telegram_replies import render, render_buttons, with_choice
from bot.channels.telegram_updates import ALLOWED, UPDATE, Account, parse
from bot.fakes.telegram import (
    TOKEN,
    FakeTelegram,
    Trouble,
    fake_telegram,
    foreign_page,
    held,
    lost_answer,
    refused,
    too_many,
)
from bot.fakes.telegram_rules import checked_keyboard, checked_text
from intents.turn import PRIVATE, Button, Inbound, Kind, Reply
from storage.errors import DatabaseUnavailableError

BOT = TOKEN.partition(":")[0]
CASES: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "fixtures" / "telegram.json").read_text("utf-8")
)
COMMANDS = commands_of(yaml.safe_load(Path("content/answers/telegram.yaml").read_text("utf-8")))
ACCOUNT = Account(BOT, "made_up_bot", {command.name: command.topic for command in COMMANDS if command.topic})
TO = {"chat": "5001"}
GROUP = -1_001_234_567_890


# What is read


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_updates_are_read(case: dict[str, Any]) -> None:
    received = parse(UPDATE.validate_python(case["update"]), ACCOUNT)
    if case["said"] is None:
        assert received is None
        return
    kind, text, payload = case["said"]
    chat = case.get("chat", "5001")
    address = {"chat": chat} | ({"thread": case["thread"]} if "thread" in case else {})
    message_id = str(case["update"]["update_id"])
    inbound = Inbound(Kind(kind), text, payload, case.get("reference", ""))
    assert received == Received("telegram", BOT, message_id, chat, address, inbound)


def test_the_photos_of_an_album_are_one_message() -> None:
    first, second = (
        a_message(number, photo=[], media_group_id="13370000", caption=caption)
        for number, caption in ((1, "sổ đỏ của tôi"), (2, None))
    )
    assert first.message_id == second.message_id == "album 13370000"


def test_as_long_as_we_do_not_know_our_name_telegram_is_believed_to_bring_what_is_ours() -> None:
    update = UPDATE.validate_python(CASES["group_mention_of_another"]["update"])
    received = parse(update, replace(ACCOUNT, username=""))
    assert received
    assert received.inbound == Inbound(Kind.GROUP)


def a_message(update_id: int, **content: Any) -> Received:
    message = {"chat": {"id": 5001, "type": "private"}, **content}
    received = parse(UPDATE.validate_python({"update_id": update_id, "message": message}), ACCOUNT)
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


def test_a_button_to_a_private_chat_bears_our_name_or_is_left_out() -> None:
    button = Button("Nhắn riêng", PRIVATE)
    keyboard = render_buttons((button,), "made_up_bot")
    assert keyboard
    assert keyboard.inline_keyboard[0][0].url == "https://t.me/made_up_bot?start=group"
    assert render_buttons((button,)) is None


# What is marked


def keys(*labels: str, **more: str) -> dict[str, Any]:
    row = [{"text": label, "callback_data": label.removeprefix("✓ ")} for label in labels]
    return {"inline_keyboard": [row, [{"text": "Mở trang", "url": "https://dichvucong.gov.vn/"} | more]]}


def marked(markup: object, data: str) -> list[list[str]] | None:
    keyboard = with_choice(markup, data)
    return [[button.text for button in row] for row in keyboard.inline_keyboard] if keyboard else None


def test_what_was_tapped_bears_a_mark_and_all_buttons_stay() -> None:
    keyboard = with_choice(keys("Phí", "Giấy tờ"), "Phí")
    assert keyboard
    assert checked_keyboard({"reply_markup": keyboard.to_json()}) == [
        [{"text": "✓ Phí", "callback_data": "Phí"}, {"text": "Giấy tờ", "callback_data": "Giấy tờ"}],
        [{"text": "Mở trang", "url": "https://dichvucong.gov.vn/"}],
    ]


def test_the_mark_moves_to_what_is_tapped_next() -> None:
    assert marked(keys("✓ Phí", "Giấy tờ"), "Giấy tờ") == [["Phí", "✓ Giấy tờ"], ["Mở trang"]]


@pytest.mark.parametrize(
    ("markup", "data"),
    [
        (keys("✓ Phí", "Giấy tờ"), "Phí"),
        (keys("Phí"), "Giấy tờ"),
        (keys("✓ Phí"), "https://dichvucong.gov.vn/"),
        (keys("Phí", web_app="x", url=""), ""),
        (
            {"inline_keyboard": [[{"text": "Phí", "callback_data": "Phí"}, {"text": "Trả", "pay": True}]]},
            "Phí",
        ),
        ({"inline_keyboard": [[{"text": 7, "callback_data": "Phí"}]]}, "Phí"),
        ({"inline_keyboard": "Phí"}, "Phí"),
        ({"keyboard": [["Phí"]]}, "Phí"),
        ([], ""),
        (None, ""),
    ],
    ids=["marked", "unknown", "a page", "no tap", "not ours", "no label", "no rows", "other", "list", "none"],
)
def test_a_keyboard_is_left_alone_where_nothing_changes_or_it_is_not_ours(markup: object, data: str) -> None:
    assert with_choice(markup, data) is None


# What is sent


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with fake_telegram() as fake:
        yield fake


class House:
    """The house behind the channel: it keeps what it is given, or is closed."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.known: set[str] = set()
        self.closed = False
        self.may_poll = True

    async def accept(self, received: Received) -> bool:
        if self.closed:
            raise DatabaseUnavailableError("closed")
        new = received.message_id not in self.known
        self.known.add(received.message_id)
        self.received.extend([received] * new)
        return new

    async def polls(self) -> bool:
        return self.may_poll

    @property
    def said(self) -> list[str]:
        return [one.inbound.text or one.inbound.payload for one in self.received]


@pytest.fixture
def house() -> House:
    return House()


def a_bot(fake: FakeTelegram, house: House, *, webhook: bool = False) -> Telegram:
    url, secret = (f"{fake.url}/webhook/telegram", "a-Secret_1") if webhook else ("", "")
    settings = TelegramSettings(TOKEN, fake.url, url, secret, rest_seconds=0, look_seconds=0)
    return Telegram(settings, house.accept, house.polls, COMMANDS)


@pytest.fixture
async def telegram(fake: FakeTelegram, house: House) -> AsyncIterator[Telegram]:
    telegram = a_bot(fake, house)
    yield telegram
    await telegram.stop()


@pytest.fixture
async def hooked(fake: FakeTelegram, house: House) -> AsyncIterator[Telegram]:
    """A bot that takes its updates by webhook; nothing is posted unless a test does it."""
    fake.pushing = False
    telegram = a_bot(fake, house, webhook=True)
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
        (refused("not enough rights to send text messages to the chat"), ChannelBlockedError),
        (refused("bot was kicked from the supergroup chat", 403), ChannelBlockedError),
        (refused("group chat was upgraded", 400, migrate_to_chat_id=-1_005), ChannelRefusedError),
        (refused("invalid token specified", 401), ChannelUnusableError),
        (refused("Not Found", 404), ChannelUnusableError),
        (refused("Internal Server Error", 500), ChannelDownError),
        (foreign_page(200), ChannelDownError),
        (foreign_page(400), ChannelDownError),
        (foreign_page(401), ChannelDownError),
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


# How updates come


async def test_a_webhook_is_set_once_and_never_polled(hooked: Telegram, fake: FakeTelegram) -> None:
    assert [await hooked.poll() for _ in range(3)] == [False] * 3
    assert fake.webhook == (f"{fake.url}/webhook/telegram", "a-Secret_1")
    assert (fake.called("setwebhook"), fake.called("getupdates")) == (1, 0)
    assert json.loads(fake.last("setwebhook")["allowed_updates"]) == list(ALLOWED)


async def test_a_webhook_that_somebody_took_away_is_set_again(hooked: Telegram, fake: FakeTelegram) -> None:
    await hooked.poll()
    ours = fake.webhook
    for theirs in (("", ""), ("https://elsewhere.example/", "")):
        fake.webhook = theirs
        await fake.says("Chào")
        await hooked.poll()
        assert fake.webhook == ours
    assert len(fake.pending) == 2, "what waits is kept"


async def test_a_lost_webhook_is_set_again_as_soon_as_telegram_is_back(
    fake: FakeTelegram, house: House
) -> None:
    settings = TelegramSettings(TOKEN, fake.url, f"{fake.url}/hook", "a-Secret_1", 0, 0)
    telegram = Telegram(settings, house.accept, house.polls)
    await telegram.poll()
    fake.webhook = ("", "")
    fake.next("getwebhookinfo", foreign_page(502))
    fake.next("setwebhook", foreign_page(502))
    await telegram.poll()
    await telegram.poll()
    assert fake.webhook == ("", "")
    fake.next("getwebhookinfo", foreign_page(502))
    await telegram.poll()
    assert fake.webhook[0] == f"{fake.url}/hook", "it knew that the webhook was lost, and did not ask again"
    await telegram.stop()


async def test_a_webhook_is_not_looked_at_all_the_time(fake: FakeTelegram, house: House) -> None:
    settings = TelegramSettings(TOKEN, fake.url, f"{fake.url}/hook", "a-Secret_1")
    telegram = Telegram(settings, house.accept, house.polls)
    for _ in range(3):
        await telegram.poll()
    assert (fake.called("setwebhook"), fake.called("getwebhookinfo")) == (1, 0)
    await telegram.stop()


async def test_what_waits_is_kept_when_the_way_changes(
    telegram: Telegram, hooked: Telegram, fake: FakeTelegram, house: House
) -> None:
    """Three processes, one after the other: each may do what it is set to once the one before has stopped."""
    await fake.says("một")
    await telegram.poll()
    await fake.says("hai")
    await hooked.poll()
    assert [update["message"]["text"] for update in fake.pending] == ["một", "hai"], "neither is confirmed"
    await fake.says("ba")
    back = a_bot(fake, house)
    assert await back.poll()
    assert not await a_poll_that_finds_nothing(back, fake)
    assert house.said == ["một", "hai", "ba"], "the first came twice and was taken once"
    await back.stop()


async def a_poll_that_finds_nothing(telegram: Telegram, fake: FakeTelegram) -> list[Any]:
    """Confirm what was fetched; return what Telegram still keeps."""
    poll = asyncio.create_task(telegram.poll())
    await fake.until(lambda: not fake.pending)
    poll.cancel()
    await asyncio.gather(poll, return_exceptions=True)
    return fake.pending


async def test_who_polls_while_another_sets_the_webhook_does_not_fight(
    telegram: Telegram, hooked: Telegram, fake: FakeTelegram, house: House
) -> None:
    """A rolling change: the new process has the lease before the long poll of the old one has ended."""
    poll = asyncio.create_task(telegram.poll())
    await fake.until(lambda: fake.called("getupdates"))
    await hooked.poll()
    house.may_poll = False
    assert not await poll, "ended by Telegram, with a conflict"
    for _ in range(3):
        assert not await telegram.poll()
    assert fake.webhook[0].endswith("/webhook/telegram")
    assert (fake.called("deletewebhook"), fake.called("getupdates")) == (1, 1)


async def test_who_gets_the_lease_back_sets_up_again(
    telegram: Telegram, hooked: Telegram, fake: FakeTelegram, house: House
) -> None:
    await hooked.poll()
    house.may_poll = False
    await hooked.poll()
    house.may_poll = True
    await fake.says("Chào")
    await telegram.poll()
    assert fake.webhook == ("", "")
    await hooked.poll()
    assert fake.webhook[0].endswith("/webhook/telegram")


# Who we are


async def test_commands_and_name_are_told_once_however_often_it_is_set_up(
    telegram: Telegram, fake: FakeTelegram, house: House
) -> None:
    for _ in range(2):
        await fake.says("Chào")
        await telegram.poll()
        await fake.until(lambda: set(fake.commands) == {"", "vi"} and not fake.busy)
        house.may_poll = False
        await telegram.poll()
        house.may_poll = True
    assert fake.called("deletewebhook") == 2
    assert fake.commands[""] == fake.commands["vi"]
    assert fake.commands["vi"][0] == {"command": "start", "description": "Bắt đầu"}
    assert (fake.called("setmycommands"), fake.called("getme")) == (2, 1)


@pytest.mark.parametrize("trouble", [too_many(60), refused("Not Found", 404), foreign_page(200), lost_answer])
async def test_a_menu_that_is_refused_does_not_make_us_deaf(
    telegram: Telegram, fake: FakeTelegram, house: House, trouble: Trouble
) -> None:
    fake.next("setmycommands", trouble)
    fake.next("getme", trouble)
    await fake.says("Chào")
    assert await telegram.poll()
    assert house.said == ["Chào"]
    await fake.until(lambda: fake.called("setmycommands") and fake.called("getme") and not fake.busy)
    house.may_poll = False
    await telegram.poll()
    house.may_poll = True
    await fake.says("Chào")
    await telegram.poll()
    await fake.until(lambda: set(fake.commands) == {"", "vi"} and fake.called("getme") == 2)


async def test_the_bot_needs_no_menu(fake: FakeTelegram, house: House) -> None:
    telegram = Telegram(TelegramSettings(TOKEN, fake.url), house.accept, house.polls)
    await fake.says("/mucdo")
    await telegram.poll()
    await fake.until(lambda: fake.called("getme") and not fake.busy)
    assert not fake.called("setmycommands")
    assert house.received[0].inbound.kind is Kind.TEXT
    await telegram.stop()


def test_every_command_can_be_shown() -> None:
    assert [command.name for command in COMMANDS if not command.is_fit] == []
    assert COMMANDS[0] == Command("start", "Bắt đầu", "")


@pytest.mark.parametrize(
    "command", [Command("mứcđộ", "Mức", "x"), Command("Muc", "Mức", "x"), Command("muc", "", "x")]
)
def test_what_telegram_would_not_show_is_known(command: Command) -> None:
    assert not command.is_fit


# What people see while we work


async def test_whoever_writes_or_taps_sees_that_we_type(telegram: Telegram, fake: FakeTelegram) -> None:
    first = await fake.says("khai sinh", 5001)
    await fake.edits(first, "khai sinh cho con", seconds=60)
    await fake.says("/start", 5002)
    await fake.taps("ask:fee", 5003)
    await telegram.poll()
    await fake.until(lambda: fake.typing_in == {5001: 2, 5002: 1, 5003: 1})


async def test_nobody_sees_it_for_what_came_before_or_needs_no_answer(
    telegram: Telegram, fake: FakeTelegram, house: House
) -> None:
    update = await fake.says("khai sinh", 5001)
    house.known.add(str(update["update_id"]))
    await fake.happens("message", {"chat": {"id": 5001, "type": "private"}, "sticker": {}})
    await fake.blocks(5002)
    await fake.says_in(GROUP, "@made_up_bot ơi")
    await fake.says("cuối cùng", 5003)
    await telegram.poll()
    await fake.until(lambda: fake.typing_in and not fake.busy)
    assert fake.typing_in == {5003: 1}


async def test_only_so_many_are_told_at_once(telegram: Telegram, fake: FakeTelegram, house: House) -> None:
    gate = asyncio.Event()
    fake.always("sendchataction", held(gate))
    for person in range(5001, 5031):
        await fake.says("Chào", person)
    await telegram.poll()
    await fake.until(lambda: fake.called("sendchataction") == 20)
    gate.set()
    await fake.until(lambda: len(fake.typing_in) == 20 and not fake.busy)
    await fake.says("Chào", 5099)
    await telegram.poll()
    await fake.until(lambda: 5099 in fake.typing_in)
    assert fake.called("sendchataction") == 21
    assert len(house.said) == 31, "all are answered"


async def test_what_was_tapped_is_marked_below_its_own_message(
    telegram: Telegram, fake: FakeTelegram
) -> None:
    await fake.says("/start")
    await telegram.send(TO, Reply("Việc này", (Button("Giấy tờ", "ask:documents"), Button("Phí", "ask:fee"))))
    await fake.taps("ask:fee")
    await telegram.poll()
    await fake.until(lambda: fake.sent[0].labels == ["Giấy tờ", "✓ Phí"])
    await telegram.send(TO, Reply("Phí: 8.000 đồng", (Button("Khác", "topic:menu"),)))
    await fake.taps("ask:documents", on=fake.sent[0])
    await telegram.poll()
    await fake.until(lambda: fake.sent[0].labels == ["✓ Giấy tờ", "Phí"])
    assert fake.sent[1].labels == ["Khác"]


@pytest.mark.parametrize(
    "trouble", [refused("message is not modified"), refused("message to edit not found")]
)
async def test_a_mark_that_is_refused_is_forgotten(
    telegram: Telegram, fake: FakeTelegram, house: House, trouble: Trouble
) -> None:
    await fake.says("/start")
    await telegram.send(TO, Reply("Việc này", (Button("Phí", "ask:fee"),)))
    fake.next("editmessagereplymarkup", trouble)
    tap = await fake.taps("ask:fee")
    await telegram.poll()
    await fake.until(lambda: fake.taps_answered and fake.called("editmessagereplymarkup") and not fake.busy)
    assert fake.taps_answered == [tap["callback_query"]["id"]]
    assert house.said == ["", "ask:fee"]


async def test_a_tap_that_came_before_marks_nothing(
    telegram: Telegram, fake: FakeTelegram, house: House
) -> None:
    await fake.says("/start")
    await telegram.send(TO, Reply("Việc này", (Button("Phí", "ask:fee"),)))
    tap = await fake.taps("ask:fee")
    house.known.add(str(tap["update_id"]))
    await telegram.poll()
    await fake.until(lambda: fake.taps_answered and not fake.busy)
    assert not fake.called("editmessagereplymarkup")


# Groups, and people who leave


async def test_a_group_is_heard_and_answered_where_it_called(
    telegram: Telegram, fake: FakeTelegram, house: House
) -> None:
    await fake.says_in(GROUP, "@made_up_bot tôi tên An", message_thread_id=41, is_topic_message=True)
    await telegram.poll()
    (received,) = house.received
    assert (received.user_id, received.inbound) == (str(GROUP), Inbound(Kind.GROUP))
    await telegram.send(received.address, Reply("Chào bà con", (Button("Nhắn riêng", PRIVATE),)))
    (sent,) = fake.sent
    assert (sent.chat_id, sent.thread) == (GROUP, 41)
    assert sent.buttons == [[{"text": "Nhắn riêng", "url": "https://t.me/made_up_bot?start=group"}]]


async def test_a_process_that_never_polled_asks_for_its_name_before_it_answers_a_group(
    telegram: Telegram, fake: FakeTelegram
) -> None:
    await fake.says_in(GROUP, "@made_up_bot")
    await telegram.send({"chat": str(GROUP)}, Reply("Chào", (Button("Nhắn riêng", PRIVATE),)))
    assert fake.sent[0].labels == ["Nhắn riêng"]


async def test_a_group_is_answered_even_if_our_name_cannot_be_learnt(
    telegram: Telegram, fake: FakeTelegram
) -> None:
    await fake.says_in(GROUP, "@made_up_bot")
    fake.always("getme", too_many(60))
    await telegram.send({"chat": str(GROUP)}, Reply("Chào", (Button("Nhắn riêng", PRIVATE),)))
    assert (fake.sent[0].text, fake.sent[0].buttons) == ("Chào", [])


async def test_coming_and_going_is_heard(telegram: Telegram, fake: FakeTelegram, house: House) -> None:
    await telegram_is_asked(telegram, fake)
    await fake.blocks(5001)
    await fake.returns(5001)
    await fake.adds(GROUP)
    await fake.removes(GROUP)
    await telegram.poll()
    heard = [(received.user_id, received.inbound.kind) for received in house.received[1:]]
    assert heard == [("5001", Kind.LEFT), (str(GROUP), Kind.GROUP), (str(GROUP), Kind.LEFT)]


async def test_changed_words_are_heard_with_the_message_that_they_change(
    telegram: Telegram, fake: FakeTelegram, house: House
) -> None:
    await telegram_is_asked(telegram, fake)
    first = await fake.says("khai sihn")
    await fake.edits(first, "khai sinh", seconds=15 * 60)
    await fake.edits(first, "khai tử", seconds=15 * 60 + 1)
    await telegram.poll()
    said = [received.inbound for received in house.received[1:]]
    reference = str(first["message"]["message_id"])
    assert said == [
        Inbound(Kind.TEXT, "khai sihn", reference=reference),
        Inbound(Kind.EDITED, "khai sinh", reference=reference),
    ]


async def telegram_is_asked(telegram: Telegram, fake: FakeTelegram) -> None:
    """Poll once, so that Telegram knows which kinds of update we want and keeps no others."""
    await fake.says("/start")
    await telegram.poll()
    assert fake.allowed == list(ALLOWED)


def test_a_webhook_without_a_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="secret"):
        TelegramSettings(TOKEN, "https://api.telegram.org", "https://example.vn/webhook/telegram")


def test_html_of_a_person_is_shown_as_typed() -> None:
    typed = '<a href="https://evil.example">bấm</a> & &lt;'
    (message,) = render(Reply(f"Không có việc «{typed}»"))
    assert seen([message]) == [f"Không có việc «{typed}»"]
    assert html.unescape(message) == f"Không có việc «{typed}»"
