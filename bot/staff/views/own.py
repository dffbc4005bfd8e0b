"""One's own account: password, mail address, duty."""

from __future__ import annotations

import re

from aiohttp import web

from bot.config import MAIL_ADDRESS
from bot.staff import passwords
from bot.staff.access import begin, remembered
from bot.staff.patience import recognised
from bot.staff.visit import View, Visit

_HERE = "/staff/account"


async def show(visit: Visit, problem: str = "") -> web.StreamResponse:
    """Show the account."""
    return visit.page("own.html", status=400 if problem else 200, problem=problem)


async def change_password(visit: Visit) -> web.StreamResponse:
    """Change the password; whoever has only the session must not, and this one ends too."""
    desk, login = visit.desk, visit.account.login
    new = visit.form.get("new", "")
    if weak := passwords.weakness(new, login):
        return await show(visit, f"password.{weak}")
    if new != visit.form.get("again", ""):
        return await show(visit, "password.again")
    known = await recognised(desk, login, visit.form.get("old", ""))
    if known is None:
        return await show(visit, "password.old")
    changed = await passwords.hashed(new)
    async with desk.storage.writing() as unit:
        if not await unit.staff.welcome(known.account.id, known.password_hash):
            return await show(visit, "password.old")
        await unit.staff.change(known.account.id, password_hash=changed)
        await unit.sessions.close_all(known.account.id)
        token = await begin(unit, known.account.id, desk.clock())
        await visit.note(unit, "account:password", login)
        await unit.commit()
    return remembered(visit.go(_HERE, "password"), token, desk)


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
