"""Lists what people asked for the desk, and puts together what was not understood."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.clock import Clock
from intents.knowledge import Knowledge
from intents.likeness import nearest, telling
from intents.text import folded
from storage.questions import Asked
from storage.records import EventName
from storage.unit_of_work import Storage, UnitOfWork

SETTLED = dt.timedelta(minutes=2)
"""An event is stored long before it is this old."""
BATCH = 500
"""Questions listed in one commit."""


@dataclass(slots=True)
class Lister:
    """Reads the journal for questions that are not listed yet."""

    storage: Storage
    clock: Clock
    knowledge: Knowledge

    async def list_new(self) -> int:
        """List all that is new; return how many."""
        listed = 0
        while True:
            async with self.storage.reading() as unit:
                asked = await unit.questions.unread(BATCH)
            async with self.storage.writing() as unit:
                await unit.questions.add(await self._grouped(unit, asked))
                if len(asked) < BATCH:
                    await unit.questions.settle(self.clock() - SETTLED)
                await unit.commit()
            listed += len(asked)
            if len(asked) < BATCH:
                return listed

    async def _grouped(self, unit: UnitOfWork, asked: Sequence[Asked]) -> list[Asked]:
        """Fold what can be searched; give each question that was not understood its group."""
        rows = [replace(one, folded=folded(one.text)) for one in asked]
        lost = [one for one in rows if one.outcome is EventName.TURN_NOT_UNDERSTOOD]
        if not lost:
            return rows
        groups = await unit.questions.words_of_unknown()
        found: dict[int, int] = {}
        newest: dict[int, Asked] = {}
        for one in lost:
            words = telling(one.text, self.knowledge)
            number = nearest(words, groups, self.knowledge)
            if number is None:
                number = await unit.questions.begin_unknown(words, one)
                groups[number] = words
            found[one.id], newest[number] = number, one
        await unit.questions.touch_unknown(newest)
        return [replace(one, unknown_id=found.get(one.id)) for one in rows]
