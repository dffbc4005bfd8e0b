"""Asking of our own accord how it went: a day later, by day, while we may still write first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bot.clock import Clock
from intents.survey import A_DAY
from intents.turn import Kind
from storage.days import ZONE
from storage.records import FollowUp, NewItem
from storage.unit_of_work import Storage

log = structlog.get_logger(__name__)

UNTIL = dt.timedelta(hours=40)
"""After this we do not write first; Zalo charges for messages later than 48 hours after theirs."""
MORNING, EVENING = dt.time(7, 30), dt.time(20, 0)
"""Nobody is written to before or after."""
AT_ONCE = 100
"""Asked in one go."""


def due(now: dt.datetime) -> dt.datetime:
    """Return when to ask who wants to submit something now: a day later, or the morning after that."""
    asked = (now + A_DAY).astimezone(ZONE)
    morning = asked.replace(hour=MORNING.hour, minute=MORNING.minute, second=0, microsecond=0)
    if asked.time() < MORNING:
        asked = morning
    elif asked.time() > EVENING:
        asked = morning + dt.timedelta(days=1)
    return asked.astimezone(dt.UTC)


@dataclass(frozen=True, slots=True)
class FollowUps:
    """Puts the question into the conversations whose time has come."""

    storage: Storage
    clock: Clock
    wake: Callable[[], None]
    """Tells the workers that something waits."""

    async def work(self) -> bool:
        """Ask whoever is due; False when more may be."""
        now = self.clock()
        if not MORNING <= now.astimezone(ZONE).time() <= EVENING:
            return True  # nobody is woken where we were away at the time
        async with self.storage.writing() as unit:
            await unit.follow_ups.drop_late(now)
            those = await unit.follow_ups.due(now, AT_ONCE)
            for one in those:
                await unit.inbox.put(_question(one, now))
                await unit.follow_ups.done(one)
            await unit.commit()
        if those:
            log.info("asked how it went", number=len(those))
            self.wake()
        return len(those) < AT_ONCE


def _question(one: FollowUp, now: dt.datetime) -> NewItem:
    name = f"follow-up:{one.conversation_id}:{one.due_at:%Y%m%d%H%M}"
    return NewItem(one.conversation_id, name, Kind.FOLLOW_UP, now, now)
