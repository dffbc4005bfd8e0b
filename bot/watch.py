"""Looks once a minute whether operators must know of something: queues, silent channels, dead letters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.alerts import Alerts
from bot.channels.base import Channel
from bot.clock import Clock, duration
from intents.turn import OURS
from storage.records import Backlog
from storage.unit_of_work import ReadingUnit, Storage

OUTBOX, INBOX, LETTERS = "outbox waits", "inbox waits", "dead letters"
SILENT = " silent"
"""Names of alarms; the last one follows the name of a channel."""
SETTLED = dt.timedelta(minutes=1)
"""How long a process works before it judges: after an outage much waits, and is done within seconds."""
LETTERS_OF = dt.timedelta(hours=1)
HANDFUL = 5
"""Dead letters of that time that are nothing special."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is too long."""

    wait: dt.timedelta
    """For what waits in a queue."""
    silence: dt.timedelta
    """For a channel; zero when silence means nothing."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was seen in one look."""

    now: dt.datetime
    outbox: Mapping[str, Backlog] = field(default_factory=dict)
    """By channel, of those that are on."""
    inbox: Backlog = field(default_factory=Backlog)
    heard: Mapping[str, dt.datetime] = field(default_factory=dict)
    """When the newest message came, of channels that are on and had any."""
    letters: Mapping[str, int] = field(default_factory=dict)
    """Dead letters of the last hour, by cause."""


def troubles(seen: Measured, limits: Limits) -> dict[str, str]:
    """Return which alarms should last, each with its detail."""
    return dict(_troubles(seen, limits))


def _troubles(seen: Measured, limits: Limits) -> Iterator[tuple[str, str]]:
    late = {channel: backlog for channel, backlog in seen.outbox.items() if _late(backlog, seen, limits)}
    if late:
        details = (f"{channel}: {_waits(late[channel], seen.now)}" for channel in sorted(late))
        yield OUTBOX, "; ".join(details)
    if _late(seen.inbox, seen, limits):
        yield INBOX, _waits(seen.inbox, seen.now)
    for channel, at in sorted(seen.heard.items()):
        if limits.silence and seen.now - at >= limits.silence:
            yield f"{channel}{SILENT}", f"no message for {duration(seen.now - at)}"
    if sum(seen.letters.values()) > HANDFUL:
        causes = ", ".join(f"{cause} {number}" for cause, number in sorted(seen.letters.items()))
        yield LETTERS, f"in the last hour: {causes}"


def _late(backlog: Backlog, seen: Measured, limits: Limits) -> bool:
    return backlog.since is not None and seen.now - backlog.since >= limits.wait


def _waits(backlog: Backlog, now: dt.datetime) -> str:
    return f"{backlog.number} waiting, the oldest for {duration(now - (backlog.since or now))}"


@dataclass(slots=True)
class Watch:
    """Sounds and ends its alarms, and has all alarms told."""

    storage: Storage
    clock: Clock
    channels: Sequence[Channel]
    """Those that are on."""
    limits: Limits
    alerts: Alerts
    _began: dt.datetime = field(init=False)
    _heard: dict[tuple[str, str], dt.datetime] = field(default_factory=dict, init=False)
    _read: int = field(default=0, init=False)
    """The newest receipt that was looked at."""

    def __post_init__(self) -> None:
        """Note when it began."""
        self._began = self.clock()

    async def work(self) -> bool:
        """Look, then tell."""
        await self.look()
        await self.alerts.tell()
        return True

    async def look(self) -> None:
        """Measure, sound the alarms that should last, end those that should not."""
        now = self.clock()
        if now - self._began < SETTLED:
            return
        async with self.storage.reading() as unit:
            found = troubles(await self._measured(unit, now), self.limits)
            lasting = [alarm.name for alarm in await unit.alarms.all() if alarm.over_at is None]
        over = [name for name in lasting if _ours(name) and name not in found]
        if not found and not over:
            return
        async with self.storage.writing() as unit:
            for name, detail in found.items():
                await unit.alarms.sound(name, detail, now)
            for name in over:
                await unit.alarms.end(name, now)
            await unit.commit()

    async def _measured(self, unit: ReadingUnit, now: dt.datetime) -> Measured:
        for bot, heard in (await unit.inbox.newest(self._read, but=OURS)).items():
            self._heard[bot], self._read = heard.at, max(self._read, heard.id)
        waiting = await unit.outbox.waiting(now)
        on = {(channel.name, channel.bot) for channel in self.channels}
        return Measured(
            now,
            outbox={bot[0]: backlog for bot, backlog in waiting.items() if bot in on},
            inbox=await unit.inbox.waiting(),
            heard={bot[0]: at for bot, at in self._heard.items() if bot in on},
            letters=await unit.dead_letters.causes(now - LETTERS_OF),
        )


def _ours(name: str) -> bool:
    return name in {OUTBOX, INBOX, LETTERS} or name.endswith(SILENT)
