"""What runs behind every channel: workers that decide, senders that deliver, jobs that clean up."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from bot.ahead import EVERY as COUNTED_EVERY
from bot.ahead import Ahead
from bot.channels.base import Channel
from bot.clock import Clock, utc_now
from bot.conversation import Conversation
from bot.delivery import Delivery
from bot.exports import EVERY as EXPORTED_EVERY
from bot.exports import Exporter
from bot.follow_ups import FollowUps
from bot.handoffs import USUAL_DUTY, Duty, Handoffs, Notice
from bot.intake import Intake
from bot.jobs import FOLLOW_UPS, HANDOFFS, WATCH, Chore, Jobs
from bot.known import EVERY as CORRECTED_EVERY
from bot.known import Known
from bot.leases import Lease
from bot.links import Links
from bot.listing import Lister
from bot.loops import PATIENCE, Bell, Gathering, Work, keep_working
from bot.owner import free_the_dead, new_owner
from bot.pace import Pace
from bot.rolling import EVERY as ROLLED_EVERY
from bot.rolling import Roller
from intents.knowledge import Knowledge
from storage.errors import StorageError
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage

log = structlog.get_logger(__name__)

WORKERS = 1
"""Batches of conversations handled at once by one process: one waits for the database, one decides."""
SPACING = 0.05
"""Seconds between the beginnings of two batches: one message is taken at once, many are taken together."""
JOBS_EVERY = 60.0
DRAIN_SECONDS = 5.0
"""How long a process that stops goes on with what has come in."""
LOOK_EVERY = 0.05


@dataclass(kw_only=True, slots=True)
class Runtime:
    """One process's share of the work."""

    storage: Storage
    knowledge: Knowledge
    """What was shipped; `known` holds what is known."""
    keys: PersonKeys
    retention: dt.timedelta
    clock: Clock = utc_now
    owner: str = field(default_factory=new_owner)
    messages: Bell = field(default_factory=Bell)
    """Rings when a message was stored."""
    replies: defaultdict[str, Bell] = field(default_factory=lambda: defaultdict(Bell))
    """By channel; rings when replies were stored, or when a send ended."""
    chores: Bell = field(default_factory=Bell)
    """Rings when something was forgotten and its remains are to be cleared."""
    links: Links = field(default_factory=Links)
    duty: Duty = USUAL_DUTY
    """When staff answer."""
    notice: Notice | None = None
    """Tells those on duty what waits."""
    watch: Chore | None = None
    """Looks whether all is well."""
    intake: Intake = field(init=False)
    """The door for all channels."""
    known: Known = field(init=False)
    _leases: list[Lease] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open the door."""
        self.known = Known(self.storage, self.knowledge)
        self.intake = Intake(self.storage, self.keys, self.clock, self.retention, self.messages.ring)

    @asynccontextmanager
    async def running(
        self, channels: Sequence[tuple[Channel, Pace]], pollers: Sequence[Work] = ()
    ) -> AsyncIterator[None]:
        """Run workers, senders, pollers and jobs as long as the context is open."""
        with contextlib.suppress(StorageError):  # the loops wait for a database that is away
            await free_the_dead(self.storage)
        senders = [self._sender(channel, pace) for channel, pace in channels]
        loops = [
            *(
                keep_working(f"worker {n}", self._worker(n).work, self.messages, gathering=Gathering(SPACING))
                for n in range(WORKERS)
            ),
            *(
                keep_working(
                    sender.lease.name,
                    sender.work,
                    self.replies[sender.channel.name],
                    gathering=Gathering(SPACING, sender.enough),
                )
                for sender in senders
            ),
            keep_working("knowledge", self.known.work, Bell(), CORRECTED_EVERY),
            keep_working("figures", self._roller().work, Bell(), ROLLED_EVERY),
            keep_working("ahead", Ahead(self.storage, self.clock).work, Bell(), COUNTED_EVERY),
            keep_working("exports", self._exporter().work, Bell(), EXPORTED_EVERY),
            keep_working(
                "jobs", Jobs(self.storage, self.clock, self._chores()).work, self.chores, JOBS_EVERY
            ),
        ]
        # A long poll may be cut off: what was not confirmed comes again.
        polls = [keep_working("poller", poll, Bell(), patience=0) for poll in pollers]
        tasks = [asyncio.create_task(loop) for loop in loops]
        asking = [asyncio.create_task(loop) for loop in polls]
        try:
            yield
        finally:
            await _end(asking)
            with contextlib.suppress(StorageError, TimeoutError):
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._drain(senders)
            await _end(tasks)
            with contextlib.suppress(StorageError, TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await asyncio.gather(*(sender.finish() for sender in senders))
            for lease in self._leases:
                with contextlib.suppress(StorageError):
                    await lease.release()

    async def _drain(self, senders: Sequence[Delivery]) -> None:
        """Wait until what has come in is answered and sent, as far as this process can."""
        while await self._inbox_waits() or any([await sender.has_work() for sender in senders]):  # noqa: ASYNC110 - others have a share in it
            await asyncio.sleep(LOOK_EVERY)

    async def _inbox_waits(self) -> bool:
        async with self.storage.reading() as unit:
            return await unit.inbox.oldest_unhandled() is not None

    def lease(self, name: str) -> Lease:
        """Return this process's hold on a name, given up when the process stops."""
        lease = Lease(self.storage, self.clock, name, self.owner)
        self._leases.append(lease)
        return lease

    def _sender(self, channel: Channel, pace: Pace) -> Delivery:
        lease = self.lease(f"sender:{channel.name}:{channel.bot}")
        return Delivery(
            storage=self.storage,
            keys=self.keys,
            clock=self.clock,
            channel=channel,
            lease=lease,
            pace=pace,
            tidy=self.chores.ring,
            wake=self.replies[channel.name].ring,
        )

    def _chores(self) -> dict[str, Chore]:
        follow_ups = FollowUps(self.storage, self.clock, self.messages.ring)
        handoffs = Handoffs(self.storage, self.clock, self.messages.ring, self.notice)
        chores: dict[str, Chore] = {FOLLOW_UPS: follow_ups.work, HANDOFFS: handoffs.work}
        if self.watch:
            chores[WATCH] = self.watch
        return chores

    def _roller(self) -> Roller:
        lister = Lister(self.storage, self.clock, self.knowledge)
        return Roller(self.storage, self.clock, self.lease("figures"), lister)

    def _exporter(self) -> Exporter:
        return Exporter(self.storage, self.clock, self.lease("exports"), lambda: self.known.current)

    def _wake_senders(self, channels: Collection[str]) -> None:
        for channel in channels:
            self.replies[channel].ring()

    def _worker(self, number: int) -> Conversation:
        return Conversation(
            storage=self.storage,
            known=self.known,
            clock=self.clock,
            owner=f"{self.owner}:{number}",
            retention=self.retention,
            wake=self._wake_senders,
            links=self.links,
            tidy=self.chores.ring,
            duty=self.duty,
        )


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
