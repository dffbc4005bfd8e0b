"""Signing in: who guesses waits, who leaves is out, and a session belongs to one browser."""

from __future__ import annotations

import asyncio
import time

import pytest

from bot.staff.access import LOGIN, REFUSED_AFTER
from bot.staff.patience import LONGEST_REST, PATIENCE, RESTS, rest_after
from storage.staff import Account, Role
from tests.staff.conftest import Found
from tests.staff.world import ADMIN, PASSWORD, World

WRONG = "không phải mật khẩu này"


async def the_account(world: World) -> Account:
    async with world.storage.reading() as unit:
        account = await unit.staff.find(ADMIN)
    assert account
    return account


async def guesses(world: World, times: int) -> None:
    browser = world.browser()
    for _ in range(times):
        assert (await browser.sign_in(password=WRONG)).status == 403


# Guessing


async def test_the_right_password_opens_the_desk(world: World) -> None:
    await world.account()
    browser = world.browser()
    page = await browser.sign_in()
    assert (page.status, page.leads_to) == (303, "/staff/")
    assert await browser.is_in()


@pytest.mark.parametrize("login", [ADMIN.upper(), f" {ADMIN} "])
async def test_a_login_is_found_however_it_is_written(world: World, login: str) -> None:
    await world.account()
    assert (await world.browser().sign_in(login)).status == 303


@pytest.mark.parametrize(
    ("login", "password"),
    [
        (ADMIN, WRONG),
        (ADMIN, ""),
        ("", ""),
        ("nobody", PASSWORD),
        ("quan%", PASSWORD),
        ("a" * 5000, PASSWORD),
    ],
)
async def test_all_that_is_wrong_is_answered_alike(world: World, login: str, password: str) -> None:
    await world.account()
    began = time.monotonic()
    page = await world.browser().sign_in(login, password)
    assert time.monotonic() - began >= REFUSED_AFTER - 0.01
    assert page.status == 403
    assert "Tên đăng nhập hoặc mật khẩu chưa đúng" in page.text


async def test_after_some_guesses_even_the_right_password_waits(world: World) -> None:
    await world.account()
    await guesses(world, PATIENCE)
    assert (await world.browser().sign_in()).status == 403
    world.clock.pass_by(RESTS.total_seconds() - 1)
    assert (await world.browser().sign_in()).status == 403
    world.clock.pass_by(2)
    assert (await world.browser().sign_in()).status == 303


async def test_each_further_guess_makes_it_wait_longer(world: World) -> None:
    await world.account()
    await guesses(world, PATIENCE)
    rests = []
    for _ in range(3):
        locked_until = (await the_account(world)).locked_until
        assert locked_until
        rests.append(locked_until - world.clock())
        world.clock.pass_by(rests[-1].total_seconds() + 1)
        await guesses(world, 1)
    assert rests == [RESTS, 2 * RESTS, 4 * RESTS]
    assert rest_after(1000) == LONGEST_REST


async def test_tries_while_it_rests_do_not_prolong_the_rest(world: World) -> None:
    await world.account()
    await guesses(world, PATIENCE)
    before = await the_account(world)
    await guesses(world, 3)
    assert await the_account(world) == before


async def test_signing_in_forgives_what_was_mistyped(world: World) -> None:
    await world.account()
    await guesses(world, PATIENCE - 1)
    assert (await world.browser().sign_in()).status == 303
    account = await the_account(world)
    assert (account.failures, account.locked_until) == (0, None)


async def test_guesses_at_the_same_moment_are_counted_one_by_one(world: World) -> None:
    """Twelve passwords at once, the right one last: only as many are looked at as one after the other."""
    await world.account()
    tried = [world.browser().sign_in(password=f"{WRONG} {number}") for number in range(2 * PATIENCE)]
    pages = await asyncio.gather(*tried)
    assert {page.status for page in pages} == {403}
    account = await the_account(world)
    assert account.failures == PATIENCE
    assert account.locked_until == world.clock() + RESTS
    assert await world.done("session:refused") == ["session:refused"] * PATIENCE


