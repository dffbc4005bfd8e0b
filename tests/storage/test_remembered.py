"""What was counted is remembered until it changed, or until other counts were asked for more lately."""

from __future__ import annotations

from storage.remembered import MOST, Remembered


def test_a_count_is_not_found_once_a_day_of_it_was_made_anew() -> None:
    remembered = Remembered()
    remembered.keep("a year", 1, 12)
    assert remembered.find("a year", 1) == 12
    assert remembered.find("a year", 2) is None


def test_nothing_is_remembered_while_a_day_is_to_be_made_anew() -> None:
    remembered = Remembered()
    remembered.keep("a year", None, 12)
    assert remembered.find("a year", None) is None


def test_what_is_asked_for_again_and_again_outlives_what_nobody_asks_for() -> None:
    remembered = Remembered()
    remembered.keep("a year", 1, 12)
    remembered.keep("a day", 1, 3)
    for number in range(2 * MOST):
        assert remembered.find("a year", 1) == 12
        remembered.keep(number, 1, number)
    assert remembered.find("a day", 1) is None
