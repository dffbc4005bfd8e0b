"""A Zalo bot without the rest of the house: what is read, what is written, and what is done with errors."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import (
    ChannelBusyError,
    ChannelDownError,
    ChannelError,
    ChannelRefusedError,
    ChannelUnusableError,
    Received,
)
from bot.channels.json_client import Answer, loaded
from bot.channels.split import utf16_units
from bot.channels.zalo_bot import render
from bot.channels.zalo_bot_errors import IdleError, result_of
from bot.channels.zalo_bot_updates import parse, read, shape
from intents.turn import PRIVATE, Button, Inbound, Kind, Reply

BOT = "12345689"
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
        (None, "", 5),
        ({"retry_after": 7}, "", 7),
        ({"retry_after": "7.5"}, "", 7.5),
        (None, "9", 9),
        ({"retry_after": 7}, "9", 7),
        ({"retry_after": None}, "9", 9),
        ({"retry_after": 0}, "", 1),
        ({"retry_after": -3}, "", 5),
        ({"retry_after": 10**40}, "", 5),
        ({"retry_after": 999_999}, "", 3600),
        ("soon", "Wed, 21 Oct 2026 07:28:00 GMT", 5),
    ],
)
def test_who_is_asked_to_wait_waits_as_long_as_asked(parameters: object, header: str, seconds: float) -> None:
    with pytest.raises(ChannelBusyError) as error:
        result_of(Answer(429, refusal(429, parameters=parameters), header))
    assert error.value.retry_after == seconds
