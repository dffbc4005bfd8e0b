"""Kinds of messages, told apart by how they are said."""

from __future__ import annotations

import pytest

from content.models import Tones
from intents.engine import SOUNDS
from intents.knowledge import Knowledge
from intents.text import words
from intents.tone import ASKED, Tone, terms
from intents.turn import Outcome

TONE = Tone(
    Tones(
        kinds=(ASKED, "act"),
        bias=(1.0, 0.0),
        weights={"muon": (30, 0), "gium em": (0, 90), "nhe": (0, 20)},
    )
)


def test_words_that_name_nothing_tell_the_kind() -> None:
    assert TONE.heard(words("đọc truyện giùm em nhé"))["act"] > 0.5
    assert TONE.heard(words("mượn truyện mất bao lâu"))[ASKED] > 0.5


def test_chances_add_up_and_none_is_left_out() -> None:
    chances = TONE.heard(words("mượn giùm em"))
    assert set(chances) == {ASKED, "act"}
    assert sum(chances.values()) == pytest.approx(1)


def test_of_words_that_nobody_knows_the_usual_kind_is_likeliest() -> None:
    assert TONE.heard(words("abc xyz")) == TONE.heard(words("")) == TONE.chances(())
    assert TONE.heard(words("abc"))[ASKED] == pytest.approx(0.731, abs=0.001)


def test_the_same_word_in_a_longer_message_says_less() -> None:
    assert TONE.heard(words("nhé"))["act"] > TONE.heard(words("mai tôi đi chợ mua rau nhé"))["act"]


def test_it_is_said_what_made_it_sound_so() -> None:
    assert TONE.because(words("đọc truyện giùm em nhé"), "act") == ("gium em", "nhe")
    assert TONE.because(words("abc"), "act") == ()


def test_words_pairs_and_marks_are_known_of_a_message() -> None:
    assert terms(words("mất thẻ mất thẻ")) == (
        *("mat", "the", "mat the", "the mat"),
        *(f"+{marked}" for marked in words("mất thẻ").accented),
    )


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (
            "Có anh xưng cán bộ thuế gọi, kêu tôi bật màn hình cho anh ấy bấm hộ để khỏi bị phạt",
            Outcome.WARNING,
        ),
        (
            "họ nhắn là trúng thưởng xe máy, chuyển trước hai triệu tiền hồ sơ rồi mới được nhận",
            Outcome.WARNING,
        ),
        ("em lười quá, chị gõ luôn tờ khai rồi gửi lên giùm em nha", Outcome.CANNOT_ACT),
        ("mùa này trồng bí đao với mướp thì giống nào sai quả", Outcome.OUT_OF_SCOPE),
    ],
)
def test_what_was_learnt_hears_kinds_that_no_phrase_gives_away(
    said: str, kind: Outcome, knowledge: Knowledge
) -> None:
    assert knowledge.tone.heard(knowledge.speller.read(said))[kind] >= SOUNDS


def test_a_question_about_a_service_sounds_like_one(knowledge: Knowledge) -> None:
    asked = knowledge.speller.read("con tôi sắp vào lớp một, tôi cần bản sao khai sinh thì xin ở xã nào")
    assert knowledge.tone.heard(asked)[ASKED] > 0.9