async def test_who_has_only_the_session_cannot_guess_the_password_either(world: World) -> None:
    browser = await world.somebody()
    new = "một mật khẩu hoàn toàn mới"
    for old, wrong in [*[(WRONG, "chưa đúng")] * PATIENCE, (PASSWORD, "chưa đúng")]:
        page = await browser.post("/staff/account/password", old=old, new=new, again=new)
        assert page.status == 400
        assert wrong in page.text


@pytest.mark.parametrize(
    ("new", "again", "told"),
    [
        ("ngắn", "ngắn", "ít nhất 10 ký tự"),
        ("dài" * 100, "dài" * 100, "dài quá 200"),
        ("1234567890", "1234567890", "dễ đoán"),
        ("aaaaaaaaaaaa", "aaaaaaaaaaaa", "dễ đoán"),
        ("admin-tinh-2026", "admin-tinh-2026", "dễ đoán"),
        ("một mật khẩu hoàn toàn mới", "một mật khẩu khác hẳn", "chưa giống nhau"),
    ],
)
async def test_a_new_password_that_will_not_do(world: World, new: str, again: str, told: str) -> None:
    browser = await world.somebody()
    page = await browser.post("/staff/account/password", old=PASSWORD, new=new, again=again)
    assert page.status == 400
    assert told in page.text
    assert await world.done("account:password") == []


async def test_one_address_tries_only_so_often(world: World) -> None:
    await world.account()
    browser = world.browser()
    statuses = [page.status for page in await asyncio.gather(*(browser.sign_in(str(n)) for n in range(25)))]
    assert statuses.count(429) == 5


# Sessions


async def test_the_token_of_a_visitor_counts_for_nothing(world: World) -> None:
    """Session fixation: who plants a cookie does not know the session that comes of it."""
    await world.account()
    browser = world.browser()
    browser.carry("planted")
    await browser.sign_in()
    assert browser.token != "planted"
    thief = world.browser()
    thief.carry("planted")
    assert not await thief.is_in()


async def test_signing_in_again_ends_the_session_before(world: World) -> None:
    await world.account()
    browser, copy = world.browser(), world.browser()
    await browser.sign_in()
    copy.carry(browser.token)
    assert await copy.is_in()
    await browser.sign_in()
    assert await browser.is_in()
    assert not await copy.is_in()


async def test_somebody_else_in_the_same_browser_ends_the_session_before(world: World) -> None:
    await world.account()
    await world.account("other", Role.VIEWER)
    browser, copy = world.browser(), world.browser()
    await browser.sign_in()
    copy.carry(browser.token)
    await browser.sign_in("other")
    assert not await copy.is_in()


async def test_a_failed_try_leaves_the_session_as_it_is(world: World) -> None:
    await world.account()
    browser = world.browser()
    await browser.sign_in()
    await browser.sign_in(password=WRONG)
    assert await browser.is_in()


async def test_signing_out_ends_the_session_for_every_copy(world: World) -> None:
    await world.account()
    browser, copy = world.browser(), world.browser()
    await browser.sign_in()
    copy.carry(browser.token)
    page = await browser.post("/staff/logout")
    assert (page.status, page.leads_to) == (303, f"{LOGIN}?done=signed_out")
    assert browser.token == ""
    assert not await copy.is_in()


async def test_another_password_ends_every_session_but_gives_this_browser_a_new_one(world: World) -> None:
    await world.account()
    browser, copy, elsewhere = world.browser(), world.browser(), world.browser()
    await browser.sign_in()
    await elsewhere.sign_in()
    copy.carry(browser.token)
    new = "một mật khẩu hoàn toàn mới"
    page = await browser.post("/staff/account/password", old=PASSWORD, new=new, again=new)
    assert page.status == 303
    assert await browser.is_in()
    assert not await copy.is_in()
    assert not await elsewhere.is_in()
    assert (await world.browser().sign_in()).status == 403
    assert (await world.browser().sign_in(password=new)).status == 303


