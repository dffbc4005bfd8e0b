"""Words that only sound right, heard as a small catalogue says them."""

from __future__ import annotations

import pytest

from intents.ear import USUAL, Ear
from intents.text import accented, words
from tests.known import cases


def taught(*phrases: str, times: int = 3 * USUAL) -> Ear:
    ear = Ear(marked=True, plain=frozenset({accented("cho")}))
    ear.learn(words(phrase).accented for phrase in phrases * times)
    return ear


def heard(ear: Ear, said: str) -> str:
    return " ".join(ear.correct(words(said).accented))


def same(text: str) -> str:
    return " ".join(words(text).accented)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("chợ cấp", "trợ cấp"),
        ("sây dựng", "xây dựng"),
        ("xây giựng", "xây dựng"),
        ("nái xe", "lái xe"),
        ("kết hông", "kết hôn"),
        ("ngĩa vụ", "nghĩa vụ"),
        ("hổ trợ", "hỗ trợ"),
    ],
)
def test_a_pair_never_heard_of_is_taken_for_a_usual_one_that_sounds_alike(said: str, meant: str) -> None:
    ear = taught("trợ cấp", "xây dựng", "lái xe", "kết hôn", "nghĩa vụ", "hỗ trợ")
    assert heard(ear, said) == same(meant)


def test_a_pair_that_is_as_usual_stays() -> None:
    assert heard(taught("trợ cấp", "chợ cấp"), "chợ cấp") == same("chợ cấp")


def test_a_pair_that_stands_once_or_twice_is_no_expression() -> None:
    assert heard(taught("trợ cấp", times=USUAL - 1), "chợ cấp") == same("chợ cấp")


def test_a_word_that_belongs_to_its_other_neighbour_stays() -> None:
    ear = taught("trợ cấp", "phiên chợ")
    assert heard(ear, "phiên chợ cấp") == same("phiên chợ cấp")


def test_a_plain_word_is_never_misheard() -> None:
    assert heard(taught("trò chuyện"), "cho chuyện") == same("cho chuyện")


def test_two_words_that_both_differ_are_other_words() -> None:
    assert heard(taught("trợ dạy"), "chợ giày") == same("chợ giày")


OTHER = {
    "ch is no c": ("đang cai", "đang chai"),
    "th is no t": ("đang tai", "đang thai"),
    "kh is no k": ("đang kể", "đang khể"),
    "ph is no p": ("đang pin", "đang phin"),
    "ay is no ai": ("đang tai", "đang tay"),
}


@pytest.mark.parametrize("pair", cases("ear", OTHER))
def test_what_no_ear_confuses_are_other_words(pair: tuple[str, str]) -> None:
    known, said = pair
    assert heard(taught(known), said) == same(said)


def test_other_tones_are_other_words() -> None:
    assert heard(taught("trợ cấp"), "chờ cấp") == same("chờ cấp")


def test_there_is_nothing_to_hear_in_one_word_or_none() -> None:
    ear = taught("trợ cấp")
    assert heard(ear, "chợ") == same("chợ")
    assert heard(ear, "") == ""
