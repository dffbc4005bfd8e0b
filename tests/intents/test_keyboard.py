"""Keys of a keyboard that was off, and letters of chat."""

from __future__ import annotations

import pytest

from intents.keyboard import meanings


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("tooi", "tôi"),
        ("muoons", "muốn"),
        ("laij", "lại"),
        ("chieecs", "chiếc"),
        ("nguwowif", "người"),
        ("giaays", "giấy"),
        ("dduwowcj", "được"),
        ("ddawng", "đăng"),
        ("kys", "ký"),
        ("truwowngf", "trường"),
        ("tieengs", "tiếng"),
        ("so63", "sổ"),
        ("d9o3", "đỏ"),
        ("ra1ch", "rách"),
        ("d9o6i3", "đổi"),
        ("khuyet61", "khuyết"),
        ("nguoi72", "người"),
        ("d9uoc75", "được"),
        ("giay61", "giấy"),
        ("bằg", "bằng"),
        ("trug", "trung"),
        ("fải", "phải"),
        ("zấy", "dấy"),
        ("thik", "thich"),
    ],
)
def test_what_was_meant_is_among_the_meanings(typed: str, meant: str) -> None:
    assert meant in list(meanings(typed))


@pytest.mark.parametrize("typed", ["nha", "khai", "hong", "bat"])
def test_a_plain_word_has_no_other_meaning_by_its_keys(typed: str) -> None:
    assert [word for word in meanings(typed) if not word.startswith(typed[:2])] == []


@pytest.mark.parametrize("typed", ["", "0", "123", "zzz", "sss", "www", "9d9", "a1b2c3"])
def test_nothing_breaks_on_what_is_no_word(typed: str) -> None:
    assert isinstance(list(meanings(typed)), list)
