"""One message after the other: claim conversations, decide, and store all that follows in one commit."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import structlog
from pydantic import TypeAdapter, ValidationError

from bot.clock import Clock
from bot.follow_ups import UNTIL, due
from bot.handoffs import USUAL_DUTY, Duty, passed
from bot.jobs import SCRUB
from bot.known import Known
from bot.links import Links
from intents.engine import decide
from intents.knowledge import Knowledge
from intents.turn import Decision, DialogueState, FactName, Inbound, Kind, Outcome, Reply
from storage.records import ClaimedConversation, Event, EventName, NewReply, PendingMessage
from storage.tickets import NewTicket
from storage.unit_of_work import Storage, UnitOfWork

log = structlog.get_logger(__name__)

LEASE = dt.timedelta(seconds=30)
"""How long a conversation is ours; a crash costs other machines this much waiting."""
MAX_ATTEMPTS = 3
"""A message that ends its worker this often is answered with an apology instead."""
BATCH = 32
"""Messages looked at in one go: one commit for all, and at most some 50 ms in which nothing else is done."""

MANY_TURNS = 9
"""More turns than this to one answer are counted as so many."""

_STATE = TypeAdapter(DialogueState)
REPLY = TypeAdapter(Reply)
"""Replies to JSON and back, for the outbox and the pages that show it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A message with what was decided about it."""

    message: PendingMessage
    decision: Decision
    failed: bool
    """We could not decide, and apologise."""
    ms: float
    version: int
    """Of the knowledge that it was decided by."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What is stored of one conversation in one commit."""

    claimed: ClaimedConversation
    turns: tuple[Turn, ...]

    @property
    def state(self) -> str:
        """Return what is remembered after the last turn, as JSON."""
        return _STATE.dump_json(self.turns[-1].decision.state, exclude_defaults=True).decode()

    @property
    def parts(self) -> bool:
        """Tell whether the person is erased or has left; that is a commit of its own."""
        return _parts(self.turns[-1].decision)


