"""From the outbox to the people: in order, within the channel's pace, again when it failed."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

import structlog
from pydantic import ValidationError

from bot.channels.base import (
    ANSWER_SECONDS,
    Channel,
    ChannelBlockedError,
    ChannelBusyError,
    ChannelClosedError,
    ChannelDownError,
    ChannelError,
    ChannelRefusedError,
    ChannelUnusableError,
)
from bot.clock import Clock
from bot.conversation import REPLY
from bot.jobs import SCRUB
from bot.leases import Lease
from bot.loops import Bell
from bot.pace import Pace
from storage.errors import UnsealError
from storage.records import OutgoingReply, Retry
from storage.secrets import PersonKeys
from storage.unit_of_work import ReadingUnit, Storage, UnitOfWork

log = structlog.get_logger(__name__)

WINDOW = 64
"""Sends under way at once; each is of another conversation."""
ENOUGH = WINDOW // 2
"""Ended sends that are noted, and followed by others, without waiting for more."""
MAX_TRIES = 8
"""With the waits between them about two hours; then the reply is given up."""
FIRST_WAIT = 2.0
LONGEST_WAIT = 3600.0
BUSY_WAIT, LONGEST_BUSY = 2.0, 60.0
"""Seconds to wait where a service does not say how long; twice as long each time that it says so again."""
UNUSABLE_WAIT = 60.0
"""Seconds until a bot is tried again that only the operator can mend."""


def jitter() -> float:
    """Return what a wait is multiplied with, so that not all try again at once."""
    return random.uniform(0.75, 1.25)  # noqa: S311 - no secret


class Fate(Enum):
    """How a send ended."""

    SENT = "sent"
    AGAIN = "again"
    GIVEN_UP = "given up"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class End:
    """How the send of a reply ended, and what follows."""

    reply: OutgoingReply
    fate: Fate
    cause: str = ""
    wait: float = 0.0
    """Seconds until the next try."""
    parts: int = 0
    """How many of its messages were accepted."""
    counted: bool = True
    pause: float = 0.0
    """Seconds for which the whole bot rests."""
    alarm: str = ""
    """What the operator must mend."""


@dataclass(slots=True)
class Delivery:
    """Sends the replies of one bot; whoever holds the lease is the only one to do so."""

    storage: Storage
    keys: PersonKeys
    clock: Clock
    channel: Channel
    lease: Lease
    pace: Pace
    tidy: Callable[[], None]
    """Tells the jobs that something was forgotten."""
    wake: Callable[[], None] = lambda: None
    """Tells this sender that something ended."""
    jitter: Callable[[], float] = jitter
    enough: Bell = field(default_factory=Bell)
    """Rings when so many sends have ended."""
    _under_way: dict[int, asyncio.Task[None]] = field(default_factory=dict, init=False)
    """By the number of the reply, from its start until its end is noted."""
    _chats: dict[int, int | None] = field(default_factory=dict, init=False)
    """The conversation of each reply under way."""
    _ended: list[End] = field(default_factory=list, init=False)
    _pause_until: dt.datetime | None = field(default=None, init=False)
    _busy: float = field(default=0.0, init=False)
    """The last wait that we chose ourselves; 0 once a send succeeded after it."""
    _alarmed: bool = field(default=True, init=False)
    """An alarm may last, perhaps from before this process began."""

    async def work(self) -> bool:
        """Note what ended and begin what is due; False when there is nothing to begin."""
        ends, room = list(self._ended), await self._room()
        if not ends and room <= 0:
            return False
        if ends:
            async with self.storage.writing() as unit:
                await self._note(unit, ends)
                due = await self._due(unit, ends, room)
                await unit.commit()
            self._forget(ends)
        else:
            async with self.storage.reading() as unit:
                due = await self._due(unit, ends, room)
        for reply in due:
            self._begin(reply)
        return bool(due)

    async def finish(self) -> None:
        """Begin nothing more; wait for what is under way and note how it ended."""
        while self._under_way:
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)
            ends = list(self._ended)
            async with self.storage.writing() as unit:
                await self._note(unit, ends)
                await unit.commit()
            self._forget(ends)

    async def has_work(self) -> bool:
        """Tell whether something is under way, or due and ours to send."""
        if self._under_way:
            return True
        room = await self._room()
        async with self.storage.reading() as unit:
            return bool(await self._due(unit, (), min(room, 1)))

    async def _room(self) -> int:
        """Return how many sends may begin now."""
        if not await self.lease.held() or not self.lease.lasts(ANSWER_SECONDS):
            return 0
        if self._pause_until is not None and self.clock() < self._pause_until:
            return 0
        under_way = len(self._under_way) - len(self._ended)
        return min(WINDOW - under_way, self.pace.free(_now()))

    async def _due(self, unit: ReadingUnit, ends: Sequence[End], room: int) -> Sequence[OutgoingReply]:
        if room <= 0:
            return ()
        ended = {end.reply.id for end in ends}
        resting = self.pace.resting(_now())
        resting |= {chat for reply, chat in self._chats.items() if chat is not None and reply not in ended}
        bot = self.channel.name, self.channel.bot
        due = await unit.outbox.due(*bot, self.clock(), room, resting)
        return [reply for reply in due if reply.id not in self._under_way or reply.id in ended]

    def _begin(self, reply: OutgoingReply) -> None:
        self.pace.take(reply.conversation_id)
        self._chats[reply.id] = reply.conversation_id
        self._under_way[reply.id] = asyncio.create_task(self._send(reply))

    async def _send(self, reply: OutgoingReply) -> None:
        end = await self._tried(reply)
        self.pace.give_back(reply.conversation_id, _now())
        self._ended.append(end)
        if end.pause:
            self._pause_until = self.clock() + dt.timedelta(seconds=end.pause)
        self.wake()
        if len(self._ended) >= ENOUGH:
            self.enough.ring()
        loop = asyncio.get_running_loop()
        loop.call_later(max(self.pace.rest, self.pace.chat_rest), self.wake)

    async def _tried(self, reply: OutgoingReply) -> End:
        window, heard = self.pace.window, reply.heard_at
        if window is not None and heard is not None and self.clock() - heard > window:
            return End(reply, Fate.GIVEN_UP, "too late")
        try:
            address = self.keys.unseal(reply.sealed)
            await self.channel.send(address, REPLY.validate_json(reply.body), reply.parts)
        except ChannelError as error:
            return self._failed(reply, error)
        except (UnsealError, ValidationError) as error:
            cause = type(error).__name__
            log.warning("reply unreadable", channel=self.channel.name, reply=reply.id, cause=cause)
            return End(reply, Fate.GIVEN_UP, "unreadable")
        except Exception:
            log.exception("send failed", channel=self.channel.name, reply=reply.id)
            return self._again(reply, "error", reply.parts)
        if self._pause_until is None or self.clock() >= self._pause_until:
            self._busy = 0.0
        return End(reply, Fate.SENT)

    def _failed(self, reply: OutgoingReply, error: ChannelError) -> End:
        parts = max(reply.parts, error.parts)
        match error:
            case ChannelBusyError():
                wait = self._busy_wait() if error.retry_after is None else error.retry_after
                # As often as it takes; and nobody else is sent to meanwhile.
                return End(reply, Fate.AGAIN, "busy", wait, parts, counted=False, pause=wait)
            case ChannelUnusableError():
                wait, cause = UNUSABLE_WAIT, str(error)
                return End(reply, Fate.AGAIN, "unusable", wait, parts, counted=False, pause=wait, alarm=cause)
            case ChannelBlockedError():
                return End(reply, Fate.BLOCKED, "blocked")
            case ChannelClosedError():
                return End(reply, Fate.GIVEN_UP, "closed")
            case ChannelRefusedError():
                log.warning("reply refused", channel=self.channel.name, reply=reply.id, cause=str(error))
                return End(reply, Fate.GIVEN_UP, "refused")
        return self._again(reply, "down" if isinstance(error, ChannelDownError) else "error", parts)

    def _busy_wait(self) -> float:
        """Wait longer each time; what is told while we wait already counts once."""
        if self._pause_until is None or self.clock() >= self._pause_until:
            self._busy = min(2 * self._busy, LONGEST_BUSY) if self._busy else BUSY_WAIT
        return self._busy

    def _again(self, reply: OutgoingReply, cause: str, parts: int) -> End:
        if reply.attempts + 1 >= MAX_TRIES:
            return End(reply, Fate.GIVEN_UP, cause)
        wait = min(FIRST_WAIT * 4.0**reply.attempts, LONGEST_WAIT) * self.jitter()
        return End(reply, Fate.AGAIN, cause, wait, parts)

    async def _note(self, unit: UnitOfWork, ends: Sequence[End]) -> None:
        """Store how sends ended."""
        now = self.clock()
        sent = [end.reply for end in ends if end.fate is Fate.SENT]
        if sent:
            await unit.outbox.mark_sent([reply.id for reply in sent], now)
        if any(reply.last for reply in sent):
            await unit.jobs.bring_forward(SCRUB, now)
        for end in ends:
            if end.fate is not Fate.SENT:
                await self._note_trouble(unit, end, now)
        await self._note_alarms(unit, ends, now)

    async def _note_trouble(self, unit: UnitOfWork, end: End, now: dt.datetime) -> None:
        reply, seconds = end.reply, round(end.wait, 1)
        log.warning(
            "reply not sent", channel=self.channel.name, reply=reply.id, cause=end.cause, wait=seconds
        )
        if end.fate is Fate.AGAIN:
            at = now + dt.timedelta(seconds=end.wait)
            await unit.outbox.retry_later(Retry(reply.id, at, end.cause, end.parts, end.counted))
        elif end.fate is Fate.BLOCKED and reply.conversation_id is not None:
            await unit.people.block(reply.conversation_id, now)
        else:
            await unit.outbox.give_up(reply.id, now, end.cause)

    async def _note_alarms(self, unit: UnitOfWork, ends: Sequence[End], now: dt.datetime) -> None:
        name = f"{self.channel.name} unusable"
        alarms = [end.alarm for end in ends if end.alarm]
        if alarms:
            self._alarmed = True
            await unit.alarms.sound(name, alarms[-1], now)
        elif self._alarmed and any(end.fate is Fate.SENT for end in ends):
            self._alarmed = False
            await unit.alarms.end(name, now)

    def _forget(self, ends: Sequence[End]) -> None:
        """Let go of what is noted."""
        del self._ended[: len(ends)]
        for end in ends:
            del self._under_way[end.reply.id], self._chats[end.reply.id]
        if any(end.reply.last and end.fate is Fate.SENT for end in ends):
            self.tidy()


def _now() -> float:
    return asyncio.get_running_loop().time()
