"""One's own account: password, mail address, duty."""

from __future__ import annotations

import re

from aiohttp import web

from bot.config import MAIL_ADDRESS
from bot.staff import passwords
from bot.staff.visit import View, Visit

_HERE = "/staff/account"


async def show(visit: Visit, problem: str = "") -> web.StreamResponse:
    """Show the account."""
    return visit.page("own.html", status=400 if problem else 200, problem=problem)


async def change_password(visit: Visit) -> web.StreamResponse:
    """Change the password; whoever knows only the session must not."""
    account = visit.account
    old, new = visit.form.get("old", ""), visit.form.get("new", "")
    async with visit.desk.storage.reading() as unit:
        kept = await unit.staff.password_hash(account.id)
    if not await passwords.matches(kept, old):
        return await show(visit, "password.old")
    if weak := passwords.weakness(new, account.login):
        return await show(visit, f"password.{weak}")
    if new != visit.form.get("again", ""):
        return await show(visit, "password.again")
    changed = await passwords.hashed(new)
    async with visit.desk.storage.writing() as unit:
        await unit.staff.change(account.id, password_hash=changed)
        await unit.sessions.close_all(account.id, visit.session.token_hash)
        await visit.note(unit, "account:password", account.login)
        await unit.commit()
    return visit.go(_HERE, "password")


async def change_contact(visit: Visit) -> web.StreamResponse:
    """Change the mail address and whether questions are told to it."""
    email, on_duty = visit.form.get("email", ""), visit.form.get("on_duty") == "yes"
    if email and not re.fullmatch(MAIL_ADDRESS, email):
        return await show(visit, "email.wrong")
    async with visit.desk.storage.writing() as unit:
        await unit.staff.change(visit.account.id, email=email, on_duty=on_duty)
        await visit.note(unit, "account:contact", visit.account.login, {"on_duty": on_duty})
        await unit.commit()
    return visit.go(_HERE, "saved")


VIEWS = (
    View("GET", _HERE, show),
    View("POST", f"{_HERE}/password", change_password),
    View("POST", f"{_HERE}/contact", change_contact),
)
