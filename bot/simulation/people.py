"""Who the made-up people are and when they write."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from content.models import Commune
from storage.days import DAY, begins, day_of

CHANNELS = {"zalo_oa": 0.5, "webchat": 0.28, "telegram": 0.12, "zalo_bot": 0.1}
"""Which share of the people writes on which channel."""
TELL_HOME = 0.4
"""Share of the people who say where they live when it comes up."""
UNMARKED = 0.3
"""Share of the people who type without diacritics."""
RETURN = 0.62
"""How likely somebody comes again, after each time."""
GAP_DAYS = 9
HOURS = (*(0,) * 5, 1, 2, 5, 9, 10, 9, 7, 5, 5, 8, 9, 7, 5, 5, 8, 9, 7, 3, 1)
"""How many write in each hour of a day."""
WEEK = (1.0, 1.0, 0.95, 0.95, 0.9, 0.6, 0.5)
"""Monday to Sunday."""
FIRST_DAY = 0.3
"""How many people come new on the first day, beside the last."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is made up."""

    people: int
    days: int
    seed: int
    until: dt.datetime
    """Nothing happens later."""

    @property
    def first(self) -> dt.date:
        """Return the first local day."""
        return day_of(self.until) - (self.days - 1) * DAY


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody made up."""

    number: int
    channel: str
    home: Commune
    tells_home: bool
    unmarked: bool
    writes_at: tuple[dt.datetime, ...]
    """When each visit begins, earliest first; at most one a day."""
    chance: random.Random
    """Theirs alone: what they do does not depend on others."""


def crowd(plan: Plan, communes: Sequence[Commune]) -> list[Person]:
    """Make up all people."""
    days = [plan.first + number * DAY for number in range(plan.days)]
    growth = [
        (FIRST_DAY + (1 - FIRST_DAY) * (number + 1) / plan.days) * WEEK[day.weekday()]
        for number, day in enumerate(days)
    ]
    joined = list(accumulate(growth))
    sizes = list(accumulate(1 / (rank + 3) for rank in range(len(communes))))
    order = list(communes)
    _chance(plan, "communes").shuffle(order)
    people = []
    for number in range(plan.people):
        chance = _chance(plan, number)
        first = chance.choices(range(plan.days), cum_weights=joined)[0]
        people.append(
            Person(
                number=number,
                channel=chance.choices([*CHANNELS], [*CHANNELS.values()])[0],
                home=chance.choices(order, cum_weights=sizes)[0],
                tells_home=chance.random() < TELL_HOME,
                unmarked=chance.random() < UNMARKED,
                writes_at=tuple(_visits(days, first, chance)),
                chance=chance,
            )
        )
    return people


def _visits(days: Sequence[dt.date], first: int, chance: random.Random) -> list[dt.datetime]:
    visits, number = [], first
    while number < len(days):
        hour = chance.choices(range(24), HOURS)[0]
        seconds = hour * 3600 + chance.randrange(3600)
        visits.append(begins(days[number]) + dt.timedelta(seconds=seconds))
        if chance.random() >= RETURN:
            break
        number += 1 + int(chance.expovariate(1 / GAP_DAYS))
    return visits


def _chance(plan: Plan, whose: object) -> random.Random:
    return random.Random(f"{plan.seed} {whose}")  # noqa: S311 - no secret; the same in every run
