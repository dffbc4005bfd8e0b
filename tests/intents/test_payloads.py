"""Buttons and personal numbers: what the public sends in is never believed and never kept."""

from __future__ import annotations

import pytest

from content.models import Aspect
from intents.answers import MENU
from intents.knowledge import Knowledge
from intents.redact import MASK
from intents.turn import Inbound, Kind, Outcome
from tests.intents.talk import BIRTH, Talk, code, labels, said
from tests.known import cases

# Buttons


def test_every_button_of_every_reply_leads_somewhere(talk: Talk) -> None:
    for opening in (
        "xin chào",
        "khai sinh",
        "căn cước",
        "abcxyz",
        "gửi bưu điện có mất không",
        "mức 4 là gì",
    ):
        decision = talk.says(opening)
        for button in decision.replies[0].buttons:
            if not button.payload.startswith("https://"):
                tapped = Talk(talk.knowledge, decision.state).taps(button.payload)
                assert said(tapped) != talk.knowledge.say("stale_button"), (opening, button)


def test_the_menu_leads_somewhere(talk: Talk) -> None:
    for payload in (button.payload for button in talk.knowledge.topic(MENU).buttons):
        assert talk.taps(payload).outcome in (Outcome.ANSWERED, Outcome.CHOICES), payload


def test_a_button_works_in_a_conversation_that_forgot_it(knowledge: Knowledge) -> None:
    decision = Talk(knowledge).taps(f"service:{BIRTH}:fee")
    assert (code(decision), decision.aspect) == (BIRTH, Aspect.FEE)


@pytest.mark.parametrize("payload", ["other", "service:9.999999", "topic:gone", "ask:colour", "old-style"])
def test_a_stale_button_says_so_and_offers_a_way_on(payload: str, talk: Talk) -> None:
    decision = talk.taps(payload)
    assert said(decision) == talk.knowledge.say("stale_button")
    assert labels(decision)


HOSTILE = (
    "",
    ":",
    ":::",
    "service",
    "service:",
    "service::",
    "service:../../etc/passwd",
    "service:' OR 1=1 --",
    "service:{title}",
    "topic:",
    "topic:__class__",
    "topic:{catalogue_date}",
    "ask:",
    "ask:__init__",
    "say:",
    "say: ",
    "say:😀",
    "say:{title} {0} %s",
    "say:\x00\x1b[2J",
    "say:" + "a" * 20_000,
    "say:" + "khai sinh " * 3_000,
    "https://evil.example",
    "other:other",
    "\u202eother",
    "9" * 5_000,
)


@pytest.mark.parametrize("payload", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_payload_gets_one_ordinary_reply(payload: str, talk: Talk) -> None:
    for decision in (talk.taps(payload), talk.starts(payload)):
        assert said(decision)
        assert len(talk.state.question) <= 300
        assert "evil" not in said(decision)


def test_an_unknown_aspect_of_a_known_service_is_its_overview(talk: Talk) -> None:
    decision = talk.taps(f"service:{BIRTH}:colour:of:money")
    assert (code(decision), decision.aspect) == (BIRTH, Aspect.OVERVIEW)


# Personal numbers


def test_a_message_with_a_masked_number_is_answered_with_a_note(talk: Talk) -> None:
    decision = talk.says("đăng ký khai sinh cần giấy tờ gì, sđt 0912345678")
    assert code(decision) == BIRTH
    assert said(decision).count(talk.knowledge.say("masked")) == 1
    assert MASK in decision.state.question


def test_a_number_masked_at_the_door_is_noted_too(talk: Talk) -> None:
    assert talk.knowledge.say("masked") in said(talk.says(f"làm khai sinh, số {MASK}"))


def test_without_a_number_nothing_is_noted(talk: Talk) -> None:
    assert talk.knowledge.say("masked") not in said(talk.says("thủ tục 1.001193 ngày 1/7/2025"))


HELD = {
    "typed": Inbound(Kind.TEXT, "làm hộ chiếu, số tôi 0912345678"),
    "in a caption": Inbound(Kind.UNREADABLE, "làm hộ chiếu, số tôi 0912345678"),
    "in a payload": Inbound(Kind.BUTTON, payload="say:làm hộ chiếu, số tôi 0912345678"),
}


@pytest.mark.parametrize("inbound", cases("engine: personal numbers", HELD))
def test_no_personal_number_is_held_in_the_state_or_the_trace(inbound: Inbound, talk: Talk) -> None:
    decision = talk.send(inbound)
    assert "0912345678" not in repr(decision)
