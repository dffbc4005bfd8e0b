"""One message after the other: claim a conversation, decide, and store all that follows in one commit."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog
from pydantic import TypeAdapter, ValidationError

from bot.clock import Clock
from bot.jobs import SCRUB
from intents.engine import decide
from intents.knowledge import Knowledge
from intents.turn import Decision, DialogueState, Inbound, Kind, Outcome, Reply
from storage.errors import LeaseLostError
from storage.records import ClaimedConversation, Event, EventName, NewReply, PendingMessage
from storage.unit_of_work import Storage, UnitOfWork

log = structlog.get_logger(__name__)

LEASE = dt.timedelta(seconds=30)
"""How long a conversation is ours; a crash costs other machines this much waiting."""
MAX_ATTEMPTS = 3
"""A message that ends its worker this often is answered with an apology instead."""

_STATE = TypeAdapter(DialogueState)
REPLY = TypeAdapter(Reply)
"""Replies to JSON and back, for the outbox and the pages that show it."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Handles what waits in the inbox."""

    storage: Storage
    knowledge: Knowledge
    clock: Clock
    owner: str
    """Name of this worker."""
    retention: dt.timedelta
    wake: Callable[[], None]
    """Tells the senders that something waits."""
    tidy: Callable[[], None]
    """Tells the jobs that something was forgotten."""

    async def work(self) -> bool:
        """Handle the messages of the conversation that waits longest; False when none waits."""
        async with self.storage.reading() as unit:
            if await unit.inbox.oldest_unhandled() is None:
                return False  # looking costs nothing; claiming would lock the database every second
        async with self.storage.writing() as unit:
            claimed = await unit.conversations.claim(self.owner, self.clock(), LEASE)
            await unit.commit()
        if claimed is None:
            return False
        try:
            await self._handle_all(claimed)
        except LeaseLostError:
            log.info("conversation taken over", conversation=claimed.id)
        return True

    async def _handle_all(self, claimed: ClaimedConversation) -> None:
        try:
            async with self.storage.reading() as unit:
                pending = await unit.inbox.pending(claimed.id)
            for message in pending:
                state = await self._handle(claimed, message)
                claimed = replace(claimed, state=state)
        finally:
            async with self.storage.writing() as unit:
                await unit.conversations.release(claimed)
                await unit.commit()

    async def _handle(self, claimed: ClaimedConversation, message: PendingMessage) -> str:
        started = time.perf_counter()
        decision, name = self._decide(claimed, message)
        ms = round((time.perf_counter() - started) * 1000, 1)
        state = _STATE.dump_json(decision.state).decode()
        async with self.storage.writing() as unit:
            if decision.erase:
                await self._erase(unit, claimed, decision, state)
            else:
                await self._keep(unit, claimed, message, decision, state)
                await unit.journal.append(self._event(name, claimed, decision, ms))
            await unit.commit()
        log.info("turn", conversation=claimed.id, outcome=name, ms=ms)
        self.wake()
        if decision.erase:
            self.tidy()
        return state

    def _decide(self, claimed: ClaimedConversation, message: PendingMessage) -> tuple[Decision, EventName]:
        state = _state(claimed.state)
        if message.attempts > MAX_ATTEMPTS:
            log.error("turn given up", conversation=claimed.id, message=message.id, attempts=message.attempts)
            return self._apology(state), EventName.TURN_FAILED
        try:
            inbound = Inbound(Kind(message.kind), message.text or "", message.payload or "")
            decision = decide(inbound, state, self.knowledge, self.clock())
        except Exception:
            log.exception("turn failed", conversation=claimed.id, message=message.id)
            return self._apology(state), EventName.TURN_FAILED
        return decision, EventName(f"turn:{decision.outcome}")

    def _apology(self, state: DialogueState) -> Decision:
        return Decision(Outcome.NOT_UNDERSTOOD, (Reply(self.knowledge.say("busy")),), state)

    async def _keep(
        self,
        unit: UnitOfWork,
        claimed: ClaimedConversation,
        message: PendingMessage,
        decision: Decision,
        state: str,
    ) -> None:
        now = self.clock()
        await unit.conversations.save(claimed, state)
        await unit.outbox.add(
            *(
                NewReply(
                    conversation_id=claimed.id,
                    channel=claimed.channel,
                    bot=claimed.bot,
                    body=REPLY.dump_json(reply).decode(),
                    created_at=now,
                    expires_at=now + self.retention,
                    inbox_id=message.id,
                )
                for reply in decision.replies
            )
        )
        await unit.inbox.mark_handled(message.id, now)

    async def _erase(
        self, unit: UnitOfWork, claimed: ClaimedConversation, decision: Decision, state: str
    ) -> None:
        now = self.clock()
        await unit.conversations.save(claimed, state)  # refuses when somebody else took over
        await unit.jobs.bring_forward(SCRUB, now)
        erased = await unit.people.erase(claimed.id, now)
        if erased is not None:
            body = REPLY.dump_json(decision.replies[0]).decode()
            await unit.outbox.add_farewell(erased, body, now, now + self.retention)

    def _event(self, name: EventName, claimed: ClaimedConversation, decision: Decision, ms: float) -> Event:
        best = decision.services[0] if decision.services else None
        data = {
            "topic": decision.topic,
            "aspect": decision.aspect,
            "service": best.code if best else None,
            "score": best.score if best else None,
            "choices": len(decision.services) if decision.outcome == "choices" else None,
            "ms": ms,
        }
        known = {key: value for key, value in data.items() if value is not None}
        return Event(name, self.clock(), claimed.channel, claimed.id, json.dumps(known))


def _state(stored: str | None) -> DialogueState:
    """Read a stored state; one of an older form is forgotten rather than an obstacle."""
    if stored is None:
        return DialogueState()
    try:
        return _STATE.validate_json(stored)
    except ValidationError:
        return DialogueState(introduced=True)
