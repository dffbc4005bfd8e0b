"""Read handling times: a number and a unit that can be trusted, or nothing."""

from __future__ import annotations

import re

from content.models import Duration, TimeUnit
from content.wording import clean, fold, sentences

_UNITS = {
    "HOUR": TimeUnit.HOUR,
    "DAY": TimeUnit.DAY,
    "WORKING_DAY": TimeUnit.WORKING_DAY,
    "MONTH": TimeUnit.MONTH,
}
_LONGEST = {TimeUnit.HOUR: 120, TimeUnit.DAY: 400, TimeUnit.WORKING_DAY: 250, TimeUnit.MONTH: 24}
"""Anything longer is a slip of the pen: a number put into the wrong unit."""
_HOURS = {TimeUnit.HOUR: 1.0, TimeUnit.DAY: 24.0, TimeUnit.WORKING_DAY: 24 * 7 / 5, TimeUnit.MONTH: 720.0}
_WORDS = {
    "gio": TimeUnit.HOUR,
    "ngay": TimeUnit.DAY,
    "ngay lam viec": TimeUnit.WORKING_DAY,
    "thang": TimeUnit.MONTH,
}
_MENTION = re.compile(r"\d+(?:[.,]\d+)?(?: \([a-z ]+\))? (?:phut|gio|ngay|tuan|thang|nam)\b")
_STATED = re.compile(
    r"\W*(?:thoi (?:han|gian)[a-z ]{0,30}:? ?)?(?:trong (?:thoi (?:han|gian)|vong) )?"
    r"(?:khong qua |toi da |cham nhat )?"
    r"(\d{1,3})(?: \([a-z ]+\))? (ngay lam viec|ngay|gio(?! lam viec)|thang)"
    r"(?:,? (?:ke |tinh )?tu (?:ngay|khi|thoi diem)[a-z ]{0,20} nhan [^:]*)?\W*"
)
"""A whole sentence: a duration, and at most from when it runs."""


def read_duration(value: object, unit: str, description: str) -> Duration | None:
    """Return the time of one listing: its own fields, else the one clear duration of its description."""
    kind = _UNITS.get(unit)
    number = _number(value)
    if kind and number is not None and 0 < number <= _LONGEST[kind]:
        return Duration(number, kind)
    return _stated(fold(clean(description)))


def by_length(duration: Duration) -> float:
    """Return a key that sorts times of different units."""
    return duration.value * _HOURS[duration.unit]


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _stated(description: str) -> Duration | None:
    if len(_MENTION.findall(description)) != 1:
        return None
    found = next(filter(None, map(_STATED.fullmatch, sentences(description))), None)
    if not found:
        return None
    number, unit = float(found[1]), _WORDS[found[2]]
    return Duration(number, unit) if 0 < number <= _LONGEST[unit] else None
