"""Staff who are made up too: they answer most of the questions passed to them, in working hours."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass

from bot.handoffs import BY_DESK, happened, minutes, over_item, staff_item
from content.simulation import Talk
from intents.handoffs import CLOSED, Act
from storage.days import ZONE
from storage.handoffs import HandedOver, HandoffState, Sought
from storage.records import EventName
from storage.unit_of_work import Storage

OPENS, SHUTS, DAYS_OFF = 8, 17, (5, 6)
ANSWERED = 0.85
"""How many questions are answered at one look; the others wait, and may be given back."""
FIRST_MINUTES, MOST_MINUTES = 4, 150
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Staff:
    """Looks now and then at who waits."""

    storage: Storage
    talk: Talk
    retention: dt.timedelta
    chance: random.Random

    async def look(self, at: dt.datetime) -> None:
        """Answer and close what waits."""
        local = at.astimezone(ZONE)
        if local.weekday() in DAYS_OFF or not OPENS <= local.hour < SHUTS:
            return
        async with self.storage.reading() as unit:
            waiting = await unit.handoffs.find(Sought(states=(HandoffState.WAITING,)), AT_ONCE)
        for one in waiting:
            if self.chance.random() < ANSWERED:
                await self._answer(one, at)

    async def rest(self, at: dt.datetime) -> None:
        """Note that those on duty know of all that still waits: nobody is written to about it."""
        async with self.storage.writing() as unit:
            for desk in await unit.handoffs.to_tell():
                await unit.handoffs.told(desk, at)
            await unit.commit()

    async def _answer(self, one: HandedOver, at: dt.datetime) -> None:
        waited = dt.timedelta(minutes=self.chance.uniform(FIRST_MINUTES, MOST_MINUTES))
        answered = min(at, one.opened_at + waited)
        words = self.chance.choice(self.talk.staff)
        says = staff_item(one, Act.SAYS.by(self.talk.office), "says", at, self.retention, words)
        told = happened(EventName.HANDOFF_ANSWERED, one, answered, minutes(one, answered))
        async with self.storage.writing() as unit:
            await unit.inbox.put(says)
            await unit.inbox.put(over_item(one, CLOSED, at))
            await unit.handoffs.end(one.id, HandoffState.CLOSED, answered)
            taken = happened(EventName.HANDOFF_TAKEN, one, answered)
            await unit.journal.append(taken, told, happened(EventName.HANDOFF_CLOSED, one, at, BY_DESK))
            await unit.commit()
