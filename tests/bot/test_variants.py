"""Questions as others type them: the same in every run."""

from __future__ import annotations

from bot.variants import slipped, unmarked

SAID = "làm giấy khai sinh cho con mới sinh thì cần những giấy tờ gì"


def test_diacritics_are_left_out() -> None:
    assert unmarked("Đăng ký Khai sinh") == "dang ky khai sinh"


def test_one_word_in_four_has_a_slip_and_the_others_none() -> None:
    pairs = list(zip(SAID.split(), slipped(SAID).split(), strict=True))
    changed = [said for said, typed in pairs if said != typed]
    assert 1 <= len(changed) <= 3
    assert len(pairs) == len(SAID.split())


def test_the_slips_are_the_same_in_every_run() -> None:
    assert slipped(SAID) == slipped(SAID) != SAID


def test_a_short_question_has_one_slip_too() -> None:
    assert slipped("khai sinh") != "khai sinh"
    assert slipped("a") == "a"
