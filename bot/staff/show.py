"""How the desk writes numbers and times: as people in Việt Nam do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from storage.days import ZONE


def whole(number: float) -> str:
    """Write a whole number: 1.234."""
    return f"{round(number):,}".replace(",", ".")


def share(number: float) -> str:
    """Write a share from 0 to 1 as a percentage: 12,5 %."""
    return f"{number * 100:.1f}".replace(".", ",").removesuffix(",0") + " %"


def plain(number: float) -> str:
    """Write a number as short as it is: 1,5."""
    return f"{number:g}".replace(".", ",")


def day(value: dt.date) -> str:
    """Write a day: 2/3/2026."""
    return f"{value:%-d/%-m/%Y}"


def moment(value: dt.datetime) -> str:
    """Write a time as on a clock in Việt Nam: 08:05 2/3/2026."""
    return f"{value.astimezone(ZONE):%H:%M %-d/%-m/%Y}"


def lasting(time: dt.timedelta, say: Callable[..., str]) -> str:
    """Write how long something lasts, in the largest unit of which there are two or more."""
    minutes = max(0, int(time.total_seconds() // 60))
    if minutes < 2 * 60:
        return say("time.minutes", number=minutes)
    if minutes < 2 * 24 * 60:
        return say("time.hours", number=minutes // 60)
    return say("time.days", number=minutes // (24 * 60))


FILTERS: Mapping[str, Callable[..., Any]] = {
    "whole": whole,
    "share": share,
    "plain": plain,
    "day": day,
    "moment": moment,
}
