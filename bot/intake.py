"""The door: personal numbers are masked and the receipt is stored before anybody is told «received»."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.batches import Batches
from bot.channels.base import Received
from bot.clock import Clock
from intents.redact import redact
from intents.turn import SIGNALS, Kind
from storage.records import NewReceipt
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage


@dataclass(slots=True)
class Intake:
    """Accepts messages from every channel; those that arrive together are stored together."""

    storage: Storage
    keys: PersonKeys
    clock: Clock
    retention: dt.timedelta
    wake: Callable[[], None]
    """Tells the workers that something waits."""
    _batches: Batches[NewReceipt, bool] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nobody at the door."""
        self._batches = Batches(self._store)

    async def accept(self, received: Received) -> bool:
        """Store the receipt; False when it was there already. Only then may anybody be told «received»."""
        return await self._batches.put(self._receipt(received))

    async def _store(self, receipts: Sequence[NewReceipt]) -> list[bool]:
        async with self.storage.writing() as unit:
            new = await unit.inbox.accept_all(receipts)
            await unit.commit()
        if new:
            self.wake()
        first: dict[tuple[str, str, str], int] = {}
        for number, receipt in enumerate(receipts):
            first.setdefault((receipt.channel, receipt.bot, receipt.message_id), number)
        return [name in new and first[name] == number for number, name in enumerate(map(_name, receipts))]

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
            reference=inbound.reference or None,
            received_at=now,
            text_expires_at=now + self.retention,
            group=inbound.kind is Kind.GROUP,
            known_only=inbound.kind in SIGNALS,
        )


def _name(receipt: NewReceipt) -> tuple[str, str, str]:
    return receipt.channel, receipt.bot, receipt.message_id