@pytest.mark.parametrize("do", ["disable", "password"])
async def test_what_an_admin_does_to_an_account_ends_its_sessions(world: World, do: str) -> None:
    admin = await world.somebody()
    number = await world.account("viewer", Role.VIEWER)
    viewer = world.browser()
    await viewer.sign_in("viewer")
    assert await viewer.is_in()
    assert (await admin.post(f"/staff/accounts/{number}", do=do)).status in {200, 303}
    assert not await viewer.is_in()
    assert (await world.browser().sign_in("viewer")).status == 403
    if do == "disable":
        await admin.post(f"/staff/accounts/{number}", do="enable")
        assert not await viewer.is_in()
        assert (await world.browser().sign_in("viewer")).status == 303


async def test_a_password_that_is_changed_while_it_is_looked_at_opens_nothing(world: World) -> None:
    number = await world.account()
    browser = world.browser()
    trying = asyncio.create_task(browser.sign_in())
    await asyncio.sleep(0.02)
    async with world.storage.writing() as unit:
        await unit.staff.change(number, password_hash="another")
        await unit.sessions.close_all(number)
        await unit.commit()
    await trying
    assert not await browser.is_in()


async def test_a_session_ends_when_nobody_uses_it(world: World) -> None:
    browser = await world.somebody()
    for _ in range(3):
        world.clock.pass_by(59 * 60)
        assert await browser.is_in()
    world.clock.pass_by(61 * 60)
    assert not await browser.is_in()


async def test_a_session_ends_however_much_it_is_used(world: World) -> None:
    browser = await world.somebody()
    for _ in range(23):
        world.clock.pass_by(30 * 60)
        assert await browser.is_in()
    world.clock.pass_by(31 * 60)
    assert not await browser.is_in()


# The form and its cookie


async def test_a_sign_in_of_another_site_is_refused(world: World) -> None:
    await world.account()
    for headers in (
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "http://[::1"},
        {"Origin": "\xff//"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        page = await world.browser().send(LOGIN, headers, login=ADMIN, password=PASSWORD)
        assert page.status == 403, headers


async def test_the_login_page_takes_only_forms(world: World) -> None:
    browser = world.browser()
    for kind, body in (("application/json", "{}"), ("text/plain", "a"), ("", "a=%ff"), ("", "&" * 500)):
        headers = {"Content-Type": kind or "application/x-www-form-urlencoded"}
        assert (await browser.ask("POST", LOGIN, body=body, headers=headers)).status == 400


@pytest.mark.parametrize(("url", "secure"), [("https://tro-ly.tuyenquang.gov.vn", True), ("", False)])
async def test_scripts_and_other_sites_never_see_the_cookie(found: Found, url: str, secure: bool) -> None:  # noqa: FBT001
    world = await found(public_url=url)
    await world.account()
    parts = (await world.browser().sign_in()).headers["Set-Cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/staff"} <= set(parts)
    assert ("Secure" in parts) is secure
    assert not any(part.startswith("Domain") for part in parts)


async def test_the_database_does_not_know_the_token(world: World) -> None:
    browser = await world.somebody()
    async with world.storage.reading() as unit:
        assert await unit.sessions.find(browser.token, world.clock(), world.clock() - world.clock()) is None


async def test_who_is_in_need_not_sign_in(world: World) -> None:
    browser = await world.somebody()
    assert (await browser.get(LOGIN)).leads_to == "/staff/"


async def test_a_password_is_in_no_line_of_the_log(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    await world.account()
    await guesses(world, 1)
    await world.browser().sign_in()
    told = capsys.readouterr()
    assert WRONG not in told.out + told.err
    assert PASSWORD not in told.out + told.err