@dataclass(slots=True)
class Conversation:
    """Handles what waits in the inbox."""

    storage: Storage
    known: Known
    clock: Clock
    owner: str
    """Name of this worker."""
    retention: dt.timedelta
    wake: Callable[[Collection[str]], None]
    """Tells the senders of these channels that something waits."""
    tidy: Callable[[], None]
    """Tells the jobs that something was forgotten."""
    links: Links = field(default_factory=Links)
    duty: Duty = USUAL_DUTY
    """When staff answer questions that are passed to them."""
    _busy: bool = field(default=False, init=False)

    async def work(self) -> bool:
        """Handle the messages of the conversations that wait longest; False when none waits."""
        await self.known.first()
        self._busy = (self._busy or await self._anything_waits()) and await self._handle_some()
        return self._busy

    async def _anything_waits(self) -> bool:
        """Look, which costs nothing; claiming would lock an idle database every second."""
        async with self.storage.reading() as unit:
            return await unit.inbox.oldest_unhandled() is not None

    async def _handle_some(self) -> bool:
        async with self.storage.writing() as unit:
            claimed = await unit.conversations.claim(self.owner, self.clock(), LEASE, BATCH)
            pending = await unit.inbox.pending(*(one.id for one in claimed)) if claimed else ()
            await unit.commit()
        if not claimed:
            return False
        try:
            await self._store([await self._talk(one, of(one, pending)) for one in claimed])
        except BaseException:
            await self._release(claimed)
            raise
        self.wake({one.channel for one in claimed})
        return True

    async def _release(self, claimed: Sequence[ClaimedConversation]) -> None:
        async with self.storage.writing() as unit:
            await unit.conversations.release(claimed)
            await unit.commit()

    async def _talk(self, claimed: ClaimedConversation, pending: Sequence[PendingMessage]) -> Talk:
        """Decide about the messages of one conversation, as far as one commit goes."""
        state = _state(claimed.state)
        turns: list[Turn] = []
        for message in pending:
            await asyncio.sleep(0)  # a decision takes a while: let whoever waits go first
            turn = self._turn(claimed, message, state)
            if turns and _parts(turn.decision):
                break  # next time, alone
            turns.append(turn)
            state = turn.decision.state
            if _parts(turn.decision):
                break
        return Talk(claimed, tuple(turns))

    def _turn(self, claimed: ClaimedConversation, message: PendingMessage, state: DialogueState) -> Turn:
        started = time.perf_counter()
        knowledge = self.known.current
        decision = self._decided(claimed, message, state, knowledge)
        ms = round((time.perf_counter() - started) * 1000, 1)
        apology = Decision(Outcome.NOT_UNDERSTOOD, (Reply(knowledge.say("busy")),), state)
        return Turn(message, decision or apology, decision is None, ms, knowledge.version)

    def _decided(
        self,
        claimed: ClaimedConversation,
        message: PendingMessage,
        state: DialogueState,
        knowledge: Knowledge,
    ) -> Decision | None:
        if message.attempts > MAX_ATTEMPTS:
            log.error("turn given up", conversation=claimed.id, message=message.id, attempts=message.attempts)
            return None
        try:
            kind = Kind(message.kind)
            inbound = Inbound(kind, message.text or "", message.payload or "", message.reference or "")
            return decide(inbound, state, knowledge, self.clock())
        except Exception:
            log.exception("turn failed", conversation=claimed.id, message=message.id)
            return None

    async def _store(self, talks: Sequence[Talk]) -> None:
        going_on = [talk for talk in talks if not talk.parts]
        async with self.storage.writing() as unit:
            await self._keep(unit, await self._still_ours(unit, going_on))
            await unit.commit()
        for talk in talks:
            if talk.parts:
                await self._part(talk)
        for talk in talks:
            for turn in talk.turns:
                log.info("turn", conversation=talk.claimed.id, outcome=_name(turn), ms=turn.ms)

    async def _still_ours(self, unit: UnitOfWork, talks: Sequence[Talk]) -> list[Talk]:
        if not talks:
            return []
        held = await unit.conversations.still_held([talk.claimed for talk in talks])
        if len(held) < len(talks):
            log.info("conversations taken over", number=len(talks) - len(held))
        return [talk for talk in talks if talk.claimed.id in held]

    async def _keep(self, unit: UnitOfWork, talks: Sequence[Talk]) -> None:
        now = self.clock()
        turns = [(talk.claimed, turn) for talk in talks for turn in talk.turns]
        await unit.conversations.save({talk.claimed: talk.state for talk in talks})
        await unit.outbox.add(*(reply for claimed, turn in turns for reply in self._replies(claimed, turn)))
        for failed, those in groupby(sorted(turns, key=_failed), key=_failed):
            mark = unit.inbox.mark_failed if failed else unit.inbox.mark_handled
            await mark([turn.message.id for _, turn in those], now)
        await unit.journal.append(*(event for c, turn in turns for event in self._events(c, turn)))
        for ticket in (ticket for c, turn in turns for ticket in _tickets(c, turn, now)):
            await unit.tickets.open(ticket)
        await passed(unit, ((c, turn.message, turn.decision) for c, turn in turns), self.duty, now)
        for claimed in {claimed.id: claimed for claimed, turn in turns if turn.decision.follow_up}.values():
            await unit.follow_ups.plan(claimed.id, due(now), now + UNTIL)

    async def _part(self, talk: Talk) -> None:
        """Erase the person, or note that they left."""
        claimed, turn = talk.claimed, talk.turns[-1]
        now = self.clock()
        async with self.storage.writing() as unit:
            if not await self._still_ours(unit, [talk]):
                return
            if turn.decision.erase:
                await self._erase(unit, talk)
            else:
                await unit.people.block(claimed.id, now)
                await unit.inbox.mark_handled([turn.message.id], now)
                await unit.conversations.release([claimed])
            await unit.commit()
        if turn.decision.erase and not turn.decision.replies:
            self.tidy()  # else when the farewell is sent: it is to leave no remains either

    async def _erase(self, unit: UnitOfWork, talk: Talk) -> None:
        now = self.clock()
        await unit.jobs.bring_forward(SCRUB, now)
        erased = await unit.people.erase(talk.claimed.id, now)
        if erased is not None:
            for reply in talk.turns[-1].decision.replies:
                body = REPLY.dump_json(reply).decode()
                await unit.outbox.add_farewell(erased, body, now, now + self.retention)

    def _replies(self, claimed: ClaimedConversation, turn: Turn) -> list[NewReply]:
        now, aspect = self.clock(), turn.decision.aspect or turn.decision.state.aspect or ""
        knowledge = self.known.current
        replies = (self.links.through_us(r, claimed.id, aspect, knowledge) for r in turn.decision.replies)
        return [
            NewReply(
                conversation_id=claimed.id,
                channel=claimed.channel,
                bot=claimed.bot,
                body=REPLY.dump_json(reply).decode(),
                created_at=now,
                expires_at=now + self.retention,
                inbox_id=turn.message.id,
            )
            for reply in replies
        ]

    def _events(self, claimed: ClaimedConversation, turn: Turn) -> Iterator[Event]:
        """Return what a turn tells figures."""
        decision = turn.decision
        about = Event(
            EventName.PERSON_TAKEN_OVER,
            self.clock(),
            claimed.channel,
            claimed.id,
            inbox_id=turn.message.id,
            commune=decision.state.commune,
            knowledge=turn.version,
        )
        if decision.outcome is not Outcome.NOTED:
            yield _told(about, turn)
        elif turn.message.kind == Kind.TAKEN_OVER:
            yield about
        for fact in decision.facts:
            name = EventName(fact.name)
            yield replace(about, name=name, service=fact.service, aspect=fact.aspect, value=fact.value)


