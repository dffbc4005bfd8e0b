"""Fewer than five people are never told, and no total gives them away."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.groups import FEW, Group, crowd, hidden, together


def some(number: int, *people: str) -> Group:
    return Group(number, frozenset(people))


MANY = Group(50, None)


def test_four_people_are_few_and_five_are_not() -> None:
    assert crowd(4).small
    assert not crowd(5).small


def test_many_questions_of_few_people_are_small() -> None:
    assert some(200, "a", "b").small


def test_nothing_is_no_group() -> None:
    assert not Group().small
    assert not crowd(0).small


def test_who_stands_behind_two_parts_counts_once() -> None:
    both = together([some(3, "a", "b", "c"), some(3, "b", "c", "d")])
    assert both.number == 6
    assert both.small
    assert not together([both, some(1, "e")]).small


def test_people_apart_add_up() -> None:
    assert together([crowd(2), crowd(2)]).small
    assert not together([crowd(2), crowd(3)]).small


def test_parts_that_are_large_enough_are_all_told() -> None:
    assert hidden({"x": MANY, "y": crowd(5)}) == frozenset()


def test_a_single_small_part_hides_the_smallest_other() -> None:
    groups = {"x": crowd(3), "y": crowd(9), "z": MANY}
    assert hidden(groups) == {"x", "y"}


def test_what_nobody_can_ask_for_alone_is_hidden_first() -> None:
    assert hidden({"x": crowd(3), "y": crowd(9), "": MANY}, first=("",)) == {"x", ""}


def test_two_small_parts_of_the_same_few_hide_a_third() -> None:
    groups = {"x": some(2, "a", "b"), "y": some(2, "a", "b"), "z": crowd(7), "w": MANY}
    assert hidden(groups) == {"x", "y", "z"}


def test_two_small_parts_that_are_many_together_hide_each_other() -> None:
    assert hidden({"x": crowd(3), "y": crowd(3), "z": MANY}) == {"x", "y"}


def test_zero_may_be_told() -> None:
    assert hidden({"x": crowd(0), "y": MANY}) == frozenset()


@given(st.dictionaries(st.text(max_size=2), st.integers(0, 12).map(crowd), max_size=8))
def test_what_is_hidden_is_never_one_part_nor_few_people(groups: dict[str, Group]) -> None:
    closed = hidden(groups)
    told = {key: group for key, group in groups.items() if group.number and key not in closed}
    assert not any(group.small for group in told.values())
    if closed and told:
        assert len(closed) > 1
        assert sum(groups[key].number for key in closed) >= FEW
