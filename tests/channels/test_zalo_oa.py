"""A Zalo official account without the rest of the house: what is read, what is written, what errors mean."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

import pytest
from pydantic import ValidationError

from bot.channels.base import (
    ChannelBlockedError,
    ChannelBusyError,
    ChannelClosedError,
    ChannelError,
    ChannelRefusedError,
    ChannelUnusableError,
    Received,
)
from bot.channels.numbered import numbered
from bot.channels.zalo_oa_errors import channel_error
from bot.channels.zalo_oa_events import EVENT, STALE, Account, Event, is_signed, is_stale, parse
from bot.channels.zalo_oa_replies import MAX_TEXT, render, without_buttons
from intents.turn import PRIVATE, Button, Inbound, Kind, Reply

APP, OA, PERSON = "360846524940903967", "388613280878808645", "246845883529197922"
SECRET = "TEST_OA_SECRET"
ACCOUNT = Account(APP, SECRET, OA)
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
MS = str(int(NOW.timestamp() * 1000))

DOCUMENTED = (
    '{"app_id":"360846524940903967","sender":{"id":"246845883529197922"},"user_id_by_app":"552177279717587730",'
    '"recipient":{"id":"388613280878808645"},"event_name":"user_send_text","message":{"text":"Xin chào",'
    '"msg_id":"96d3cdf3af150460909"},"timestamp":"1543908534740"}'
).encode()
DOCUMENTED_MAC = "f01d8760a7e06349cb298bb04a2e02e613353a41f1db1e55ffc0bce7c9733a51"


def event(name: str, /, **fields: Any) -> Event:
    whole = {"app_id": APP, "event_name": name, "timestamp": MS, **fields}
    return EVENT.validate_json(json.dumps(whole))


def from_person(name: str, message: dict[str, Any] | None = None) -> Event:
    told = {"msg_id": "b8de7d84fa1b3043690c", **(message or {})}
    return event(name, sender={"id": PERSON}, recipient={"id": OA}, message=told)


def received(one: Event) -> Received:
    parsed = parse(one, OA)
    assert parsed is not None
    return parsed


# The signature


def test_the_documented_vector_is_signed() -> None:
    one = EVENT.validate_json(DOCUMENTED)
    assert len(DOCUMENTED) == 266
    for form in (f"mac={DOCUMENTED_MAC}", f"mac = {DOCUMENTED_MAC.upper()}", DOCUMENTED_MAC):
        assert is_signed(DOCUMENTED, form, one, ACCOUNT)


def test_the_time_may_stand_in_a_header() -> None:
    one = EVENT.validate_json(DOCUMENTED)
    mac = hashlib.sha256(APP.encode() + DOCUMENTED + b"1543908999999" + SECRET.encode()).hexdigest()
    assert is_signed(DOCUMENTED, f"mac={mac}", one, ACCOUNT, "1543908999999")
    assert not is_signed(DOCUMENTED, f"mac={mac}", one, ACCOUNT)


@pytest.mark.parametrize(
    "signature", ["", "mac=", "mac=0", f"mac={DOCUMENTED_MAC[:-1]}0", "mac=\udcff\x00", DOCUMENTED_MAC * 9]
)
def test_anything_else_is_not(signature: str) -> None:
    assert not is_signed(DOCUMENTED, signature, EVENT.validate_json(DOCUMENTED), ACCOUNT)


def test_one_changed_byte_another_secret_or_another_app_is_not() -> None:
    one, good = EVENT.validate_json(DOCUMENTED), f"mac={DOCUMENTED_MAC}"
    assert not is_signed(DOCUMENTED.replace(b"Xin", b"xin"), good, one, ACCOUNT)
    assert not is_signed(DOCUMENTED, good, one, Account(APP, "another", OA))
    other = json.dumps({"app_id": "1", "event_name": "follow", "timestamp": "1"}).encode()
    mac = hashlib.sha256(APP.encode() + other + b"1" + SECRET.encode()).hexdigest()
    assert not is_signed(other, mac, EVENT.validate_json(other), ACCOUNT), "the body names another app"


# What happened


def test_words_come_with_where_to_answer() -> None:
    one = received(from_person("user_send_text", {"text": "làm khai sinh", "quote_msg_id": "1"}))
    assert one.inbound == Inbound(Kind.TEXT, "làm khai sinh", reference="b8de7d84fa1b3043690c")
    assert (one.user_id, one.address, one.bot, one.sent_at) == (PERSON, {"user": PERSON}, OA, NOW)
    assert PERSON not in one.message_id


def test_a_tap_is_text_that_bears_a_payload_and_any_other_sign_is_text() -> None:
    taps = {"#service:1.001193:fee": "service:1.001193:fee", " #say:sổ đỏ ": "say:sổ đỏ "[:-1]}
    for text, payload in taps.items():
        inbound = received(from_person("user_send_text", {"text": text})).inbound
        assert inbound == Inbound(Kind.BUTTON, payload=payload)
    for text in ("#khaisinh", "# 1: a", "#", "số nhà #12: ngõ 3"):
        assert received(from_person("user_send_text", {"text": text})).inbound.kind is Kind.TEXT


FILES = ("image", "gif", "link", "audio", "video", "sticker", "location", "file", "business_card", "hologram")


@pytest.mark.parametrize("kind", FILES)
def test_what_is_no_text_is_not_looked_at_but_for_its_caption(kind: str) -> None:
    secret = {
        "type": kind,
        "payload": {"url": "https://example.vn/secret", "coordinates": {"latitude": "22.8"}},
    }
    bare = received(from_person(f"user_send_{kind}", {"attachments": [secret]}))
    assert (bare.inbound.kind, bare.inbound.text) == (Kind.UNREADABLE, "")
    assert "secret" not in repr(bare)
    told = received(from_person(f"user_send_{kind}", {"attachments": [secret], "text": "làm sao"}))
    assert (told.inbound.kind, told.inbound.text) == (Kind.UNREADABLE, "làm sao")


def test_who_follows_or_opens_the_chat_is_greeted_and_who_leaves_is_noted() -> None:
    follower = {"oa_id": OA, "follower": {"id": PERSON}, "source": "oa_profile"}
    cases = {
        Kind.START: (event("follow", **follower), event("user_click_chatnow", oa_id=OA, user_id=PERSON)),
        Kind.LEFT: (event("unfollow", **follower),),
        Kind.WITHDRAWN: (
            event("user_withdraw", sender={"id": PERSON}),
            event("user_withdraw", user_id=PERSON),
        ),
    }
    for kind, events in cases.items():
        assert [(one.inbound.kind, one.user_id) for one in map(received, events)] == [(kind, PERSON)] * len(
            events
        )


def test_our_own_words_come_back_as_an_echo_and_a_humans_are_noted() -> None:
    ours = {"sender": {"id": OA}, "recipient": {"id": PERSON}, "message": {"text": "a", "msg_id": "1"}}
    assert parse(event("oa_send_text", **ours), OA) is None
    human = received(event("oa_send_image", **ours | {"sender": {"id": OA, "admin_id": "77"}}))
    assert (human.inbound, human.user_id) == (Inbound(Kind.TAKEN_OVER), PERSON)


def test_who_is_not_signed_in_is_answered_in_that_conversation() -> None:
    told = {"text": "hỏi", "msg_id": "1", "conversation_id": "c-1"}
    one = received(event("anonymous_send_text", sender={"id": PERSON}, recipient={"id": OA}, message=told))
    assert one.address == {"anonymous": PERSON, "conversation": "c-1"}


NOBODY = ("user_received_message", "user_seen_message", "user_reacted_message", "update_user_info", "call_me")


@pytest.mark.parametrize("name", NOBODY)
def test_what_concerns_nobody_is_passed_over(name: str) -> None:
    assert parse(from_person(name), OA) is None
    assert parse(event(name), OA) is None


def test_an_event_without_a_person_is_passed_over() -> None:
    assert parse(event("user_send_text", message={"text": "a", "msg_id": "1"}), OA) is None


def test_a_repeat_is_known_by_its_message_else_by_person_and_time() -> None:
    same = from_person("user_send_text", {"text": "a"})
    assert received(same).message_id == received(from_person("user_send_text", {"text": "b"})).message_id
    assert received(same).message_id != received(from_person("user_send_image")).message_id
    follow = received(event("follow", follower={"id": PERSON}))
    assert follow.message_id == received(event("follow", follower={"id": PERSON})).message_id
    other_time = event("follow", follower={"id": PERSON}).timestamp + "1"
    later = EVENT.validate_json(
        json.dumps(
            {"app_id": APP, "event_name": "follow", "timestamp": other_time, "follower": {"id": PERSON}}
        )
    )
    assert follow.message_id != received(later).message_id
    assert PERSON not in follow.message_id


def test_ids_beyond_what_a_float_holds_stay_exact_even_as_numbers() -> None:
    sender, message = '{"id":9007199254740993}', '{"text":"a","msg_id":18014398509481985}'
    raw = '{"app_id":%s,"event_name":"user_send_text","timestamp":%s,"sender":%s,"message":%s}'
    one = received(EVENT.validate_json(raw % (APP, MS, sender, message)))
    assert (one.user_id, one.inbound.reference, one.sent_at) == ("9007199254740993", "18014398509481985", NOW)


def test_what_a_newer_version_adds_breaks_nothing() -> None:
    told = {"text": "a", "style": [{"x": 1}], "attachments": "none"}
    one = from_person("user_send_text", told)
    assert received(one).inbound.text == "a"


MALFORMED = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"{}",
    b"\xff",
    b"[" * 100_000,
    b'{"app_id":"1","event_name":["a"]}',
    b'{"app_id":"1","event_name":"a","message":{"text":{"a":1}}}',
    b'{"app_id":"1","event_name":"a","sender":7}',
]


@pytest.mark.parametrize("raw", MALFORMED)
def test_what_is_malformed_is_refused(raw: bytes) -> None:
    with pytest.raises(ValidationError):
        EVENT.validate_json(raw)


def test_what_was_kept_for_days_is_stale_and_a_sample_of_the_documentation_is_not() -> None:
    one = event("follow", follower={"id": PERSON})
    assert not is_stale(one, NOW + STALE)
    assert is_stale(one, NOW + STALE + dt.timedelta(seconds=1))
    for time in ("154390853474", "", "soon", "9" * 15, "-1", "٣"):
        whole = {"app_id": APP, "event_name": "follow", "timestamp": time}
        assert not is_stale(EVENT.validate_json(json.dumps(whole)), NOW)


# What is said

SHORT = (Button("Lệ phí", "ask:fee"), Button("Cổng quốc gia", "https://dichvucong.gov.vn"))
LONG = (Button("Cấp lại thẻ căn cước bị mất", "service:1.001193"), *SHORT)


def test_short_labels_are_titles_and_the_text_stays_as_it_is() -> None:
    (message,) = render(Reply("**Khai sinh**: không mất phí.", SHORT), buttons=True, title_chars=20)
    assert message["text"] == "Khai sinh: không mất phí."
    assert message["attachment"] == {
        "type": "template",
        "payload": {
            "buttons": [
                {"title": "Lệ phí", "type": "oa.query.hide", "payload": "#ask:fee"},
                {
                    "title": "Cổng quốc gia",
                    "type": "oa.open.url",
                    "payload": {"url": "https://dichvucong.gov.vn"},
                },
            ]
        },
    }


def test_long_labels_stand_in_full_as_numbered_lines() -> None:
    (message,) = render(Reply("Việc nào?", LONG), buttons=True, title_chars=20)
    assert message["text"] == "Việc nào?\n\n1. Cấp lại thẻ căn cước bị mất\n2. Lệ phí\n3. Cổng quốc gia"
    titles = [button["title"] for button in message["attachment"]["payload"]["buttons"]]  # type: ignore[index]
    assert titles == ["1. Cấp lại thẻ căn c…", "2. Lệ phí", "3. Cổng quốc gia"] or all(
        len(t) <= 20 for t in titles
    )


def test_without_buttons_or_with_too_many_all_are_numbered_lines() -> None:
    expected = "Hỏi gì?\n\n1. Lệ phí\n2. Cổng quốc gia: https://dichvucong.gov.vn"
    assert render(Reply("Hỏi gì?", SHORT), buttons=False, title_chars=20) == [{"text": expected}]
    six = tuple(Button(str(number), f"ask:{number}") for number in range(6))
    (message,) = render(Reply("a", six), buttons=True, title_chars=20)
    assert "attachment" not in message
    assert str(message["text"]).endswith("6. 5")


def test_a_reply_without_buttons_is_its_text() -> None:
    assert render(Reply("Chào"), buttons=True, title_chars=20) == [{"text": "Chào"}]
    assert render(Reply("Chào", (Button("a", PRIVATE),)), buttons=True, title_chars=20) == [{"text": "Chào"}]


def test_a_long_reply_is_cut_at_sentences_and_the_buttons_stand_below_the_last() -> None:
    text = " ".join(f"Đây là câu số {number} của một câu trả lời dài 😀." for number in range(200))
    messages = render(Reply(text, SHORT), buttons=True, title_chars=20)
    assert len(messages) > 2
    assert all(len(str(m["text"]).encode("utf-16-le")) // 2 <= MAX_TEXT for m in messages)
    assert all(str(m["text"]).endswith(".") for m in messages)
    assert ["attachment" in m for m in messages] == [False] * (len(messages) - 1) + [True]


def test_where_buttons_are_refused_the_numbers_say_it_all() -> None:
    for reply in (Reply("Hỏi gì?", SHORT), Reply("Việc nào?", LONG)):
        *_, last = render(reply, buttons=True, title_chars=20)
        (plain,) = without_buttons(last, reply)
        assert "attachment" not in plain
        assert "1. " in str(plain["text"])
        assert str(plain["text"]).count("Lệ phí") == 1
    full = Reply("x" * MAX_TEXT, SHORT)
    *_, last = render(full, buttons=True, title_chars=20)
    assert [len(str(m["text"])) <= MAX_TEXT for m in without_buttons(last, full)] == [True, True]


def test_numbers_follow_the_order_that_the_core_remembers() -> None:
    reply = Reply("a", (SHORT[1], Button("riêng", PRIVATE), SHORT[0]))
    assert numbered(reply) == "a\n\n1. Cổng quốc gia: https://dichvucong.gov.vn\n3. Lệ phí"


# What errors mean

KINDS: dict[type[ChannelError], tuple[int, ...]] = {
    ChannelBusyError: (-32,),
    ChannelBlockedError: (-213, -217, -222, -227),
    ChannelClosedError: (-211, -218, -230, -232, -305, -311),
    ChannelUnusableError: (
        -124,
        -216,
        -220,
        -204,
        -205,
        -208,
        -209,
        -212,
        -215,
        -221,
        -224,
        -242,
        -320,
        -321,
    ),
    ChannelRefusedError: (-201, -210, -233, -9999, 7),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_number_leads_to_what_is_done_next(kind: type[ChannelError]) -> None:
    assert [type(channel_error(code)) for code in KINDS[kind]] == [kind] * len(KINDS[kind])
