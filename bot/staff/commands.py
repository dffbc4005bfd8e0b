"""Accounts from the command line: the first admin is made here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bot.clock import utc_now
from bot.config import Config
from bot.staff import passwords
from storage.errors import StorageError
from storage.migrate import ensure_current
from storage.staff import Account, NewAccount
from storage.unit_of_work import Storage, UnitOfWork

COMMAND_LINE = "command line"
"""Who is noted as having done it."""
WEAK: Mapping[str, str] = {
    "short": f"a password needs {passwords.LEAST} characters",
    "long": f"a password has {passwords.MOST} characters at most",
    "guessed": "this password is easily guessed",
}


class NoAccountError(StorageError):
    """There is no such account: see the list."""


class WeakPasswordError(StorageError):
    """The password will not do: choose another."""


async def add(config: Config, new: NewAccount, password: str) -> None:
    """Make an account; the schema is brought up to date where that is done at start."""
    kept = await _kept(password, new.login)
    await ensure_current(config.database_url)
    account = NewAccount(
        login=new.login,
        name=new.name,
        role=new.role,
        password_hash=kept,
        unit=new.unit,
        commune=new.commune,
        email=new.email,
    )

    async def made(unit: UnitOfWork) -> None:
        await unit.staff.add(account, utc_now())

    await _done(config, "account:added", new.login, made)


async def listed(config: Config, say: Callable[[str], object]) -> None:
    """Print all accounts."""
    await ensure_current(config.database_url)
    storage = Storage(config.database_url)
    try:
        async with storage.reading() as unit:
            accounts = await unit.staff.all()
    finally:
        await storage.close()
    for account in accounts:
        scope = account.commune or "province"
        state = "disabled" if account.disabled_at else "active"
        say(f"{account.login:20} {account.role:7} {scope:9} {state:9} {account.author}")
    if not accounts:
        say("no accounts yet: python -m bot staff add LOGIN --name NAME --role admin")


async def switch(config: Config, login: str, *, disable: bool) -> None:
    """Disable an account, which ends its sessions, or enable it again."""
    account = await _find(config, login)

    async def switched(unit: UnitOfWork) -> None:
        await unit.staff.change(account.id, disabled_at=utc_now() if disable else None)
        await unit.sessions.close_all(account.id)

    await _done(config, "account:disabled" if disable else "account:enabled", account.login, switched)


async def set_password(config: Config, login: str, password: str) -> None:
    """Give an account another password, which ends its sessions and its rest."""
    account = await _find(config, login)
    kept = await _kept(password, account.login)

    async def changed(unit: UnitOfWork) -> None:
        await unit.staff.change(account.id, password_hash=kept, failures=0, locked_until=None)
        await unit.sessions.close_all(account.id)

    await _done(config, "account:password", account.login, changed)


async def is_empty(config: Config) -> bool:
    """Tell whether nobody has an account yet."""
    storage = Storage(config.database_url)
    try:
        async with storage.reading() as unit:
            return not await unit.staff.all()
    finally:
        await storage.close()


async def _find(config: Config, login: str) -> Account:
    await ensure_current(config.database_url)
    storage = Storage(config.database_url)
    try:
        async with storage.reading() as unit:
            account = await unit.staff.find(login)
    finally:
        await storage.close()
    if account is None:
        raise NoAccountError(f"there is no account {login}: see python -m bot staff list")
    return account


async def _done(
    config: Config, action: str, login: str, work: Callable[[UnitOfWork], Awaitable[None]]
) -> None:
    storage = Storage(config.database_url)
    try:
        async with storage.writing() as unit:
            await work(unit)
            await unit.activities.note(utc_now(), (None, COMMAND_LINE), action, login)
            await unit.commit()
    finally:
        await storage.close()


async def _kept(password: str, login: str) -> str:
    if weak := passwords.weakness(password, login):
        raise WeakPasswordError(WEAK[weak])
    return await passwords.hashed(password)
