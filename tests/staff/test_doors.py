"""Who may come where: asked of every address that is registered, so that a new page is asked too."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie

import pytest
from aiohttp import web

from bot.staff.access import LOGIN
from bot.staff.app import VIEWS
from bot.staff.visit import View
from storage.staff import Role
from tests.staff.addresses import OPEN, example, registered
from tests.staff.world import COMMUNE, FORM, Browser, World

VIEWER, EDITOR, ADMIN = Role.VIEWER, Role.EDITOR, Role.ADMIN


def form_of(view: View) -> str:
    """Return the address of a view as it is registered."""
    return web.UrlDispatcher().add_resource(view.path).canonical


async def test_every_address_is_asked(world: World) -> None:
    forms = registered(world.app)
    assert {(view.method, form_of(view)) for view in VIEWS} <= set(forms)
    assert len(forms) > 20


async def test_a_visitor_who_is_not_signed_in_reaches_nothing(world: World) -> None:
    browser = world.browser()
    for method, form in registered(world.app):
        if (method, form) in OPEN:
            continue
        page = await browser.ask(method, await example(world.app, method, form))
        assert (page.status, page.leads_to, page.body) == (303, LOGIN, b""), (method, form)


@pytest.mark.parametrize("token", ["", "x", "a" * 5000, "' OR 1=1 --", "%00", "ờ"])
async def test_a_made_up_cookie_opens_nothing(world: World, token: str) -> None:
    await world.account()
    browser = world.browser()
    browser.carry(SimpleCookie().value_encode(token)[1])
    assert (await browser.get("/staff/")).leads_to == LOGIN


async def test_what_is_unknown_is_behind_the_door_too(world: World) -> None:
    outside, inside = world.browser(), await world.somebody(VIEWER)
    for path in ("/staff/nowhere", "/staff/figures/none", "/staff/..%2f", "/staff//", "/staff/%00"):
        assert (await outside.get(path)).leads_to == LOGIN, path
        assert (await inside.get(path)).status == 404, path


async def refused_everywhere(world: World, browser: Browser, csrf: str | None, **headers: str) -> None:
    for method, form in registered(world.app):
        if method != "POST" or form == LOGIN:
            continue
        fields = {} if csrf is None else {"csrf": csrf}
        page = await browser.send(await example(world.app, method, form), headers, do="save", **fields)
        assert page.status == 403, form
        assert "Chưa có gì thay đổi" in page.text, form
    assert await browser.is_in()


@pytest.mark.parametrize("csrf", [None, "", "x", "0" * 64, "đ"])
async def test_no_form_is_taken_without_its_proof(world: World, csrf: str | None) -> None:
    await refused_everywhere(world, await world.somebody(ADMIN), csrf)


async def test_no_form_is_taken_with_the_proof_of_another_session(world: World) -> None:
    browser, again = await world.somebody(ADMIN), world.browser()
    await again.sign_in("admin-tinh")
    assert await again.proof() != await browser.proof()
    await refused_everywhere(world, browser, await again.proof())


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "http://["},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_no_form_is_taken_from_another_site(world: World, headers: dict[str, str]) -> None:
    browser = await world.somebody(ADMIN)
    await refused_everywhere(world, browser, await browser.proof(), **headers)


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-data; boundary=x"])
async def test_a_proof_counts_only_in_a_form(world: World, kind: str) -> None:
    browser = await world.somebody(ADMIN)
    body = f"csrf={await browser.proof()}&do=save"
    page = await browser.ask("POST", "/staff/account/contact", body=body, headers={"Content-Type": kind})
    assert page.status in {400, 403}
    assert await world.done("account:contact") == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "--x",
        "--x--",
        "--x\r\n\r\n",
        "--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--",
        "\xff" * 9,
    ],
)
async def test_a_garbled_upload_is_refused(world: World, body: str) -> None:
    browser = await world.somebody(ADMIN)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    for path in ("/staff/offices/file", "/staff/account/contact", LOGIN):
        page = await browser.ask("POST", path, body=body, headers=headers)
        assert page.status in {400, 403}, path
    for kind in (
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "x" * 100,
    ):
        assert (await browser.ask("POST", LOGIN, body=body, headers={"Content-Type": kind})).status in {
            400,
            403,
        }


async def test_the_address_carries_no_proof(world: World) -> None:
    browser = await world.somebody(ADMIN)
    page = await browser.send(f"/staff/account/contact?csrf={await browser.proof()}", email="a@b.c")
    assert page.status == 403


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def test_no_other_method_does_anything(world: World, method: str) -> None:
    browser = await world.somebody(ADMIN)
    assert (await browser.ask(method, "/staff/accounts")).status == 405


async def test_signing_out_needs_a_form(world: World) -> None:
    """A picture on another page must sign nobody out."""
    browser = await world.somebody(VIEWER)
    await browser.get("/staff/logout")
    assert await browser.is_in()


# Roles


@pytest.mark.parametrize(
    ("role", "commune"),
    [(VIEWER, ""), (EDITOR, ""), (VIEWER, COMMUNE), (EDITOR, COMMUNE), (ADMIN, COMMUNE)],
)
async def test_each_role_reaches_what_is_declared_and_nothing_else(
    world: World, role: Role, commune: str
) -> None:
    browser = await world.somebody(role, commune)
    csrf = await browser.proof()
    for view in VIEWS:
        address = await example(world.app, view.method, form_of(view))
        headers = {"Content-Type": FORM} if view.method == "POST" else {}
        body = f"csrf={csrf}" if view.method == "POST" else ""
        page = await browser.ask(view.method, address, body=body, headers=headers)
        may = role.may(view.role) and not (view.everywhere and commune)
        assert ("Tài khoản của anh/chị không mở được trang này" in page.text) is not may, address
        assert (page.status == 403) is not may, address


@pytest.mark.parametrize(("role", "commune"), [(VIEWER, ""), (EDITOR, ""), (ADMIN, COMMUNE)])
async def test_a_form_that_claims_a_role_gives_none(world: World, role: Role, commune: str) -> None:
    browser = await world.somebody(role, commune)
    number = await world.account("victim", VIEWER)
    claims = {
        "role": "admin",
        "commune": "",
        "login": "new",
        "name": "Mới",
        "everywhere": "1",
        "staff_id": "1",
    }
    for path in ("/staff/accounts", f"/staff/accounts/{number}", "/staff/accounts/1"):
        assert (await browser.post(path, do="save", **claims)).status == 403
    for path in ("/staff/account/contact", "/staff/account/password"):
        await browser.post(path, email="", **claims)
    async with world.storage.reading() as unit:
        assert {(one.login, one.role, one.commune) for one in await unit.staff.all()} == {
            (f"{role}{commune or '-tinh'}", role, commune),
            ("victim", VIEWER, ""),
        }


@pytest.mark.parametrize("role", ["root", "ADMIN", "", "viewer,admin"])
async def test_there_are_no_other_roles(world: World, role: str) -> None:
    browser = await world.somebody(ADMIN)
    page = await browser.post("/staff/accounts", login="new", name="Mới", role=role)
    assert page.status == 400
    assert await world.done("account:added") == []


async def test_a_role_that_was_taken_away_counts_at_once(world: World) -> None:
    browser = await world.somebody(ADMIN)
    assert (await browser.get("/staff/accounts")).status == 200
    async with world.storage.writing() as unit:
        account = await unit.staff.find("admin-tinh")
        assert account
        await unit.staff.change(account.id, role="viewer")
        await unit.commit()
    assert (await browser.get("/staff/accounts")).status == 403


async def test_nobody_locks_out_themselves_or_the_last_admin(world: World) -> None:
    browser = await world.somebody(ADMIN)
    async with world.storage.reading() as unit:
        account = await unit.staff.find("admin-tinh")
    assert account
    mine = f"/staff/accounts/{account.id}"
    for form in (
        {"do": "disable"},
        {"do": "save", "name": "An", "role": "viewer", "commune": ""},
        {"do": "save", "name": "An", "role": "admin", "commune": COMMUNE},
    ):
        assert (await browser.post(mine, **form)).status == 400, form
    assert (await browser.get("/staff/accounts")).status == 200


# Headers


async def test_no_answer_of_the_desk_runs_or_shows_anything_foreign(world: World) -> None:
    browser = await world.somebody(ADMIN)
    for method, form in registered(world.app):
        if method != "GET":
            continue
        page = await browser.get(await example(world.app, method, form))
        policy = dict(
            part.strip().partition(" ")[::2] for part in page.headers["Content-Security-Policy"].split(";")
        )
        assert policy["default-src"] == "'none'", form
        assert "unsafe-inline" not in policy.get("script-src", ""), form
        assert "unsafe-eval" not in page.headers["Content-Security-Policy"], form
        if page.headers.get("Content-Type", "").startswith("text/html"):
            assert policy["frame-ancestors"] == policy["base-uri"] == "'none'", form
            assert policy["form-action"] == policy["script-src"] == policy["style-src"] == "'self'", form
        assert page.headers["Cache-Control"] == "no-store", form
        assert page.headers["X-Content-Type-Options"] == "nosniff", form
        assert page.headers["Referrer-Policy"] == "same-origin", form


async def test_no_page_carries_a_script_or_a_style_of_its_own(world: World) -> None:
    browser = await world.somebody(ADMIN)
    for method, form in registered(world.app):
        if method == "GET":
            html = (await browser.get(await example(world.app, method, form))).body.decode("utf-8", "replace")
            if "<html" in html:
                assert not re.findall(r"<style|\sstyle=|\son\w+=|javascript:|<script(?! src=)", html), form
                assert not re.findall(r'(?:src|href)="(?:https?:)?//(?!dichvucong\.gov\.vn)[^"]*"', html), (
                    form
                )
