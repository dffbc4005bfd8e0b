"""Being the only one: held, renewed, lost, handed over."""

from __future__ import annotations

from bot.leases import TTL
from bot.owner import free_the_dead, new_owner
from storage.records import EventName
from storage.unit_of_work import Storage
from tests.bot.parts import DAY, SECOND, House, said


async def test_the_first_holds_it_and_the_second_does_not(storage: Storage, house: House) -> None:
    house.storage = storage
    one, two = house.lease("poller", "one"), house.lease("poller", "two")
    assert [await one.held(), await two.held(), await one.held()] == [True, False, True]


async def test_names_are_independent(house: House) -> None:
    assert await house.lease("poller", "one").held()
    assert await house.lease("sender", "two").held()


async def test_who_works_on_keeps_it_for_ever(house: House) -> None:
    one, two = house.lease("poller", "one"), house.lease("poller", "two")
    for _ in range(20):
        assert await one.held()
        assert not await two.held()
        house.clock.now += TTL / 3


async def test_who_died_keeps_the_others_waiting_for_the_lease_alone(house: House) -> None:
    one, two = house.lease("poller", "one"), house.lease("poller", "two")
    await one.held()
    house.clock.now += TTL - SECOND
    assert not await two.held()
    house.clock.now += TTL / 10  # who was refused does not ask again at once
    assert await two.held()


async def test_who_slept_too_long_learns_that_it_was_taken(house: House) -> None:
    one, two = house.lease("poller", "one"), house.lease("poller", "two")
    await one.held()
    house.clock.now += TTL
    assert await two.held()
    assert not await one.held()
    house.clock.now += TTL
    assert await one.held(), "free again, taken again"
    assert not await two.held()


async def test_what_is_released_is_free_at_once(house: House) -> None:
    one, two = house.lease("poller", "one"), house.lease("poller", "two")
    await one.held()
    await one.release()
    assert await two.held()
    assert not await one.held()


async def test_who_lost_it_releases_nothing_of_the_other(house: House) -> None:
    one, two, three = (house.lease("poller", owner) for owner in ("one", "two", "three"))
    await one.held()
    house.clock.now += TTL
    await two.held()
    await one.release()
    assert not await three.held()


async def test_what_was_never_held_can_be_released(house: House) -> None:
    await house.lease("poller").release()
    assert await house.lease("poller").held()


async def test_what_the_dead_held_is_free_at_once_and_what_others_hold_is_not(house: House) -> None:
    dead, far = f"{new_owner().rpartition(':')[0]}:0badcafe", "elsewhere:1:12345678"
    await house.receives(said(1))
    assert await house.lease("sender", dead).held()
    assert await house.lease("poller", far).held()
    async with house.storage.writing() as unit:
        assert await unit.conversations.claim(f"{dead}:2", house.clock(), DAY)
        await unit.commit()
    await free_the_dead(house.storage)
    assert await house.lease("sender").held()
    assert not await house.lease("poller").held()
    assert await house.worker().work()
    assert (await house.counts())[EventName.TURN_ANSWERED] == 1
