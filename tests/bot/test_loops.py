"""Work in the background: woken, waiting, surviving."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot import loops
from bot.loops import Bell, Gathering, keep_working
from storage.errors import DatabaseUnavailableError

BUSY, IDLE = True, False
NEVER = 3600.0
"""So long that a test which waited for it would run into its time limit."""


class Steps:
    """Work that does what its list says, one entry at a time, and nothing once it is empty."""

    def __init__(self, *steps: bool | Exception) -> None:
        self.steps = list(steps)
        self.calls = 0
        self.called = asyncio.Event()

    async def __call__(self) -> bool:
        self.calls += 1
        self.called.set()
        step = self.steps.pop(0) if self.steps else False
        if isinstance(step, Exception):
            raise step
        return step

    async def reach(self, calls: int) -> None:
        while self.calls < calls:
            self.called.clear()
            await self.called.wait()


async def while_working(
    work: Callable[[], Awaitable[bool]], bell: Bell, check: Awaitable[None], idle: float = NEVER
) -> None:
    task = asyncio.create_task(keep_working("a loop", work, bell, idle, patience=0))
    await check
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_work_goes_on_while_there_is_some() -> None:
    steps = Steps(BUSY, BUSY, BUSY, IDLE)
    await while_working(steps, Bell(), steps.reach(4))
    assert steps.calls == 4


async def test_a_bell_wakes_every_loop_at_once() -> None:
    bell, one, two = Bell(), Steps(), Steps()

    async def rung() -> None:
        await asyncio.gather(one.reach(1), two.reach(1))
        bell.ring()
        await asyncio.gather(one.reach(2), two.reach(2))

    await while_working(one, bell, while_working(two, bell, rung()))


async def test_a_bell_that_rings_during_the_work_is_heard() -> None:
    bell = Bell()
    calls: list[int] = []
    second = asyncio.Event()

    async def work() -> bool:
        calls.append(1)
        if len(calls) == 1:
            bell.ring()
        else:
            second.set()
        return False

    async def again() -> None:
        await second.wait()

    await while_working(work, bell, again())


async def test_without_a_bell_it_looks_by_itself() -> None:
    steps = Steps()
    await while_working(steps, Bell(), steps.reach(3), idle=0)


async def test_an_outage_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "OUTAGE", 0)
    steps = Steps(DatabaseUnavailableError("away"), DatabaseUnavailableError("away"), BUSY, IDLE)
    await while_working(steps, Bell(), steps.reach(4))


async def test_an_unexpected_error_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "OUTAGE", 0)
    steps = Steps(RuntimeError("a bug"), BUSY, IDLE)
    await while_working(steps, Bell(), steps.reach(3))


async def test_during_an_outage_it_does_not_hammer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "OUTAGE", NEVER)
    steps = Steps(DatabaseUnavailableError("away"))

    async def quiet() -> None:
        await steps.reach(1)
        for _ in range(50):
            await asyncio.sleep(0)

    await while_working(steps, Bell(), quiet())
    assert steps.calls == 1


async def test_work_under_way_is_ended_well_when_the_service_stops() -> None:
    started, noted = asyncio.Event(), []

    async def work() -> bool:
        started.set()
        await asyncio.sleep(0.01)
        noted.append("sent")
        return True

    task = asyncio.create_task(keep_working("a loop", work, Bell(), patience=NEVER))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert noted == ["sent"]


async def test_work_that_does_not_end_is_cut_off() -> None:
    started = asyncio.Event()

    async def work() -> bool:
        started.set()
        await asyncio.sleep(NEVER)
        return True

    task = asyncio.create_task(keep_working("a loop", work, Bell(), patience=0))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_work_that_gathers_begins_again_only_when_enough_has_come() -> None:
    steps, woken, gathering = Steps(BUSY, BUSY), Bell(), Gathering(NEVER)
    task = asyncio.create_task(keep_working("a loop", steps, woken, NEVER, patience=0, gathering=gathering))
    await steps.reach(1)
    woken.ring()
    await asyncio.sleep(0.05)
    assert steps.calls == 1
    gathering.enough.ring()
    await steps.reach(2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
