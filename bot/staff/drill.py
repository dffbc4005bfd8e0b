"""From a part of a figure to the questions behind it."""

from __future__ import annotations

import datetime as dt

from bot.staff.filters import Filters
from bot.staff.labels import Division
from storage.counting import Counted
from storage.days import Period, Span
from storage.figures import ASKED, Count, Figure, Share
from storage.groups import Gap
from storage.records import EventName

QUESTIONS = "/staff/questions"
OUTCOMES = tuple(name for name in EventName if name.startswith("turn:") and name is not EventName.TURN_WAITED)
"""What became of a question."""
_NARROWS = (Division.CHANNEL, Division.COMMUNE, Division.SERVICE, Division.ASPECT, Division.TOPIC)
"""What the list of questions can be narrowed to as well."""


def behind(figure: Figure | None) -> tuple[EventName, ...]:
    """Return what became of the questions that a figure counts; nothing where it counts something else.

    The list does not know at which turn something was answered; of all questions it shows every turn.
    """
    match figure:
        case Count(names=names) if set(names) <= set(OUTCOMES) and (figure == ASKED or not figure.values):
            return names
        case Share(part=part, rest=rest) if behind(part) and behind(rest):
            return behind(part) + behind(rest)
    return ()


def address(counted: Counted, division: Division, key: str, chosen: Filters) -> str:
    """Return where the questions behind a part are listed; empty where no list would be just these."""
    figure = counted.figure
    if not key or not behind(figure) or isinstance(counted.cells[key], Gap):
        return ""
    if isinstance(figure, Count) and not _narrow_enough(figure, division):
        return ""
    if division.of_time:
        days = _days(Span(division.value), dt.date.fromisoformat(key), chosen.period)
        narrowed = {"from": days.first.isoformat(), "to": days.last.isoformat()}
    elif division in _NARROWS:
        narrowed = {division.value: key}
    else:
        return ""
    return chosen.address(QUESTIONS, figure=figure.slug, **narrowed)


def _narrow_enough(figure: Count, division: Division) -> bool:
    """Tell whether a part of a figure of some aspects, or of topics, is of one of them."""
    aspect = not figure.aspects or division is Division.ASPECT
    return aspect and (not figure.topics or division is Division.TOPIC)


def _days(span: Span, start: dt.date, period: Period) -> Period:
    return Period(max(start, period.first), min(span.end(start), period.last))
