"""Work that goes on in the background: woken at once, looking again every half second, surviving outages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from storage.errors import StorageError

log = structlog.get_logger(__name__)

IDLE = 0.5
"""Seconds until a loop looks by itself: for what another process stored, or a lease that ended."""
OUTAGE = 3.0
"""Seconds between tries while the database is away."""
PATIENCE = 5.0
"""Seconds for work under way when the service stops: a reply that was accepted must be marked as sent."""

Work = Callable[[], Awaitable[bool]]
"""One piece of work; False when nothing was to do."""


@dataclass(slots=True)
class Bell:
    """Wakes all loops that wait for it."""

    _waiting: set[asyncio.Event] = field(default_factory=set)

    def ring(self) -> None:
        """Wake them."""
        for event in self._waiting:
            event.set()

    def listen(self) -> asyncio.Event:
        """Return an event that every ring sets."""
        event = asyncio.Event()
        self._waiting.add(event)
        return event


@dataclass(slots=True)
class Gathering:
    """How far apart two pieces of work begin, so that what comes meanwhile is done in one go."""

    seconds: float = 0.0
    enough: Bell = field(default_factory=Bell)
    """Begins the next one at once."""


async def keep_working(
    name: str,
    work: Work,
    bell: Bell,
    idle: float = IDLE,
    patience: float = PATIENCE,
    gathering: Gathering | None = None,
) -> None:
    """Do a piece of work again and again until cancelled; an outage is waited out, never fatal."""
    gathering = gathering or Gathering()
    woken, gathered = bell.listen(), gathering.enough.listen()
    clock = asyncio.get_running_loop().time
    began = clock() - gathering.seconds
    while True:
        await _wait(gathered, max(0.0, began + gathering.seconds - clock()))
        gathered.clear()
        woken.clear()
        began = clock()
        try:
            busy = await _whole(work, patience)
        except StorageError as error:
            log.warning("work waits for the database", loop=name, cause=str(error))
            await asyncio.sleep(OUTAGE)
            continue
        except Exception:
            log.exception("work failed", loop=name)
            await asyncio.sleep(OUTAGE)
            continue
        if not busy:
            await _wait(woken, idle)


async def _whole(work: Work, patience: float) -> bool:
    """Do one piece of work; when cancelled, give it the time to end well."""
    task = asyncio.ensure_future(work())
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=patience)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise


async def _wait(woken: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        pass
