"""Handoffs: one open for each conversation, the first who acts wins."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from storage.handoffs import OPEN, HandedOver, HandoffState, NewHandoff, Sought
from storage.staff import NewAccount, Role
from storage.unit_of_work import Storage
from tests.storage.builders import CHANNEL, DAY, MINUTE, NOW, a_receipt, accept, conversation_of

WAITING, TAKEN, CLOSED, RETURNED = HandoffState
USERS = ("an", "binh", "chi")


async def a_handoff(storage: Storage, user: str = "an", desk: str = "", wait: int = 0) -> NewHandoff:
    await accept(storage, a_receipt(f"{user}-1", user_id=user))
    conversation = await conversation_of(storage, user)
    assert conversation
    return NewHandoff(
        conversation_id=conversation,
        channel=CHANNEL,
        commune="00721",
        desk=desk,
        service="1.001193",
        inbox_id=1,
        opened_at=NOW + wait * MINUTE,
        return_at=NOW + DAY + wait * MINUTE,
    )


async def opens(storage: Storage, new: NewHandoff) -> bool:
    async with storage.writing() as unit:
        begun = await unit.handoffs.open(new)
        await unit.commit()
    return begun


async def found(storage: Storage, *states: HandoffState, **sought: object) -> list[HandedOver]:
    async with storage.reading() as unit:
        wanted = Sought(states=states or OPEN, **sought)  # type: ignore[arg-type]
        return list(await unit.handoffs.find(wanted, 100))


async def somebody(storage: Storage, login: str, **values: object) -> int:
    new = NewAccount(login=login, name=login, role=Role.EDITOR, password_hash="x")
    async with storage.writing() as unit:
        number = await unit.staff.add(new, NOW)
        await unit.staff.change(number, **{"unit": ""} | values)
        await unit.commit()
    return number


@pytest.fixture
async def one(storage: Storage) -> HandedOver:
    assert await opens(storage, await a_handoff(storage))
    (one,) = await found(storage)
    return one


async def test_a_conversation_has_one_open_at_most(storage: Storage) -> None:
    new = await a_handoff(storage)
    assert await opens(storage, new)
    assert not await opens(storage, replace(new, opened_at=NOW + DAY))
    (one,) = await found(storage)
    assert (one.state, one.desk, one.heard_at, one.staff_name) == (WAITING, "", NOW, None)
    async with storage.writing() as unit:
        assert await unit.handoffs.end(one.id, CLOSED, NOW)
        await unit.commit()
    assert await opens(storage, new), "after the first is over"


async def test_the_one_that_waits_longest_is_shown_first_and_of_others_the_newest(storage: Storage) -> None:
    for wait, user in enumerate(USERS):
        await opens(storage, await a_handoff(storage, user, "00721" if user == "chi" else "", -wait))
    longest_first = [-2, -1, 0]
    assert [(one.opened_at - NOW) / MINUTE for one in await found(storage)] == longest_first
    assert [one.desk for one in await found(storage, desk="00721")] == ["00721"]
    assert len(await found(storage, desk="")) == 2
    async with storage.writing() as unit:
        for one in await found(storage):
            await unit.handoffs.end(one.id, CLOSED, NOW)
        await unit.commit()
    assert [(one.opened_at - NOW) / MINUTE for one in await found(storage, CLOSED)] == longest_first[::-1]
    async with storage.reading() as unit:
        assert await unit.handoffs.number(Sought(states=(CLOSED,), desk="")) == 2
        page = await unit.handoffs.find(Sought(states=(CLOSED,)), 2, 2)
    assert len(page) == 1


async def takes(storage: Storage, one: HandedOver, staff: int) -> bool:
    async with storage.writing() as unit:
        taken = await unit.handoffs.take(one.id, staff, NOW)
        await unit.commit()
    return taken


async def test_of_those_who_take_it_at_once_one_does(storage: Storage, one: HandedOver) -> None:
    staff = [await somebody(storage, f"can.bo.{n}") for n in range(4)]
    taken = await asyncio.gather(*(takes(storage, one, number) for number in staff))
    assert sorted(taken) == [False, False, False, True]
    (held,) = await found(storage, TAKEN)
    assert held.staff_id == staff[taken.index(True)]
    assert held.staff_name == f"can.bo.{taken.index(True)}"
    assert await found(storage, staff_id=held.staff_id) == [held]
    assert await found(storage, staff_id=0) == []


async def test_who_took_it_answers_and_the_first_answer_is_remembered(
    storage: Storage, one: HandedOver
) -> None:
    staff, other = await somebody(storage, "mot"), await somebody(storage, "hai")
    async with storage.writing() as unit:
        assert not await unit.handoffs.answer(one.id, staff, NOW, NOW), "nobody took it"
        await unit.handoffs.take(one.id, staff, NOW)
        assert not await unit.handoffs.answer(one.id, other, NOW, NOW)
        for minute in (3, 9):
            assert await unit.handoffs.answer(one.id, staff, NOW + minute * MINUTE, NOW + 2 * DAY)
        await unit.commit()
    (held,) = await found(storage)
    assert (held.answered_at, held.return_at) == (NOW + 3 * MINUTE, NOW + 2 * DAY)


async def test_forwarded_it_waits_anew(storage: Storage, one: HandedOver) -> None:
    await takes(storage, one, await somebody(storage, "mot"))
    async with storage.writing() as unit:
        assert await unit.handoffs.forward(one.id, "00709", NOW + 3 * DAY)
        await unit.commit()
    (there,) = await found(storage, WAITING, desk="00709")
    assert (there.staff_id, there.taken_at, there.return_at) == (None, None, NOW + 3 * DAY)


async def test_what_is_over_stays_as_it_is(storage: Storage, one: HandedOver) -> None:
    staff = await somebody(storage, "mot")
    async with storage.writing() as unit:
        assert await unit.handoffs.end(one.id, RETURNED, NOW)
        assert not await unit.handoffs.end(one.id, CLOSED, NOW)
        assert not await unit.handoffs.take(one.id, staff, NOW)
        assert not await unit.handoffs.forward(one.id, "", NOW)
        assert await unit.handoffs.open_of(one.conversation_id) is None
        await unit.commit()


async def test_what_is_overdue_goes_back_unless_somebody_answered_meanwhile(
    storage: Storage, one: HandedOver
) -> None:
    staff = await somebody(storage, "mot")
    async with storage.writing() as unit:
        assert await unit.handoffs.overdue(one.return_at - MINUTE, 10) == ()
        (late,) = await unit.handoffs.overdue(one.return_at, 10)
        await unit.handoffs.take(one.id, staff, NOW)
        await unit.handoffs.answer(one.id, staff, one.return_at, one.return_at + DAY)
        assert not await unit.handoffs.lapse(late, RETURNED, one.return_at)
        (late,) = await unit.handoffs.overdue(one.return_at + DAY, 10)
        assert await unit.handoffs.lapse(late, CLOSED, one.return_at + DAY)
        await unit.commit()


async def test_an_erased_person_waits_no_more(storage: Storage, one: HandedOver) -> None:
    async with storage.writing() as unit:
        await unit.people.erase(one.conversation_id, NOW)
        await unit.commit()
    assert await found(storage) == []


async def test_who_blocked_us_is_known(storage: Storage, one: HandedOver) -> None:
    async with storage.writing() as unit:
        await unit.people.block(one.conversation_id, NOW)
        await unit.commit()
    (held,) = await found(storage)
    assert held.blocked_at == NOW


async def test_those_on_duty_are_told_once_of_each(storage: Storage, one: HandedOver) -> None:
    await opens(storage, await a_handoff(storage, "binh", "00721"))
    async with storage.writing() as unit:
        assert await unit.handoffs.to_tell() == {"": 1, "00721": 1}
        told = await unit.handoffs.told("", NOW)
        assert await unit.handoffs.told("", NOW) == []
        assert await unit.handoffs.to_tell() == {"00721": 1}
        await unit.handoffs.not_told(told)
        assert await unit.handoffs.to_tell() == {"": 1, "00721": 1}
        await unit.handoffs.told("", NOW)
        await unit.handoffs.forward(one.id, "", NOW + DAY)
        assert await unit.handoffs.to_tell() == {"": 1, "00721": 1}, "it waits anew"
        await unit.commit()


async def test_on_duty_is_who_may_answer_there_now(storage: Storage) -> None:
    await somebody(storage, "truc", on_duty=True)
    await somebody(storage, "nghi")
    await somebody(storage, "xem", on_duty=True, role="viewer")
    await somebody(storage, "khoa", on_duty=True, disabled_at=NOW)
    await somebody(storage, "xa", on_duty=True, commune="00721")
    async with storage.reading() as unit:
        assert [one.login for one in await unit.staff.on_duty("")] == ["truc"]
        assert [one.login for one in await unit.staff.on_duty("00721")] == ["xa"]
        assert await unit.staff.on_duty("00709") == ()
