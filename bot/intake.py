"""The door: personal numbers are masked and the receipt is stored before anybody is told «received»."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from bot.channels.base import Received
from bot.clock import Clock
from intents.redact import redact
from storage.records import NewReceipt
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage


@dataclass(frozen=True, slots=True)
class Intake:
    """Accepts messages from every channel."""

    storage: Storage
    keys: PersonKeys
    clock: Clock
    retention: dt.timedelta
    wake: Callable[[], None]
    """Tells the workers that something waits."""

    async def accept(self, received: Received) -> bool:
        """Store the receipt in a transaction of its own; False when it was there already."""
        async with self.storage.writing() as unit:
            new = await unit.inbox.accept(self._receipt(received))
            await unit.commit()
        if new:
            self.wake()
        return new

    def _receipt(self, received: Received) -> NewReceipt:
        now = self.clock()
        inbound = received.inbound
        return NewReceipt(
            channel=received.channel,
            bot=received.bot,
            message_id=received.message_id,
            person_key=self.keys.key(received.channel, received.bot, received.user_id),
            sealed=self.keys.seal(received.address),
            kind=inbound.kind,
            text=redact(inbound.text),
            payload=redact(inbound.payload) or None,
            received_at=now,
            text_expires_at=now + self.retention,
        )
