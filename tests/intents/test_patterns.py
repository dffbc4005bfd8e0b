"""The little language of phrases, with and without diacritics."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from content.models import Missing, Topic
from intents.knowledge import Knowledge
from intents.lint import malformed
from intents.patterns import Phrasebook, problem
from intents.text import Words, words
from tests.conversations.dialogues import read_dialogues
from tests.intents.small import small_content
from tests.typed import unmarked

SENTENCES = sorted(
    {turn.said for dialogue in read_dialogues().values() for turn in dialogue.turns if turn.marked}
)


class Patterns:
    """One group of phrases."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._book = Phrasebook({"": phrases})

    def find(self, said: Words) -> str:
        span = self._book.read(said).span("")
        return " ".join(said.accented[span[0] : span[1]]) if span else ""

    def tails(self, said: Words) -> set[int]:
        return self._book.read(said).tails("")


def finds(phrase: str, said: str) -> bool:
    return bool(Patterns((phrase,)).find(words(said)))


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("khai sinh", "làm khai sinh"),
        ("khai sinh", "khai sinh"),
        ("(nộp|gửi) hồ sơ", "muốn gửi hồ sơ"),
        ("(nộp|gửi) hồ sơ", "muốn nộp hồ sơ"),
        ("hồ sơ [của tôi] đến đâu", "hồ sơ đến đâu"),
        ("hồ sơ [của tôi] đến đâu", "hồ sơ của tôi đến đâu rồi"),
        ("mất * bao lâu", "mất bao lâu"),
        ("mất * bao lâu", "mất hộ chiếu bao lâu"),
        ("mất * bao lâu", "mất một hai ba bốn bao lâu"),
        ("[rất] (sợ|lo [lắng]) mất", "tôi lo lắng mất"),
        ("Mã OTP", "mã otp"),
        ("xoá nợ", "xóa nợ"),
    ],
)
def test_a_phrase_is_found(phrase: str, said: str) -> None:
    assert finds(phrase, said)


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("khai sinh", "khai sinhh"),
        ("khai sinh", "khai báo sinh"),
        ("khai sinh", "sinh khai"),
        ("ok", "tokyo"),
        ("(nộp|gửi) hồ sơ", "hồ sơ"),
        ("mất * bao lâu", "mất một hai ba bốn năm sáu bao lâu"),
        ("mức 3", "mức 30"),
        ("một phần", "một"),
    ],
)
def test_other_words_are_not(phrase: str, said: str) -> None:
    assert not finds(phrase, said)


def test_without_diacritics_a_word_stands_for_all_its_marked_forms() -> None:
    assert finds("mã OTP", "doc ma otp")
    assert finds("bưu điện", "gui buu dien")


def test_with_diacritics_an_unmarked_word_is_meant_without_marks() -> None:
    assert finds("còn", "còn gia hạn thì sao")
    assert not finds("còn", "khai sinh cho con nhỏ mới đẻ")


def test_a_message_marked_here_and_there_is_read_as_unmarked() -> None:
    assert finds("bưu điện", "gui buu dien được khong a")


def test_wrong_marks_are_not_the_word() -> None:
    assert not finds("bưu điện", "bứu điền mới lắm")


def test_the_words_that_matched_are_told() -> None:
    assert Patterns(("mất * bao lâu", "bao lâu")).find(words("lam ho chieu mat bao lau a")) == "mat bao lau"


def test_no_phrases_find_nothing() -> None:
    assert Patterns(()).find(words("khai sinh")) == ""
    assert Patterns(()).tails(words("khai sinh")) == set()


def test_nothing_is_found_in_nothing() -> None:
    assert Patterns(("khai sinh",)).find(words("")) == ""
    assert Patterns(("[khai]",)).find(words("")) == ""


@pytest.mark.parametrize(
    ("said", "positions"),
    [
        ("mất bao lâu", {0, 1, 2}),
        ("làm hộ chiếu mất bao lâu", {3, 4, 5}),
        ("mất hộ chiếu bao lâu", {3, 4}),
        ("mất bao lâu vậy mất sổ đỏ bao lâu", {0, 1, 2, 7, 8}),
        ("làm hộ chiếu", set()),
    ],
)
def test_what_stands_before_a_filled_gap_is_the_subject(said: str, positions: set[int]) -> None:
    assert Patterns(("mất * bao lâu",)).tails(words(said)) == positions


def test_signs_of_regular_expressions_are_only_text() -> None:
    assert not finds("a.c", "abc")
    assert not finds("a+", "aa")
    assert finds("a+", "a")


@pytest.mark.parametrize("phrase", ["(khai sinh", "khai) sinh", "[khai sinh"])
def test_a_malformed_phrase_is_told(phrase: str) -> None:
    assert phrase in problem(phrase)
    assert problem("[khai] (sinh|tử) * đâu") == ""


def test_malformed_phrases_of_the_content_are_told_with_their_place() -> None:
    topic = Topic("weather", "Thời tiết", "Mưa.", ("(mưa",))
    content = small_content(topics={"weather": topic}, missing=(Missing("horse", ("ngựa)",), "Không."),))
    assert [name for name, _ in malformed(content)] == ["weather", "horse"]


def test_the_sieve_of_phrases_loses_none(knowledge: Knowledge) -> None:
    """A phrase in double brackets says the same but cannot be sieved by its words."""
    said = [words(unmarked(text) if n % 2 else text) for n, text in enumerate(SENTENCES)]
    phrases = {p for topic in knowledge.content.topics.values() for p in topic.patterns}
    phrases |= {p for listed in knowledge.content.vocabulary.aspects.values() for p in listed}
    lost = [
        (phrase, sentence.line)
        for phrase in sorted(phrases)
        for sieved, whole in [(Patterns((phrase,)), Patterns((f"(({phrase}))",)))]
        for sentence in said
        if sieved.find(sentence) != whole.find(sentence)
    ]
    assert lost == []