def _tickets(claimed: ClaimedConversation, turn: Turn, now: dt.datetime) -> Iterator[NewTicket]:
    for fact in turn.decision.facts:
        if fact.name is FactName.TICKET_OPENED:
            yield NewTicket(
                conversation_id=claimed.id,
                channel=claimed.channel,
                commune=turn.decision.state.commune,
                service=fact.service,
                aspect=fact.aspect,
                knowledge=turn.version,
                inbox_id=turn.message.id,
                at=now,
            )


def _told(about: Event, turn: Turn) -> Event:
    """Return how a turn ended."""
    decision = turn.decision
    best = decision.services[0] if decision.services else None
    data = {
        "score": best.score if best else None,
        "choices": len(decision.services) if decision.outcome is Outcome.CHOICES else None,
        "ms": turn.ms,
    }
    return replace(
        about,
        name=EventName(_name(turn)),
        service=best.code if best else "",
        topic=decision.topic or "",
        aspect=decision.aspect or "",
        value=str(min(decision.turns, MANY_TURNS)),
        waited_ms=max(0, round((about.at - turn.message.received_at) / dt.timedelta(milliseconds=1))),
        data=json.dumps({key: value for key, value in data.items() if value is not None}),
    )


def of(claimed: ClaimedConversation, pending: Sequence[PendingMessage]) -> Sequence[PendingMessage]:
    """Return the messages of a conversation; one that was tried before is handled alone."""
    own = [message for message in pending if message.conversation_id == claimed.id]
    return own[:1] if own and own[0].attempts > 1 else own


def _parts(decision: Decision) -> bool:
    return decision.erase or decision.left


def _failed(turn: tuple[ClaimedConversation, Turn]) -> bool:
    return turn[1].failed


def _name(turn: Turn) -> str:
    return EventName.TURN_FAILED if turn.failed else f"turn:{turn.decision.outcome}"


def _state(stored: str | None) -> DialogueState:
    """Read a stored state; one of an older form is forgotten rather than an obstacle."""
    if stored is None:
        return DialogueState()
    try:
        return _STATE.validate_json(stored)
    except ValidationError:
        return DialogueState(introduced=True)
