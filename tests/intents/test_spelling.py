"""Reading what was typed as what was meant, and leaving alone what was typed right."""

from __future__ import annotations

import pytest

from intents.knowledge import Knowledge, prepare
from intents.text import folded, words
from tests.intents.small import plain_text, small_content
from tests.known import texts


def heard(text: str, knowledge: Knowledge) -> tuple[str, ...]:
    return knowledge.speller.read(text).accented


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("dk ks cho con", "đăng ký khai sinh cho con"),
        ("gplx het han", "giấy phép lái xe het han"),
        ("cccd", "căn cước công dân"),
        ("DK KS", "đăng ký khai sinh"),
        ("đkkh can j", "đăng ký kết hôn can gì"),
        ("ko bik lm ntn", "không biết làm như thế nào"),
    ],
)
def test_abbreviations_of_chat_are_whole_words(typed: str, meant: str, knowledge: Knowledge) -> None:
    assert knowledge.speller.read(typed).folded == words(meant).folded


def test_an_abbreviation_inside_a_word_stays(knowledge: Knowledge) -> None:
    assert knowledge.speller.read("kscxyz").folded == ("kscxyz",)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ddangs kys khai sinh", "đáng ký khai sinh"),
        ("hooj chieeus", "hộ chiếu"),
        ("giaays pheps xaay duwngj", "giấy phép xây dựng"),
        ("keets hoon", "kết hôn"),
    ],
)
def test_telex_without_the_keyboard_is_read(typed: str, meant: str, knowledge: Knowledge) -> None:
    assert knowledge.speller.read(typed).folded == words(meant).folded


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("khai sunh cho con", "khai sinh cho con"),
        ("ho chiieu moi", "ho chieu moi"),
        ("dang ky kethon", "dang ky kethon"),
    ],
)
def test_one_letter_astray_is_put_right(typed: str, meant: str, knowledge: Knowledge) -> None:
    assert knowledge.speller.read(typed).folded == words(meant).folded


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("chợ cấp người già", "trợ cấp người già"),
        ("xin giấy phép sây dựng", "xin giấy phép xây dựng"),
        ("giấy phép nái xe", "giấy phép lái xe"),
        ("đăng ký kết hông", "đăng ký kết hôn"),
        ("giay phep say dung", "giay phep xay dung"),
    ],
)
def test_what_only_sounds_right_is_read_as_meant(typed: str, meant: str, knowledge: Knowledge) -> None:
    assert heard(typed, knowledge) == words(meant).accented


@pytest.mark.parametrize(
    "text",
    texts(
        "spelling",
        "giá vàng hôm nay",
        "gia vang hom nay",
        "giao thông",
        "giao thong",
        "căn cước gửi",
        "can cuoc gui",
        "cho con",
        "mất bao lâu",
        "bao lâu thì có",
        "mất bao lâu thì xong",
        "chờ bao lâu",
        "khi nào xong",
        "dịch vụ công mức độ 4 là gì",
        "sang tên sổ đỏ",
        "xin việc làm",
        "chợ phiên",
        "sổ đỏ",
        "cha mẹ",
        "trả tiền",
        "con trai",
        "nước sạch",
        "nhà sàn",
        "nha toi dang chay",
        "the con gia han thi sao",
        "xin chao",
        "1.001193",
        "85/2019",
    ),
)
def test_what_is_right_already_stays(text: str, knowledge: Knowledge) -> None:
    assert knowledge.speller.read(text) == words(text)


def test_hardly_any_plain_name_of_a_service_is_read_as_another(knowledge: Knowledge) -> None:
    titles = [text.title for text in knowledge.content.texts]
    misread = [
        title
        for title in titles
        if knowledge.speller.read(title).folded != words(title).folded and not _abbreviated(title, knowledge)
    ]
    assert len(misread) < len(titles) / 100, misread


def _abbreviated(text: str, knowledge: Knowledge) -> bool:
    return any(token in knowledge.speller.abbreviations for token in text.lower().split())


def test_unknown_words_pass_through(knowledge: Knowledge) -> None:
    assert knowledge.speller.read("xyzzyq").folded == ("xyzzyq",)
    assert knowledge.speller.read("").folded == ()
    assert knowledge.speller.read("😀 ?!").folded == ()


def test_a_short_word_has_too_many_neighbours_to_be_corrected(knowledge: Knowledge) -> None:
    assert knowledge.speller.read("xzi").folded == ("xzi",)


def test_an_acronym_of_words_of_the_catalogue_is_written_out(knowledge: Knowledge) -> None:
    assert knowledge.speller.read("lam gplx").folded[1:] == words("giấy phép lái xe").folded


def test_a_message_with_diacritics_keeps_them_however_often_the_words_stand_without() -> None:
    examples = ("mất bao lâu", *(f"mat bao lau {n}" for n in range(20)))
    knowledge = prepare(small_content(texts=(plain_text(examples=examples),)), retention_days=30)
    assert knowledge.speller.read("mất bao lâu") == words("mất bao lâu")


def test_reading_gives_as_many_forms_of_each_kind(knowledge: Knowledge) -> None:
    said = knowledge.speller.read("ks cho con ở xã ko cần đi lên huyện nữa hả ad")
    assert len(said.accented) == len(said.folded)
    assert folded(" ".join(said.accented)) == " ".join(said.folded)
