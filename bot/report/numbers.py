"""All figures of a period, in whole and divided: what the report is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.figures import as_json, divisions
from bot.staff.labels import Division, Labels
from storage.counting import Counted, Counting, Within
from storage.days import Period
from storage.figures import FIGURES


@dataclass(frozen=True, slots=True)
class Numbers:
    """One figure."""

    whole: Counted
    divided: Mapping[Division, Counted]


async def count_all(
    counting: Counting, period: Period, within: Within, labels: Labels
) -> tuple[Numbers, ...]:
    """Count every figure, in whole and by everything that it can be divided by."""
    found = []
    for figure in FIGURES.values():
        divided = {
            one: await counting.count(figure, period, within, one.by, labels.kinds(one))
            for one in divisions(figure)
        }
        found.append(Numbers(await counting.count(figure, period, within), divided))
    return tuple(found)


def numbers_as_json(period: Period, numbers: tuple[Numbers, ...]) -> dict[str, object]:
    """Return the figures for programs: a gap is an object that says why there is no number."""
    return {
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "figures": {
            one.whole.figure.slug: {
                **as_json(one.whole),
                "divided": {by.value: as_json(counted)["cells"] for by, counted in one.divided.items()},
            }
            for one in numbers
        },
    }
