"""Groups of people behind a number, and which numbers may be shown.

Fewer than `FEW` people are never told: their number is hidden, and so is another one wherever a total would
give it away.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

FEW = 5
"""A group of fewer people is not shown."""

K = TypeVar("K", bound=Hashable)


class Gap(Enum):
    """Why there is no number."""

    HIDDEN = "hidden"
    """Too few people stand behind it, or it would give such a number away."""
    NOTHING = "nothing"
    """There is nothing to take a share or a middle of."""
    NOT_MEASURED = "not_measured"


Value = int | float | Gap


@dataclass(frozen=True, slots=True)
class Group:
    """A number and the people behind it."""

    number: int = 0
    people: frozenset[str] | None = frozenset()
    """Who they are, while they are few; None for `FEW` or more."""
    apart: int = 0
    """How many more there are, who are in no other group."""

    @property
    def small(self) -> bool:
        """Tell whether there is a number, with too few people behind it."""
        return self.number > 0 and self.people is not None and len(self.people) + self.apart < FEW


def crowd(number: int) -> Group:
    """Return people who are counted once, in one part of a whole."""
    return Group(number, apart=number)


def together(groups: Sequence[Group]) -> Group:
    """Return many groups as one; who stands behind several counts once."""
    if len(groups) == 1:
        return groups[0]
    number, apart = 0, 0
    people: set[str] = set()
    enough = False
    for group in groups:
        number += group.number
        apart += group.apart
        enough = enough or group.people is None
        if not enough:
            people |= group.people or set()
    return Group(number, None if enough else frozenset(people), apart)


def hidden(groups: Mapping[K, Group], first: Collection[K] = ()) -> frozenset[K]:
    """Return which parts of a whole must not be told.

    A single one is known from the total and the others, and so are a few people in several: then another
    part is hidden along, of `first` if there is one, else the smallest.
    """
    small = {key for key, group in groups.items() if group.small}
    others = sorted(
        (key for key, group in groups.items() if group.number and key not in small),
        key=lambda key: (key not in first, groups[key].number, str(key)),
    )
    while small and others and (len(small) == 1 or together([groups[key] for key in small]).small):
        small.add(others.pop(0))
    return frozenset(small)
