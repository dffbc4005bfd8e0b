"""Kinds of messages, told apart by how they are said."""

from __future__ import annotations

import pytest

from intents.engine import SOUNDS
from intents.knowledge import Knowledge
from intents.text import words
from intents.tone import Tone

LEND = ("mượn sách ở đâu", "mượn sách mất bao lâu", "thẻ mượn sách")
ACT = ("mượn sách giùm em nhé", "trả thẻ giùm em nhé", "lấy sách giùm bác nhé")


@pytest.fixture
def tone() -> Tone:
    examples = [("", words(said)) for said in LEND * 20] + [("act", words(said)) for said in ACT * 20]
    return Tone(examples)


def test_words_that_name_nothing_tell_the_kind(tone: Tone) -> None:
    assert tone.heard(words("đọc truyện giùm em nhé"))[0] == "act"
    assert tone.heard(words("mượn truyện mất bao lâu"))[0] == ""


def test_the_lead_is_clear_where_all_words_agree_and_none_where_none_is_known(tone: Tone) -> None:
    assert tone.heard(words("giùm em nhé"))[1] > tone.heard(words("mượn giùm"))[1]
    assert tone.heard(words("abc xyz"))[1] == 0.0


def test_one_kind_alone_is_no_kind() -> None:
    assert Tone([("act", words("giùm em nhé"))]).heard(words("giùm em nhé")) == ("", 0.0)


@pytest.mark.parametrize(
    "said",
    [
        "Có anh xưng cán bộ thuế gọi, kêu tôi bật màn hình cho anh ấy bấm hộ để khỏi bị phạt",
        "họ nhắn là trúng thưởng xe máy, chuyển trước hai triệu tiền hồ sơ rồi mới được nhận",
    ],
)
def test_a_scam_told_as_a_story_sounds_like_one(said: str, knowledge: Knowledge) -> None:
    kind, lead = knowledge.tone.heard(knowledge.speller.read(said))
    assert kind == "warning"
    assert lead >= SOUNDS


def test_a_question_about_a_service_sounds_like_no_scam(knowledge: Knowledge) -> None:
    asked = knowledge.speller.read("con tôi sắp vào lớp một, tôi cần bản sao khai sinh thì xin ở xã nào")
    assert knowledge.tone.heard(asked)[0] == ""
