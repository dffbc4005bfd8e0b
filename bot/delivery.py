"""From the outbox to the people: in order, within the channel's pace, again when it failed."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from pydantic import ValidationError

from bot.channels.base import (
    Channel,
    ChannelBlockedError,
    ChannelBusyError,
    ChannelDownError,
    ChannelRefusedError,
)
from bot.clock import Clock
from bot.conversation import REPLY
from bot.jobs import SCRUB
from bot.leases import Lease
from storage.errors import StorageError, UnsealError
from storage.records import OutgoingReply
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage

log = structlog.get_logger(__name__)

BATCH = 16
"""Sends under way at once; each is of another conversation."""
MAX_TRIES = 8
"""With the waits between them about two hours; then the reply is given up."""
FIRST_WAIT = 2.0
LONGEST_WAIT = 3600.0


@dataclass(slots=True)
class Pace:
    """When the next send may go, overall and for each conversation; seconds of the event loop."""

    per_second: float
    per_chat_second: float
    _next: float = 0.0
    _next_by_chat: OrderedDict[int, float] = field(default_factory=OrderedDict)

    def wait(self, conversation_id: int | None, now: float) -> float:
        """Reserve a place and return how long to wait for it."""
        start = max(
            now, self._next, self._next_by_chat.get(conversation_id or 0, 0.0) if conversation_id else 0.0
        )
        self._next = max(now, self._next) + 1 / self.per_second
        if conversation_id:
            self._next_by_chat[conversation_id] = start + 1 / self.per_chat_second
            self._next_by_chat.move_to_end(conversation_id)
            while len(self._next_by_chat) > 10_000:  # noqa: PLR2004 - bounds the memory, nothing else
                self._next_by_chat.popitem(last=False)
        return start - now


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

    async def work(self) -> bool:
        """Send what is due; False when nothing is, or when another process sends."""
        if not await self.lease.held():
            return False
        async with self.storage.reading() as unit:
            due = await unit.outbox.due(self.channel.name, self.channel.bot, self.clock(), BATCH)
        ends = await asyncio.gather(*(self._deliver(reply) for reply in due), return_exceptions=True)
        for reply, end in zip(due, ends, strict=True):
            if isinstance(end, StorageError):
                raise end  # only when all have ended: a send under way must not be started again
            if isinstance(end, Exception):
                log.error("send failed", channel=self.channel.name, reply=reply.id, exc_info=end)
                await self._again(reply, _wait(reply), "error")
        return bool(due)

    async def _deliver(self, reply: OutgoingReply) -> None:
        await asyncio.sleep(self.pace.wait(reply.conversation_id, asyncio.get_running_loop().time()))
        try:
            await self.channel.send(self.keys.unseal(reply.sealed), REPLY.validate_json(reply.body))
        except ChannelBusyError as error:
            await self._later(reply, error.retry_after, "busy", counted=False)  # as often as it takes
        except ChannelDownError:
            await self._again(reply, _wait(reply), "down")
        except ChannelBlockedError:
            await self._blocked(reply)
        except ChannelRefusedError as error:
            log.warning("reply refused", channel=self.channel.name, reply=reply.id, cause=str(error))
            await self._give_up(reply, "refused")
        except (UnsealError, ValidationError) as error:
            cause = type(error).__name__
            log.warning("reply unreadable", channel=self.channel.name, reply=reply.id, cause=cause)
            await self._give_up(reply, "unreadable")
        else:
            await self._sent(reply)

    async def _sent(self, reply: OutgoingReply) -> None:
        async with self.storage.writing() as unit:
            await unit.outbox.mark_sent(reply.id, self.clock())
            if reply.last:
                await unit.jobs.bring_forward(SCRUB, self.clock())
            await unit.commit()
        if reply.last:
            self.tidy()

    async def _again(self, reply: OutgoingReply, wait: float, cause: str) -> None:
        if reply.attempts + 1 >= MAX_TRIES:
            await self._give_up(reply, cause)
        else:
            await self._later(reply, wait, cause)

    async def _later(self, reply: OutgoingReply, wait: float, cause: str, *, counted: bool = True) -> None:
        log.warning(
            "reply waits", channel=self.channel.name, reply=reply.id, cause=cause, seconds=round(wait, 1)
        )
        async with self.storage.writing() as unit:
            at = self.clock() + dt.timedelta(seconds=wait)
            await unit.outbox.retry_later(reply.id, at, cause, counted=counted)
            await unit.commit()

    async def _blocked(self, reply: OutgoingReply) -> None:
        if reply.conversation_id is None:
            await self._give_up(reply, "blocked")
            return
        async with self.storage.writing() as unit:
            await unit.people.block(reply.conversation_id, self.clock())
            await unit.commit()

    async def _give_up(self, reply: OutgoingReply, cause: str) -> None:
        async with self.storage.writing() as unit:
            await unit.outbox.give_up(reply.id, self.clock(), cause)
            await unit.commit()


def _wait(reply: OutgoingReply) -> float:
    return min(FIRST_WAIT * 4.0**reply.attempts, LONGEST_WAIT)
