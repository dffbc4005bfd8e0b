"""The pace: a service never sees more than the rate within any one second."""

from __future__ import annotations

import math

from bot.pace import Pace


def test_so_many_may_begin_and_then_none() -> None:
    pace = Pace(3, 1)
    for chat in (1, 2, 3):
        assert pace.free(100.0) > 0
        pace.take(chat)
    assert pace.free(100.0) == 0
    assert pace.free(200.0) == 0, "what is under way keeps its place, however long it takes"


def test_a_place_rests_for_a_second_after_its_send_has_ended() -> None:
    pace = Pace(2, 1000)
    pace.take(1)
    pace.take(2)
    pace.give_back(1, 105.0)
    assert [pace.free(now) for now in (105.0, 105.9, 106.0)] == [0, 0, 1]


def test_no_second_holds_more_than_the_rate_whatever_the_sends_take() -> None:
    pace, now, under_way, arrivals = Pace(4, 1000), 0.0, list[tuple[float, int]](), list[float]()
    for step in range(400):
        now += 0.037
        for ends, chat in [end for end in under_way if end[0] <= now]:
            under_way.remove((ends, chat))
            pace.give_back(chat, now)
        if pace.free(now):
            pace.take(step)
            takes = (step * 7 % 11) / 5
            under_way.append((now + takes, step))
            arrivals.append(now + takes / 2)
    arrivals.sort()
    assert len(arrivals) > 20
    assert all(later - earlier >= 1 for earlier, later in zip(arrivals, arrivals[4:], strict=False))


def test_a_rate_below_one_a_second_gives_one_place_that_rests_longer() -> None:
    pace = Pace(0.5, 1)
    assert (pace.places, pace.rest) == (1, 2.0)


def test_a_person_is_left_alone_until_the_send_has_ended_and_a_while_after() -> None:
    pace = Pace(100, 0.5)
    pace.take(7)
    pace.take(8)
    assert pace.resting(math.nextafter(math.inf, 0)) == {7, 8}
    pace.give_back(7, 50.0)
    assert [pace.resting(now) for now in (51.9, 52.0)] == [{7, 8}, {8}]


def test_a_farewell_has_no_conversation_and_takes_a_place_like_any_other() -> None:
    pace = Pace(1, 1)
    pace.take(None)
    assert (pace.free(0.0), pace.resting(0.0)) == (0, set())
    pace.give_back(None, 0.0)
    assert pace.free(1.0) == 1
