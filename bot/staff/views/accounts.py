"""Accounts: who may come to the desk, and as what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.staff import passwords
from bot.staff.guard import missing
from bot.staff.visit import View, Visit
from storage.staff import Account, LoginTakenError, NewAccount, Role

_HERE = "/staff/accounts"
LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{2,59}", re.ASCII)


async def show(visit: Visit, problem: str = "", **values: Any) -> web.StreamResponse:  # noqa: ANN401
    """List all accounts."""
    async with visit.desk.storage.reading() as unit:
        accounts = await unit.staff.all()
    communes = visit.desk.known().content.places.communes
    shared: dict[str, Any] = {"typed": visit.form, "invented": "", "made": ""}
    return visit.page(
        "accounts.html",
        status=400 if problem else 200,
        accounts=accounts,
        communes=communes,
        roles=tuple(Role),
        problem=problem,
        **shared | values,
    )


async def add(visit: Visit) -> web.StreamResponse:
    """Make an account with a password that is shown once."""
    form = visit.form
    if problem := _problem(visit, form):
        return await show(visit, problem)
    password = passwords.invented()
    new = NewAccount(
        login=form["login"],
        name=form["name"],
        role=Role(form["role"]),
        password_hash=await passwords.hashed(password),
        unit=form.get("unit", ""),
        commune=form.get("commune", ""),
    )
    try:
        async with visit.desk.storage.writing() as unit:
            await unit.staff.add(new, visit.desk.clock())
            data = {"role": new.role.value, "commune": new.commune}
            await visit.note(unit, "account:added", new.login, data)
            await unit.commit()
    except LoginTakenError:
        return await show(visit, "account.taken")
    return await show(visit, typed={}, invented=password, made=new.login)


async def change(visit: Visit) -> web.StreamResponse:
    """Do what a button of one account says."""
    number = visit.request.match_info["id"]
    async with visit.desk.storage.reading() as unit:
        account = await unit.staff.one(int(number))
    if account is None:
        return missing(visit)
    match visit.form.get("do"):
        case "save":
            return await _save(visit, account)
        case "disable" | "enable" as wanted:
            return await _switch(visit, account, disable=wanted == "disable")
        case "password":
            return await _new_password(visit, account)
    return await show(visit, "account.garbled")


async def _save(visit: Visit, account: Account) -> web.StreamResponse:
    form = visit.form
    if problem := _problem(visit, {**form, "login": account.login}):
        return await show(visit, problem)
    values = {name: form.get(name, "") for name in ("name", "unit", "role", "commune")}
    stays = values["role"] == Role.ADMIN and not values["commune"]
    if account.id == visit.account.id and not stays:
        return await show(visit, "account.yourself")
    async with visit.desk.storage.writing() as unit:
        if not stays and await unit.staff.admins() == {account.id}:
            return await show(visit, "account.last")
        await unit.staff.change(account.id, **values)
        await visit.note(unit, "account:changed", account.login, values)
        await unit.commit()
    return visit.go(_HERE, "saved")


async def _switch(visit: Visit, account: Account, *, disable: bool) -> web.StreamResponse:
    if account.id == visit.account.id:
        return await show(visit, "account.yourself")
    async with visit.desk.storage.writing() as unit:
        if disable and await unit.staff.admins() == {account.id}:
            return await show(visit, "account.last")
        await unit.staff.change(account.id, disabled_at=visit.desk.clock() if disable else None)
        await unit.sessions.close_all(account.id)
        await visit.note(unit, "account:disabled" if disable else "account:enabled", account.login)
        await unit.commit()
    return visit.go(_HERE, "saved")


async def _new_password(visit: Visit, account: Account) -> web.StreamResponse:
    password = passwords.invented()
    kept = await passwords.hashed(password)
    async with visit.desk.storage.writing() as unit:
        await unit.staff.change(account.id, password_hash=kept, failures=0, locked_until=None)
        await unit.sessions.close_all(account.id)
        await visit.note(unit, "account:password", account.login)
        await unit.commit()
    return await show(visit, typed={}, invented=password, made=account.login)


def _problem(visit: Visit, form: Mapping[str, str]) -> str:
    commune = form.get("commune", "")
    if not LOGIN.fullmatch(form.get("login", "")):
        return "account.login"
    if not 1 <= len(form.get("name", "")) <= 100 or len(form.get("unit", "")) > 200:  # noqa: PLR2004
        return "account.name"
    if form.get("role") not in set(Role):
        return "account.garbled"
    if commune and commune not in visit.desk.known().content.places.communes:
        return "account.garbled"
    return ""


VIEWS = (
    View("GET", _HERE, show, Role.ADMIN, everywhere=True),
    View("POST", _HERE, add, Role.ADMIN, everywhere=True),
    View("POST", _HERE + r"/{id:\d{1,18}}", change, Role.ADMIN, everywhere=True),
)
