"""Looking at passwords, with patience: whoever guesses waits longer each time, and learns nothing from it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import structlog

from bot.staff import passwords
from bot.staff.desk import Desk
from storage.staff import Account

log = structlog.get_logger(__name__)

PATIENCE = 5
"""Failed tries before an account rests."""
RESTS = dt.timedelta(minutes=1)
"""The first rest; each further failure doubles it."""
LONGEST_REST = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Recognised:
    """Somebody who knows the password."""

    account: Account
    password_hash: str
    """The one that was looked at: it may be another by the time it is relied on."""


async def recognised(desk: Desk, login: str, password: str) -> Recognised | None:
    """Return whose password it is; a wrong login, a wrong password and a rest look and last the same."""
    account, kept = await _reserved(desk, login)
    right = await passwords.matches(kept, password)
    if account is None:
        return None
    if not right:
        await _refused(desk, account)
        return None
    return Recognised(account, kept)


def rest_after(failures: int) -> dt.timedelta | None:
    """Return how long an account rests after so many failures in a row; None while it need not."""
    if failures < PATIENCE:
        return None
    doubled: int = 2 ** min(failures - PATIENCE, 10)
    return min(LONGEST_REST, RESTS * doubled)


async def _reserved(desk: Desk, login: str) -> tuple[Account | None, str]:
    """Count a try before its password is looked at; return nobody where no try is allowed now.

    Looking takes a while, in which any number of other tries may come: what is counted afterwards,
    they have all slipped through.
    """
    now = desk.clock()
    async with desk.storage.writing() as unit:
        account = await unit.staff.find(login)
        allowed = account is not None and account.disabled_at is None
        tries = await unit.staff.attempt(account.id, now) if account and allowed else None
        if account is None or tries is None:
            return None, ""
        if rest := rest_after(tries):
            await unit.staff.change(account.id, locked_until=now + rest)
        kept = await unit.staff.password_hash(account.id)
        await unit.commit()
    return account, kept


async def _refused(desk: Desk, account: Account) -> None:
    async with desk.storage.writing() as unit:
        await unit.activities.note(desk.clock(), (account.id, account.login), "session:refused")
        await unit.commit()
    log.warning("password refused", staff=account.id)
