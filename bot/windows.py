"""How long after somebody's last message a service lets us write to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

FREE: Mapping[str, dt.timedelta] = {"zalo_oa": dt.timedelta(hours=48)}
"""By channel: after that, writing first costs money."""
LAST: Mapping[str, dt.timedelta] = {"zalo_oa": dt.timedelta(days=7)}
"""By channel: after that, a reply is refused (Zalo: error -230). The other services set no limit."""


def left(
    windows: Mapping[str, dt.timedelta], channel: str, heard_at: dt.datetime | None, now: dt.datetime
) -> dt.timedelta | None:
    """Return how long that still is, nothing or less when it is over; None where there is no limit."""
    if channel not in windows or heard_at is None:
        return None
    return heard_at + windows[channel] - now
