"""Accounts and sessions are kept, counted and ended, on both databases."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from storage.sessions import Session
from storage.staff import Account, LoginTakenError, Role
from storage.unit_of_work import Storage
from tests.storage.builders import DAY, MINUTE, NOW, SECOND, a_session, an_account

IDLE = 60 * MINUTE


async def added(storage: Storage, login: str = "an", role: Role = Role.EDITOR, commune: str = "") -> int:
    async with storage.writing() as unit:
        number = await unit.staff.add(an_account(login, role, commune), NOW)
        await unit.commit()
    return number


async def changed(storage: Storage, number: int, **values: object) -> None:
    async with storage.writing() as unit:
        await unit.staff.change(number, **values)
        await unit.commit()


async def one(storage: Storage, number: int) -> Account:
    async with storage.reading() as unit:
        account = await unit.staff.one(number)
    assert account
    return account


async def attempted(storage: Storage, number: int, now: dt.datetime = NOW) -> int | None:
    async with storage.writing() as unit:
        tries = await unit.staff.attempt(number, now)
        await unit.commit()
    return tries


async def opened(storage: Storage, *sessions: Session) -> None:
    async with storage.writing() as unit:
        for session in sessions:
            await unit.sessions.open(session)
        await unit.commit()


async def lasts(storage: Storage, token: str, now: dt.datetime = NOW) -> bool:
    async with storage.reading() as unit:
        return await unit.sessions.find(token, now, IDLE) is not None


@pytest.mark.parametrize(
    ("role", "may"), [(Role.VIEWER, {"viewer"}), (Role.EDITOR, {"viewer", "editor"}), (Role.ADMIN, set(Role))]
)
def test_each_role_may_what_the_one_before_may(role: Role, may: set[str]) -> None:
    assert {needed for needed in Role if role.may(needed)} == may


async def test_an_account_is_found_by_its_login_in_any_case(storage: Storage) -> None:
    number = await added(storage, "Ha.Giang")
    async with storage.reading() as unit:
        found = await unit.staff.find("hA.gIANG")
        assert await unit.staff.find("Ha%") is None
        assert await unit.staff.password_hash(number) == "kept"
        assert await unit.staff.password_hash(number + 1) == ""
    assert found
    assert (found.id, found.login, found.role, found.author) == (number, "ha.giang", Role.EDITOR, found.name)


@pytest.mark.parametrize("again", ["an", "An"])
async def test_a_login_is_given_once(storage: Storage, again: str) -> None:
    await added(storage, "an")
    with pytest.raises(LoginTakenError):
        await added(storage, again)


async def test_accounts_are_listed_by_login_the_disabled_ones_last(storage: Storage) -> None:
    numbers = {login: await added(storage, login) for login in ("chi", "an", "binh")}
    await changed(storage, numbers["an"], disabled_at=NOW)
    async with storage.reading() as unit:
        assert [account.login for account in await unit.staff.all()] == ["binh", "chi", "an"]


async def test_only_admins_of_the_whole_province_who_may_come_care_for_accounts(storage: Storage) -> None:
    one = await added(storage, "one", Role.ADMIN)
    await added(storage, "of-a-commune", Role.ADMIN, "00721")
    await added(storage, "editor", Role.EDITOR)
    await changed(storage, await added(storage, "gone", Role.ADMIN), disabled_at=NOW)
    async with storage.writing() as unit:
        assert await unit.staff.admins() == {one}


async def test_two_admins_who_disable_each_other_leave_one(storage: Storage) -> None:
    an, binh = await added(storage, "an", Role.ADMIN), await added(storage, "binh", Role.ADMIN)

    async def disabled(number: int) -> bool:
        async with storage.writing() as unit:
            if await unit.staff.admins() == {number}:
                return False
            await unit.staff.change(number, disabled_at=NOW)
            await asyncio.sleep(0.05)
            await unit.commit()
        return True

    assert sorted(await asyncio.gather(disabled(an), disabled(binh))) == [False, True]


async def test_tries_are_counted_until_the_account_rests_and_again_afterwards(storage: Storage) -> None:
    number = await added(storage)
    assert [await attempted(storage, number) for _ in range(3)] == [1, 2, 3]
    await changed(storage, number, locked_until=NOW + MINUTE)
    assert await attempted(storage, number, NOW + MINUTE - SECOND) is None
    assert await attempted(storage, number, NOW + MINUTE) == 4
    assert await attempted(storage, number + 1) is None


async def test_tries_at_the_same_moment_see_each_other(storage: Storage) -> None:
    number = await added(storage)

    async def tries() -> int | None:
        async with storage.writing() as unit:
            count = await unit.staff.attempt(number, NOW)
            if count == 5:
                await unit.staff.change(number, locked_until=NOW + MINUTE)
            await unit.commit()
        return count

    counts = await asyncio.gather(*(tries() for _ in range(8)))
    assert sorted(count for count in counts if count) == [1, 2, 3, 4, 5]
    assert (await one(storage, number)).failures == 5


@pytest.mark.parametrize(
    ("values", "looked_at", "welcome"),
    [
        ({}, "kept", True),
        ({}, "another", False),
        ({"disabled_at": NOW}, "kept", False),
    ],
)
async def test_who_is_welcome(
    storage: Storage, values: dict[str, object], looked_at: str, *, welcome: bool
) -> None:
    number = await added(storage)
    await changed(storage, number, failures=7, locked_until=NOW, **values)
    async with storage.writing() as unit:
        assert await unit.staff.welcome(number, looked_at) is welcome
        await unit.commit()
    account = await one(storage, number)
    assert (account.failures, account.locked_until) == ((0, None) if welcome else (7, NOW))


@pytest.mark.parametrize(
    ("after", "there"),
    [(0 * MINUTE, True), (IDLE - SECOND, True), (IDLE, False), (DAY - SECOND, False), (DAY, False)],
)
async def test_a_session_lasts_while_it_is_used(
    storage: Storage, after: dt.timedelta, *, there: bool
) -> None:
    await opened(storage, a_session(await added(storage)))
    assert await lasts(storage, "token", NOW + after) is there


async def test_a_session_that_is_used_lasts_until_its_time_is_over(storage: Storage) -> None:
    await opened(storage, a_session(await added(storage)))
    async with storage.writing() as unit:
        await unit.sessions.seen("token", NOW + DAY - MINUTE)
        await unit.commit()
    assert await lasts(storage, "token", NOW + DAY - SECOND)
    assert not await lasts(storage, "token", NOW + DAY)


async def test_a_disabled_account_has_no_session(storage: Storage) -> None:
    number = await added(storage)
    await opened(storage, a_session(number))
    await changed(storage, number, disabled_at=NOW)
    assert not await lasts(storage, "token")


async def test_sessions_are_ended_one_or_all_of_an_account(storage: Storage) -> None:
    an, binh = await added(storage, "an"), await added(storage, "binh")
    await opened(storage, *(a_session(an, token) for token in "abc"), a_session(binh, "d"))
    async with storage.writing() as unit:
        await unit.sessions.close("a")
        await unit.commit()
    assert [await lasts(storage, token) for token in "abcd"] == [False, True, True, True]
    async with storage.writing() as unit:
        assert await unit.sessions.close_all(an) == 2
        await unit.commit()
    assert [await lasts(storage, token) for token in "abcd"] == [False, False, False, True]
