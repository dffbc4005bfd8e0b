"""The real assistant, with a clock that goes to where it is set."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.channels.base import Received
from bot.conversation import Conversation, Turn
from bot.follow_ups import FollowUps
from bot.handoffs import Handoffs
from bot.intake import Intake
from bot.known import Known
from bot.owner import new_owner
from bot.simulation.staff import Staff
from intents.turn import Decision, DialogueState
from storage.records import ClaimedConversation, Event, NewReply, PendingMessage
from storage.unit_of_work import Storage

WAIT_MEDIAN_LOG, WAIT_SPREAD = 5.6, 0.8
"""Of the milliseconds that an answer takes, as they would be on a small server."""


@dataclass(slots=True)
class SetClock:
    """Shows the time that it was set to."""

    now: dt.datetime

    def __call__(self) -> dt.datetime:
        """Return the time."""
        return self.now


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that comes in at a time."""

    at: dt.datetime
    received: Received


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody was answered."""

    conversation: int
    decision: Decision


class Worker(Conversation):
    """Handles each message at its own time, however many are stored at once."""

    def __init__(self, storage: Storage, known: Known, clock: SetClock, retention: dt.timedelta) -> None:
        """Take what a worker takes; there is nobody to wake."""
        super().__init__(
            storage=storage,
            known=known,
            clock=clock,
            owner=new_owner(),
            retention=retention,
            wake=lambda _channels: None,
            tidy=lambda: None,
        )
        self.set_clock = clock
        self.heard: dict[str, Heard] = {}

    def _turn(self, claimed: ClaimedConversation, message: PendingMessage, state: DialogueState) -> Turn:
        self._go_to(message)
        turn = super()._turn(claimed, message, state)
        self.heard[message.message_id] = Heard(claimed.id, turn.decision)
        return turn

    def _replies(self, claimed: ClaimedConversation, turn: Turn) -> list[NewReply]:
        self._go_to(turn.message)
        return super()._replies(claimed, turn)

    def _events(self, claimed: ClaimedConversation, turn: Turn) -> Iterator[Event]:
        self._go_to(turn.message)
        return super()._events(claimed, turn)

    def _go_to(self, message: PendingMessage) -> None:
        chance = random.Random(message.message_id)  # noqa: S311 - no secret; the same each time it is asked
        wait = dt.timedelta(milliseconds=chance.lognormvariate(WAIT_MEDIAN_LOG, WAIT_SPREAD))
        self.set_clock.now = message.received_at + wait


@dataclass(frozen=True, slots=True)
class Stage:
    """The door and the worker behind it."""

    clock: SetClock
    intake: Intake
    worker: Worker

    follow_ups: FollowUps
    handoffs: Handoffs
    staff: Staff

    async def take(self, arrivals: Sequence[Arrival]) -> dict[str, Heard]:
        """Take messages, one of each person, and return what was decided about each."""
        await asyncio.gather(*(self._accept(arrival) for arrival in arrivals))
        return await self._worked(max((arrival.at for arrival in arrivals), default=self.clock.now))

    async def pass_on(self, at: dt.datetime) -> None:
        """Have staff answer what waits for them, and given back what waited too long."""
        self.clock.now = at
        await self.staff.look(at)
        while not await self.handoffs.give_back():
            pass
        await self._worked(at)

    async def follow_up(self, at: dt.datetime) -> dict[str, Heard]:
        """Ask who is due at a time how it went; return what they were asked."""
        self.clock.now = at
        while not await self.follow_ups.work():
            pass
        return await self._worked(at)

    async def _worked(self, at: dt.datetime) -> dict[str, Heard]:
        """Handle all that waits."""
        self.worker.heard.clear()
        self.clock.now = at
        while await self.worker.work():
            pass
        return dict(self.worker.heard)

    async def _accept(self, arrival: Arrival) -> bool:
        self.clock.now = arrival.at  # read before anything is waited for
        return await self.intake.accept(arrival.received)
