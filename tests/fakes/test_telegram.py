"""The fake Telegram as python-telegram-bot's own client sees it: a client that somebody else wrote."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut
from telegram.request import HTTPXRequest

from bot.fakes.telegram import (
    TOKEN,
    FakeTelegram,
    fake_telegram,
    foreign_page,
    held,
    lost_answer,
    refused,
    too_many,
)
from tests.fakes.hook import Hook

PERSON = 5001


@pytest.fixture
async def telegram(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeTelegram]:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    async with fake_telegram() as telegram:
        yield telegram


@pytest.fixture
async def client(telegram: FakeTelegram) -> AsyncIterator[Bot]:
    async with a_client(telegram) as client:
        await telegram.says("/start", PERSON)
        yield client


def a_client(telegram: FakeTelegram, token: str = TOKEN) -> Bot:
    # Loopback needs no certificates, and reading them takes longer than most tests here.
    calls, polls = (HTTPXRequest(httpx_kwargs={"verify": False}) for _ in range(2))
    return Bot(token, base_url=f"{telegram.url}/bot", request=calls, get_updates_request=polls)


async def test_it_tells_who_the_bot_is(client: Bot) -> None:
    assert (await client.get_me()).id == 110201543


async def test_an_unknown_token_is_refused(telegram: FakeTelegram) -> None:
    stranger = a_client(telegram, "110201543:of-somebody-else")
    with pytest.raises(InvalidToken):
        await stranger.initialize()
    await stranger.shutdown()


async def test_updates_come_again_until_the_next_offset_confirms_them(
    telegram: FakeTelegram, client: Bot
) -> None:
    await telegram.taps("topic:post-how")
    updates = await client.get_updates()
    assert [u.effective_user.id for u in updates if u.effective_user] == [PERSON, PERSON]
    assert updates == await client.get_updates()
    assert updates[1:] == await client.get_updates(offset=updates[1].update_id)
    assert not await client.get_updates(offset=updates[1].update_id + 1)


async def test_a_long_poll_ends_when_somebody_writes(telegram: FakeTelegram, client: Bot) -> None:
    confirmed = (await client.get_updates())[-1].update_id + 1
    poll = asyncio.create_task(client.get_updates(offset=confirmed, timeout=10))
    await telegram.until(lambda: telegram.called("getupdates") == 2)
    await telegram.says("Chào")
    (update,) = await poll
    assert update.message is not None
    assert update.message.text == "Chào"


async def test_only_the_kinds_that_were_asked_for_are_kept(telegram: FakeTelegram, client: Bot) -> None:
    await client.get_updates(allowed_updates=["callback_query"])
    await telegram.says("Chào")
    assert len(telegram.pending) == 1


async def test_of_two_pollers_the_later_one_wins(telegram: FakeTelegram, client: Bot) -> None:
    confirmed = (await client.get_updates())[-1].update_id + 1
    first = asyncio.create_task(client.get_updates(offset=confirmed, timeout=10))
    await telegram.until(lambda: telegram.called("getupdates") == 2)
    async with a_client(telegram) as second:
        assert not await second.get_updates(offset=confirmed)
    with pytest.raises(Conflict):
        await first


async def test_a_message_with_marks_and_buttons_is_kept_as_people_see_it(
    telegram: FakeTelegram, client: Bot
) -> None:
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Giấy tờ", callback_data="documents")]])
    message = await client.send_message(
        PERSON, "<b>a &lt; b</b>", parse_mode=ParseMode.HTML, reply_markup=keyboard
    )
    assert message.text == "a < b"
    assert telegram.texts_to(PERSON) == ["a < b"]
    assert telegram.sent[0].labels == ["Giấy tờ"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "a" * 4097,
        "😀" * 2049,
        "<b>a",
        "a</b>",
        "<i><b>a</i></b>",
        "<script>a</script>",
        "a < b",
        "a & b",
    ],
    ids=lambda text: text[:20],
)
async def test_a_broken_text_is_refused(telegram: FakeTelegram, client: Bot, text: str) -> None:
    with pytest.raises(BadRequest):
        await client.send_message(PERSON, text, parse_mode=ParseMode.HTML)
    assert not telegram.sent


async def test_marks_do_not_count_as_text(telegram: FakeTelegram, client: Bot) -> None:
    await client.send_message(PERSON, f"<b>{'a&amp;' * 2048}</b>", parse_mode=ParseMode.HTML)
    assert len(telegram.sent[0].text) == 4096


@pytest.mark.parametrize(
    "button",
    [
        InlineKeyboardButton("a", callback_data="đ" * 33),
        InlineKeyboardButton("a", callback_data=""),
        InlineKeyboardButton("a", url="https://nowhere"),
        InlineKeyboardButton(" ", callback_data="a"),
        InlineKeyboardButton("a"),
    ],
    ids=["65 bytes", "no data", "no host", "no label", "no action"],
)
async def test_a_broken_button_is_refused(client: Bot, button: InlineKeyboardButton) -> None:
    with pytest.raises(BadRequest):
        await client.send_message(PERSON, "a", reply_markup=InlineKeyboardMarkup([[button]]))


async def test_buttons_below_a_message_can_be_changed(telegram: FakeTelegram, client: Bot) -> None:
    first, second = (
        InlineKeyboardMarkup.from_button(InlineKeyboardButton(label, callback_data="fee"))
        for label in ("Phí", "✓ Phí")
    )
    message = await client.send_message(PERSON, "a", reply_markup=first)
    await client.edit_message_reply_markup(PERSON, message.message_id, reply_markup=second)
    assert telegram.sent[0].labels == ["✓ Phí"]
    with pytest.raises(BadRequest, match="not modified"):
        await client.edit_message_reply_markup(PERSON, message.message_id, reply_markup=second)
    with pytest.raises(BadRequest, match="edit not found"):
        await client.edit_message_reply_markup(PERSON, message.message_id + 1, reply_markup=first)


async def test_a_tap_brings_the_message_with_its_buttons(telegram: FakeTelegram, client: Bot) -> None:
    keyboard = InlineKeyboardMarkup.from_button(InlineKeyboardButton("Phí", callback_data="fee"))
    message = await client.send_message(PERSON, "a", reply_markup=keyboard)
    await telegram.taps("fee")
    tap = (await client.get_updates())[-1].callback_query
    assert tap
    assert tap.message
    assert tap.message.message_id == message.message_id
    assert tap.message.to_dict()["reply_markup"] == keyboard.to_dict()


async def test_a_menu_of_commands_is_kept_by_language(telegram: FakeTelegram, client: Bot) -> None:
    assert await client.set_my_commands([("mucdo", "Mức độ")])
    assert await client.set_my_commands([("phi", "Phí")], language_code="vi")
    assert telegram.commands == {
        "": [{"command": "mucdo", "description": "Mức độ"}],
        "vi": [{"command": "phi", "description": "Phí"}],
    }


@pytest.mark.parametrize(
    "commands",
    [[("mứcđộ", "a")], [("Muc", "a")], [("a" * 33, "a")], [("muc", "a" * 257)], [("muc", "a")] * 101],
)
async def test_a_broken_menu_is_refused(client: Bot, commands: list[tuple[str, str]]) -> None:
    with pytest.raises(BadRequest):
        await client.set_my_commands(commands)


async def test_a_tap_is_answered_once_it_is_known(telegram: FakeTelegram, client: Bot) -> None:
    tap = await telegram.taps("documents")
    assert await client.answer_callback_query(tap["callback_query"]["id"])
    with pytest.raises(BadRequest, match="too old"):
        await client.answer_callback_query("1")


async def test_what_the_bot_does_can_be_shown(client: Bot) -> None:
    assert await client.send_chat_action(PERSON, ChatAction.TYPING)
    with pytest.raises(BadRequest):
        await client.send_chat_action(PERSON, "thinking")


async def test_people_are_told_apart(telegram: FakeTelegram, client: Bot) -> None:
    telegram.blocked_by.add(PERSON)
    with pytest.raises(Forbidden, match="blocked by the user"):
        await client.send_message(PERSON, "a")
    with pytest.raises(BadRequest, match="Chat not found"):
        await client.send_message(PERSON + 1, "a")


async def test_words_can_be_changed(telegram: FakeTelegram, client: Bot) -> None:
    first = await telegram.says("khai sihn", PERSON)
    await telegram.edits(first, "khai sinh", seconds=90)
    edited = (await client.get_updates())[-1].edited_message
    assert edited
    assert (edited.text, edited.message_id) == ("khai sinh", first["message"]["message_id"])
    assert edited.edit_date == edited.date + dt.timedelta(seconds=90)


async def test_who_blocks_the_bot_cannot_be_reached_until_they_return(
    telegram: FakeTelegram, client: Bot
) -> None:
    await telegram.blocks(PERSON)
    with pytest.raises(Forbidden, match="blocked by the user"):
        await client.send_message(PERSON, "a")
    await telegram.returns(PERSON)
    await client.send_message(PERSON, "a")
    assert [statuses(update) for update in (await client.get_updates())[1:]] == [
        ("private", "member", "kicked"),
        ("private", "kicked", "member"),
    ]


async def test_a_group_is_reached_as_long_as_the_bot_is_there(telegram: FakeTelegram, client: Bot) -> None:
    await telegram.adds(-1001, "administrator")
    await telegram.says_in(-1001, "@made_up_bot", message_thread_id=7, is_topic_message=True)
    await client.send_message(-1001, "a", message_thread_id=7)
    await telegram.removes(-1001)
    with pytest.raises(Forbidden, match="kicked from the supergroup"):
        await client.send_message(-1001, "a")
    _, added, said, removed = await client.get_updates()
    assert statuses(added) == ("supergroup", "left", "administrator")
    assert statuses(removed) == ("supergroup", "member", "kicked")
    assert said.message
    assert (said.message.chat.id, said.message.message_thread_id) == (-1001, 7)
    assert [(sent.chat_id, sent.thread) for sent in telegram.sent] == [(-1001, 7)]


def statuses(update: Update) -> tuple[str, str, str]:
    change = update.my_chat_member
    assert change
    return change.chat.type, change.old_chat_member.status, change.new_chat_member.status


async def test_bad_days_are_seen_as_such(telegram: FakeTelegram, client: Bot) -> None:
    telegram.next(
        "sendmessage", too_many(7), refused("Internal Server Error", 500), foreign_page(502), lost_answer
    )
    with pytest.raises(RetryAfter) as wait:
        await client.send_message(PERSON, "a")
    assert wait.value.retry_after == dt.timedelta(seconds=7)
    for _ in range(3):
        with pytest.raises(NetworkError):
            await client.send_message(PERSON, "a")
    assert len(telegram.sent) == 1, "only the last was accepted before the connection broke"


async def test_a_caller_who_leaves_early_was_never_heard(telegram: FakeTelegram, client: Bot) -> None:
    gate = asyncio.Event()
    telegram.next("sendmessage", held(gate))
    with pytest.raises(TimedOut):
        await client.send_message(PERSON, "a", read_timeout=0.1)
    await telegram.until(lambda: not telegram.busy)
    gate.set()
    await client.send_message(PERSON, "b")
    assert telegram.texts_to(PERSON) == ["b"]


async def test_a_webhook_ends_the_poll_that_is_under_way(telegram: FakeTelegram, client: Bot) -> None:
    confirmed = (await client.get_updates())[-1].update_id + 1
    poll = asyncio.create_task(client.get_updates(offset=confirmed, timeout=10))
    await telegram.until(lambda: telegram.called("getupdates") == 2)
    await client.set_webhook("https://example.vn/hook", secret_token="a-Secret_1")
    with pytest.raises(Conflict, match="setWebhook"):
        await poll


async def test_it_tells_which_webhook_is_set_and_what_waits(telegram: FakeTelegram, client: Bot) -> None:
    telegram.pushing = False
    assert (await client.get_webhook_info()).url == ""
    await client.set_webhook("https://example.vn/hook", secret_token="a-Secret_1")
    info = await client.get_webhook_info()
    assert (info.url, info.pending_update_count) == ("https://example.vn/hook", 1)


async def test_a_webhook_ends_polling_and_keeps_what_waits(telegram: FakeTelegram, client: Bot) -> None:
    assert await client.set_webhook("https://example.vn/hook", secret_token="a-Secret_1")
    with pytest.raises(Conflict):
        await client.get_updates()
    assert await client.delete_webhook()
    assert len(await client.get_updates()) == 1
    assert await client.delete_webhook(drop_pending_updates=True)
    assert not telegram.pending


@pytest.mark.parametrize(
    ("url", "secret"), [("http://example.vn/hook", "a"), ("https://example.vn/hook", "mật khẩu")]
)
async def test_a_broken_webhook_is_refused(client: Bot, url: str, secret: str) -> None:
    with pytest.raises(BadRequest):
        await client.set_webhook(url, secret_token=secret)


async def test_updates_are_posted_with_the_secret_until_they_are_taken(
    telegram: FakeTelegram, client: Bot, hook: Hook
) -> None:
    hook.statuses = [500, 204]
    await client.set_webhook(hook.url, secret_token="a-Secret_1")
    await telegram.until(lambda: not telegram.pending)
    assert [status for _, status in telegram.pushes] == [500, 204]
    assert hook.headers("X-Telegram-Bot-Api-Secret-Token") == ["a-Secret_1"] * 2
    assert hook.bodies[0] == hook.bodies[1]
    assert hook.bodies[0]["message"]["text"] == "/start"


async def test_of_one_chat_updates_come_in_order_and_other_chats_do_not_wait(
    telegram: FakeTelegram, hook: Hook
) -> None:
    hook.statuses = [500, 500, 500]
    first = [await telegram.says(text) for text in ("một", "hai", "ba")]
    await telegram.says("xin chào", 5002)
    telegram.webhook = (hook.url, "")
    telegram.tell()
    await telegram.until(lambda: not telegram.pending)
    taken = [update for update, status in telegram.pushes if status == 200]
    assert [update for update in taken if update in {one["update_id"] for one in first}] == [
        one["update_id"] for one in first
    ]
    assert {body["message"]["text"] for body in hook.bodies[:2]} == {"một", "xin chào"}


async def test_a_tap_stands_below_the_last_message_unless_told_and_buttons_change(
    telegram: FakeTelegram, client: Bot
) -> None:
    def keyboard(label: str) -> InlineKeyboardMarkup:
        return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data="a")]])

    first = await client.send_message(PERSON, "một", reply_markup=keyboard("a"))
    await client.send_message(PERSON, "hai")
    shown = [
        (await telegram.taps("a", on=on))["callback_query"]["message"]["text"]
        for on in (None, telegram.sent[0])
    ]
    assert shown == ["hai", "một"]
    await client.edit_message_reply_markup(PERSON, first.message_id, reply_markup=keyboard("b"))
    assert telegram.sent[0].labels == ["b"]
    with pytest.raises(BadRequest, match="not modified"):
        await client.edit_message_reply_markup(PERSON, first.message_id, reply_markup=keyboard("b"))
    with pytest.raises(BadRequest, match="not found"):
        await client.edit_message_reply_markup(PERSON, 1, reply_markup=keyboard("b"))
