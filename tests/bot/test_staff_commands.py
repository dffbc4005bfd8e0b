"""Accounts from the command line: the first admin is made there, with no password that anybody knows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.staff import passwords
from storage.staff import Account, Role
from storage.unit_of_work import Storage
from tests.storage.builders import NOW, a_session

PASSWORD = "bốn từ không liên quan"
Type = Callable[..., Result]


@pytest.fixture
def type_(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Return what runs a command in this process."""
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    runner = CliRunner()

    def type_(*words: str, typed: str = "") -> Result:
        return runner.invoke(main, ["staff", *words], input=typed)

    return type_


def add(type_: Type, login: str = "an", *more: str, password: str = PASSWORD) -> Result:
    about = ("--name", "Nguyễn Văn An", "--role", "admin", "--password-stdin")
    return type_("add", login, *about, *more, typed=f"{password}\n")


def read(url: str, login: str) -> tuple[Account | None, str, list[str]]:
    """Return an account, its hash, and what was noted."""

    async def read() -> tuple[Account | None, str, list[str]]:
        storage = Storage(url)
        async with storage.reading() as unit:
            account = await unit.staff.find(login)
            kept = await unit.staff.password_hash(account.id) if account else ""
            lines = await unit.activities.newest(100)
        await storage.close()
        return account, kept, [f"{line.login}: {line.action} {line.target}" for line in lines]

    return asyncio.run(read())


def sign_in(url: str, login: str, token: str) -> None:
    """Leave a session behind, and a rest."""

    async def leave() -> None:
        storage = Storage(url)
        async with storage.writing() as unit:
            account = await unit.staff.find(login)
            assert account
            await unit.sessions.open(a_session(account.id, token))
            await unit.staff.change(account.id, failures=7, locked_until=NOW)
            await unit.commit()
        await storage.close()

    asyncio.run(leave())


def is_in(url: str, token: str) -> bool:

    async def look() -> bool:
        storage = Storage(url)
        async with storage.reading() as unit:
            found = await unit.sessions.find(token, NOW, NOW - NOW.replace(year=2025))
        await storage.close()
        return found is not None

    return asyncio.run(look())


def test_there_is_no_account_until_one_is_made(type_: Type, sqlite_url: str) -> None:
    listed = type_("list")
    assert listed.exit_code == 0
    assert "no accounts yet: python -m bot staff add" in listed.output
    assert read(sqlite_url, "admin") == (None, "", [])


def test_the_first_admin_is_made_into_an_empty_folder(type_: Type, sqlite_url: str) -> None:
    done = add(type_, "An.Nguyen", "--unit", "Sở Khoa học và Công nghệ")
    assert (done.exit_code, done.output) == (0, "made: An.Nguyen\n")
    account, kept, lines = read(sqlite_url, "an.nguyen")
    assert account
    assert (account.role, account.commune, account.unit) == (Role.ADMIN, "", "Sở Khoa học và Công nghệ")
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept
    assert lines == ["command line: account:added An.Nguyen"]
    assert "an.nguyen" in type_("list").output


@pytest.mark.parametrize(
    ("login", "password", "more", "told"),
    [
        ("an.nguyen", "ngắn", (), "a password needs 10 characters"),
        ("an.nguyen", "", (), "a password needs 10 characters"),
        ("an.nguyen", "dài" * 100, (), "a password has 200 characters at most"),
        ("an.nguyen", "an.nguyen-2026", (), "this password is easily guessed"),
        ("an.nguyen", "1234567890", (), "this password is easily guessed"),
        ("a", PASSWORD, (), "a login has 3 to 60 letters"),
        ("có dấu", PASSWORD, (), "a login has 3 to 60 letters"),
        ("an.nguyen", PASSWORD, ("--commune", "99999"), "there is no commune 99999"),
    ],
)
def test_what_will_not_do_makes_no_account(
    type_: Type, login: str, password: str, more: tuple[str, ...], told: str
) -> None:
    done = add(type_, login, *more, password=password)
    assert done.exit_code == 2
    assert told in done.output
    assert "no accounts yet" in type_("list").output


def test_a_login_is_given_once(type_: Type) -> None:
    assert add(type_, "an.nguyen").exit_code == 0
    again = add(type_, "AN.NGUYEN")
    assert again.exit_code == 2
    assert "there is an account AN.NGUYEN already" in again.output


@pytest.mark.parametrize(
    ("words", "typed", "said", "action"),
    [
        (("disable", "an.nguyen"), "", "disabled: an.nguyen", "account:disabled"),
        (
            ("password", "An.Nguyen", "--password-stdin"),
            "một mật khẩu khác hẳn\n",
            "changed: An.Nguyen",
            "account:password",
        ),
    ],
)
def test_what_is_done_to_an_account_ends_its_sessions_and_is_noted(
    type_: Type, sqlite_url: str, words: tuple[str, ...], typed: str, said: str, action: str
) -> None:
    add(type_, "an.nguyen")
    sign_in(sqlite_url, "an.nguyen", "token")
    assert is_in(sqlite_url, "token")
    done = type_(*words, typed=typed)
    assert (done.exit_code, done.output) == (0, f"{said}\n")
    assert not is_in(sqlite_url, "token")
    assert read(sqlite_url, "an.nguyen")[2][0] == f"command line: {action} an.nguyen"


def test_another_password_ends_the_rest(type_: Type, sqlite_url: str) -> None:
    add(type_, "an.nguyen")
    before = read(sqlite_url, "an.nguyen")[1]
    sign_in(sqlite_url, "an.nguyen", "token")
    type_("password", "an.nguyen", "--password-stdin", typed="một mật khẩu khác hẳn\n")
    account, kept, _ = read(sqlite_url, "an.nguyen")
    assert account
    assert (account.failures, account.locked_until) == (0, None)
    assert kept != before


def test_who_was_disabled_can_be_let_in_again(type_: Type, sqlite_url: str) -> None:
    add(type_, "an.nguyen")
    type_("disable", "an.nguyen")
    assert "disabled" in type_("list").output
    assert type_("enable", "an.nguyen").output == "enabled: an.nguyen\n"
    account, _, lines = read(sqlite_url, "an.nguyen")
    assert account
    assert account.disabled_at is None
    assert lines[0] == "command line: account:enabled an.nguyen"


@pytest.mark.parametrize("command", ["disable", "enable", "password"])
def test_nobody_is_made_up(type_: Type, command: str) -> None:
    more = ("--password-stdin",) if command == "password" else ()
    done = type_(command, "nobody", *more, typed=f"{PASSWORD}\n")
    assert done.exit_code == 2
    assert "there is no account nobody: see python -m bot staff list" in done.output


async def test_a_password_is_recognised_and_no_other() -> None:
    kept = await passwords.hashed(PASSWORD)
    assert kept != await passwords.hashed(PASSWORD)
    assert await passwords.matches(kept, PASSWORD)
    for other in ("", PASSWORD[:-1], PASSWORD.upper(), f"{PASSWORD} "):
        assert not await passwords.matches(kept, other)
    for garbled in ("", "kept", "$argon2id$", kept[:-5]):
        assert not await passwords.matches(garbled, PASSWORD)
    assert not passwords.is_old(kept)
    assert passwords.is_old("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CIZ3kbGLhMBD0MKmSYHQ7w")


def test_invented_passwords_will_do_and_differ() -> None:
    invented = {passwords.invented() for _ in range(50)}
    assert len(invented) == 50
    assert {passwords.weakness(one, "an.nguyen") for one in invented} == {""}
