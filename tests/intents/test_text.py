"""Normalisation: however a thing is typed, it is the same words."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intents.text import MAX_CHARS, Words, accented, clean, fold, folded, words
from tests.known import cases

VIETNAMESE = "aáàảãạăằắẳẵặâầấẩẫậbcdđeéẻèẽẹêếềểễệghiíìỉĩịklmnoóòỏõọôốồổỗộơớờởỡợpqrstuúùủũụưứừửữựvxyýỳỷỹỵ"
typed = st.text(alphabet=VIETNAMESE + VIETNAMESE.upper() + " .,?!-/0123456789", max_size=60)
anything = st.text(max_size=60)

SAME = {
    "composed and decomposed": (
        unicodedata.normalize("NFC", "thủ tục"),
        unicodedata.normalize("NFD", "thủ tục"),
    ),
    "old and new place of the tone": ("hòa giải, thủy lợi, xóa nợ", "hoà giải, thuỷ lợi, xoá nợ"),
    "capitals": ("ĐĂNG KÝ KHAI SINH", "đăng ký khai sinh"),
    "zero-width characters": ("kh\u200bai si\u200dnh\ufeff", "khai sinh"),
    "soft hyphens and direction marks": ("khai\u00ad \u202asinh\u202c", "khai sinh"),
    "no-break spaces and tabs": ("khai\u00a0sinh\tmuộn", "khai sinh muộn"),
    "letters held down": ("bác ơiiiiii giúppp", "bác ơi giúp"),
    "full-width letters": ("ｋｈａｉ ｓｉｎｈ", "khai sinh"),
    "bold and italic letters": ("𝐤𝐡𝐚𝐢 𝓼𝓲𝓷𝓱", "khai sinh"),
    "circled and keycap digits": ("① 2️⃣", "1 2"),
    "punctuation": ("«khai sinh»... (cho con)?!", "khai sinh cho con"),
    "underscores": ("khai_sinh", "khai sinh"),
    "emoji between words": ("khai 👶🏽 sinh 🎉", "khai sinh"),
    "control characters": ("\x00khai\x07 sinh\x1b", "khai sinh"),
    "the letter eth of old keyboards": ("Ðăng ký", "Đăng ký"),
}


@pytest.mark.parametrize("pair", cases("text", SAME))
def test_two_ways_of_typing_are_the_same_words(pair: tuple[str, str]) -> None:
    one, other = pair
    assert words(one) == words(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Đường Đội Cấn", "duong doi can"),
        ("sửa đổi, bổ sung", "sua doi bo sung"),
        ("VNeID mức 2", "vneid muc 2"),
        ("Thủ tục 1.001193", "thu tuc 1.001193"),
        ("thông tư 85/2019/TT-BTC", "thong tu 85/2019 tt btc"),
        ("ngày 1/7/2025.", "ngay 1/7/2025"),
        ("mức 3,4", "muc 3 4"),
    ],
)
def test_folded_words_have_no_marks_and_keep_codes_and_dates_whole(text: str, expected: str) -> None:
    assert folded(text) == expected


@pytest.mark.parametrize("text", ["", "   ", "😀😀🎉", "?!…", "\x00\x01\x02", "\u200b\u200d", "___"])
def test_a_text_without_letters_has_no_words(text: str) -> None:
    assert len(words(text)) == 0
    assert words(text).share_marked == 0.0


def test_words_that_differ_in_a_mark_stay_apart() -> None:
    forms = words("mua mùa múa mưa mứa").accented
    assert len(set(forms)) == len(forms)
    assert len(set(words("mua mùa múa mưa mứa").folded)) == 1


def test_d_with_stroke_becomes_d_in_either_case_and_form() -> None:
    assert fold("đ") == fold("Đ") == fold(unicodedata.normalize("NFD", "Đ")) == "d"


def test_accented_forms_do_not_depend_on_where_the_tone_was_typed() -> None:
    assert accented("hòa") == accented("hoà") != accented("hoa")
    assert accented("khoẻ") == accented("khỏe")


def test_the_share_of_marked_words_tells_how_a_message_was_typed() -> None:
    assert not words("dang ky khai sinh").marked
    assert words("khai sinh").share_marked == 0.0
    assert words("đăng ký khai sinh").share_marked == 0.5


def test_a_long_message_is_read_from_both_ends() -> None:
    said = words("khai sinh " + "lời kể dài dòng " * 1_300 + "hết bao nhiêu tiền")
    assert said.folded[:2] == ("khai", "sinh")
    assert said.folded[-4:] == ("het", "bao", "nhieu", "tien")
    assert len(clean("a" * 20_000 + " b" * 10_000)) <= MAX_CHARS + 1


def test_one_word_of_twenty_thousand_characters_is_one_or_two_words() -> None:
    assert len(words("ab" * 10_000)) == 2


def test_words_of_both_forms_stand_position_by_position() -> None:
    said = words("Mất sổ đỏ!")
    assert said == Words(accented=tuple(map(accented, ("mất", "sổ", "đỏ"))), folded=("mat", "so", "do"))


@given(anything)
def test_folding_a_word_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(typed)
def test_both_unicode_forms_give_the_same_words(text: str) -> None:
    assert words(unicodedata.normalize("NFC", text)) == words(unicodedata.normalize("NFD", text))


@given(typed)
def test_capitals_say_nothing(text: str) -> None:
    assert words(text.upper()) == words(text)


@given(anything)
def test_folding_never_makes_more_words(text: str) -> None:
    assert len(words(folded(text))) <= len(words(text))


@given(anything)
def test_words_are_never_empty_and_have_both_forms(text: str) -> None:
    said = words(text)
    assert len(said.accented) == len(said.folded)
    assert all(said.accented)


@given(typed)
def test_folded_words_of_vietnamese_are_plain_ascii(text: str) -> None:
    assert folded(text).isascii()


@given(anything)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)
