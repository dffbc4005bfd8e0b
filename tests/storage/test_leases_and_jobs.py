"""What one process at a time may do, and what is due."""

from __future__ import annotations

import asyncio
import datetime as dt

from storage.records import DueJob
from storage.unit_of_work import Storage
from tests.storage.builders import DAY, LEASE, MINUTE, NOW, SECOND


async def acquire(storage: Storage, owner: str, at: dt.datetime = NOW) -> int | None:
    async with storage.writing() as uow:
        fence = await uow.leases.acquire("send:telegram", owner, at, LEASE)
        await uow.commit()
    return fence


async def test_of_many_at_once_one_gets_the_lease(storage: Storage) -> None:
    fences = await asyncio.gather(*(acquire(storage, owner) for owner in "abcdef"))
    assert [fence for fence in fences if fence] == [1]


async def test_an_expired_lease_goes_to_the_next_and_is_lost_to_the_first(storage: Storage) -> None:
    assert await acquire(storage, "first") == 1
    assert await acquire(storage, "next", NOW + LEASE - SECOND) is None
    assert await acquire(storage, "next", NOW + LEASE) == 2
    async with storage.writing() as uow:
        assert not await uow.leases.renew("send:telegram", 1, NOW + LEASE, LEASE)
        await uow.leases.release("send:telegram", 1)
        await uow.commit()
    assert await acquire(storage, "third", NOW + LEASE) is None


async def test_a_renewed_lease_lasts(storage: Storage) -> None:
    assert await acquire(storage, "first") == 1
    async with storage.writing() as uow:
        assert await uow.leases.renew("send:telegram", 1, NOW + LEASE - SECOND, LEASE)
        await uow.commit()
    assert await acquire(storage, "next", NOW + LEASE) is None


async def test_a_released_lease_is_free_at_once(storage: Storage) -> None:
    assert await acquire(storage, "first") == 1
    async with storage.writing() as uow:
        await uow.leases.release("send:telegram", 1)
        assert not await uow.leases.renew("send:telegram", 1, NOW, LEASE)
        await uow.commit()
    assert await acquire(storage, "next") == 2


async def test_a_job_is_due_at_its_time_and_listed_once(storage: Storage) -> None:
    async with storage.writing() as uow:
        assert await uow.jobs.next_due() is None
        await uow.jobs.ensure("purge", NOW)
        await uow.jobs.ensure("purge", NOW + DAY)
        await uow.jobs.ensure("report", NOW + MINUTE)
        await uow.commit()
    async with storage.reading() as unit:
        assert await unit.jobs.next_due() == NOW
        assert await unit.jobs.due(NOW - SECOND) == ()
        assert await unit.jobs.due(NOW) == (DueJob("purge", NOW),)
        assert [job.name for job in await unit.jobs.due(NOW + DAY)] == ["purge", "report"]


async def test_of_many_at_once_one_moves_a_job(storage: Storage) -> None:
    async with storage.writing() as uow:
        await uow.jobs.ensure("purge", NOW)
        await uow.commit()

    async def move() -> bool:
        async with storage.writing() as uow:
            moved = await uow.jobs.move(DueJob("purge", NOW), NOW + DAY)
            await uow.commit()
        return moved

    assert sorted(await asyncio.gather(*(move() for _ in range(4)))) == [False, False, False, True]
    async with storage.reading() as unit:
        assert await unit.jobs.due(NOW + DAY) == (DueJob("purge", NOW + DAY),)


async def test_what_the_dead_held_is_free_at_once_and_what_others_hold_is_not(storage: Storage) -> None:
    assert await acquire(storage, "the dead") == 1
    async with storage.writing() as uow:
        assert await uow.leases.acquire("poll", "the living", NOW, LEASE) == 1
        assert set(await uow.leases.owners()) == {"the dead", "the living"}
        await uow.leases.free("the dead")
        await uow.commit()
    assert await acquire(storage, "next") == 2
    async with storage.writing() as uow:
        assert await uow.leases.acquire("poll", "next", NOW, LEASE) is None


async def test_a_job_can_be_brought_forward_but_not_put_off(storage: Storage) -> None:
    async with storage.writing() as uow:
        await uow.jobs.bring_forward("scrub", NOW + DAY)
        await uow.jobs.bring_forward("scrub", NOW)
        await uow.jobs.bring_forward("scrub", NOW + MINUTE)
        await uow.commit()
    async with storage.reading() as unit:
        assert await unit.jobs.due(NOW) == (DueJob("scrub", NOW),)
