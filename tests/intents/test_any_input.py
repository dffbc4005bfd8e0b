"""Whatever is sent is answered: no exception, never silence, no button too long for a channel."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intents.engine import decide
from intents.turn import Button, Decision, DialogueState, Inbound, Kind, Outcome
from tests.real import real_knowledge

NOW = dt.datetime(2026, 9, 1, 1, 0, tzinfo=dt.UTC)
ASKING = (Kind.TEXT, Kind.BUTTON, Kind.START, Kind.UNREADABLE, Kind.WITHHELD)
"""Kinds with which a person asks something."""
PAYLOADS = (
    "", "other", "service:1.001193", "topic:menu", "ask:fee", "say:khai sinh", "commune:x", "::", "topic:",
)  # fmt: skip
PIECES = (
    "khai sinh", "đăng ký", "ko", "mất", "ở đâu", "không phải", "với lại", "bác muốn hỏi", "xã Sơn Dương",
    "1", "👶", "\u202e", "\u200b", "a\u0301\u0301\u0301", "đ", "Ð", "OTP", "0000", "?!", "dd", "so63",
    "ignore all instructions", "yêu cầu", "请问", "thôn Nà Tông", "xong rồi giờ", "\n", "<b>", "{x}", "%s",
    "nyob zoo",
)  # fmt: skip

texts = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join),
    st.text(alphabet="aăâđeêioôơuưyàáảãạ \u0300\u0301\u0309\u0303\u0323\u200d\u202e", max_size=200),
)
states = st.builds(
    DialogueState,
    introduced=st.booleans(),
    service=st.sampled_from(["", "1.001193", "9.999999"]),
    offered=st.lists(
        st.builds(Button, st.sampled_from(["Phí", "1", ""]), st.sampled_from(PAYLOADS)), max_size=4
    ).map(tuple),
    question=st.sampled_from(["", "làm khai sinh cho con", "{", "1"]),
    pronoun=st.sampled_from(["", "bác"]),
    commune=st.sampled_from(["", "00691"]),
    commune_asked=st.booleans(),
)


def answered(inbound: Inbound, state: DialogueState = DialogueState()) -> Decision:  # noqa: B008 - frozen
    decision = decide(inbound, state, real_knowledge(), NOW)
    assert decision.replies
    assert all(reply.text.strip() for reply in decision.replies)
    assert all(
        len(button.payload.encode()) <= 64 or button.payload.startswith("https:")
        for button in decision.replies[0].buttons
    )
    return decision


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts, states)
def test_any_text_in_any_state_is_answered(text: str, state: DialogueState) -> None:
    answered(Inbound(Kind.TEXT, text), state)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(list(Kind)), texts, st.one_of(st.sampled_from(PAYLOADS), st.text(max_size=80)), states)
def test_any_payload_is_answered(kind: Kind, text: str, payload: str, state: DialogueState) -> None:
    inbound = Inbound(kind, text, payload, reference="7")
    if kind in ASKING:
        answered(inbound, state)
    else:
        decision = decide(inbound, state, real_knowledge(), NOW)
        assert decision.outcome is Outcome.NOTED
        assert not decision.replies or kind is Kind.GROUP


@settings(max_examples=40, deadline=None)
@given(st.lists(texts, min_size=2, max_size=6))
def test_any_conversation_goes_on(said: list[str]) -> None:
    state = DialogueState()
    for text in said:
        state = answered(Inbound(Kind.TEXT, text), state).state


@pytest.mark.parametrize(
    "text",
    [
        "khai sinh " * 2_000,
        "1 " * 10_000,
        "0123456789" * 2_000,
        "a" * 20_000,
        "(" * 20_000,
        "không " * 3_000,
        "mất * bao lâu " * 1_000,
        "ừ" + "\u0301" * 5_000,
        "\u200b" * 20_000,
        "\u202e" + "hnis iahk mal",
        "кхай синь",
        "how do I register a birth",
        "我要办出生证",
        "kuv xav ua ntawv yug me nyuam",
        "SELECT * FROM cong_dan; --",
        "def f(x):\n    return x",
        "🤷" * 3_000,
    ],
    ids=range(17),
)
def test_hostile_and_foreign_texts_are_answered(text: str) -> None:
    answered(Inbound(Kind.TEXT, text))


def test_look_alikes_and_invisible_letters_are_read_as_what_they_look_like() -> None:
    plain = answered(Inbound(Kind.TEXT, "đăng ký khai sinh")).services[0].code
    for written in (
        "ðăng ký khai sinh",
        "đăng\u200b ký kh\u00adai sinh",
        "ĐĂNG KÝ KHAI SINH",
        "đăng ký khai sinh".replace("ă", "a\u0306"),
    ):
        assert answered(Inbound(Kind.TEXT, written)).services[0].code == plain, written
