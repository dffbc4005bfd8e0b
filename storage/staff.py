"""Accounts of the staff desk: who may sign in, and as what."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from storage.errors import StorageError
from storage.models import StaffRow
from storage.repository import Repository


class LoginTakenError(StorageError):
    """There is an account of this name: choose another."""


class Role(StrEnum):
    """What somebody may do; each may do what the one before may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    """Corrects and answers."""
    ADMIN = "admin"
    """Cares for accounts and settings."""

    def may(self, needed: Role) -> bool:
        """Tell whether this role is enough."""
        order = tuple(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewAccount:
    """An account to be made."""

    login: str
    """Kept in small letters, so that nobody else is called the same."""
    name: str
    role: Role
    password_hash: str
    unit: str = ""
    commune: str = ""
    email: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """Somebody of the staff."""

    id: int
    login: str
    name: str
    unit: str
    """The office, as citizens may read it."""
    role: Role
    commune: str
    """Code; empty for the whole province."""
    email: str
    on_duty: bool
    created_at: dt.datetime
    disabled_at: dt.datetime | None
    failures: int
    """Failed sign-ins since the last that went well."""
    locked_until: dt.datetime | None

    @property
    def author(self) -> str:
        """Return how a correction is signed."""
        return f"{self.name}, {self.unit}" if self.unit else self.name


class Staff(Repository):
    """Keeps accounts."""

    async def add(self, new: NewAccount, at: dt.datetime) -> int:
        """Make an account; raise LoginTakenError when the name is taken."""
        values = {
            "login": new.login.lower(),
            "name": new.name,
            "unit": new.unit,
            "role": new.role.value,
            "commune": new.commune,
            "password_hash": new.password_hash,
            "email": new.email,
            "created_at": at,
        }
        try:
            made = await self._connection.execute(insert(StaffRow).values(**values).returning(StaffRow.id))
        except IntegrityError:
            raise LoginTakenError(f"there is an account {new.login} already") from None
        return made.scalar_one()

    async def all(self) -> tuple[Account, ...]:
        """Return all accounts by login, the disabled ones last."""
        order = StaffRow.disabled_at.is_not(None), StaffRow.login
        rows = await self._connection.execute(select(*_COLUMNS).order_by(*order))
        return tuple(_account(row._mapping) for row in rows)  # noqa: SLF001 - the public name of a row's mapping

    async def find(self, login: str) -> Account | None:
        """Return an account by its login, however its letters are written."""
        return await self._one(StaffRow.login == login.lower())

    async def one(self, account_id: int) -> Account | None:
        """Return an account by its number."""
        return await self._one(StaffRow.id == account_id)

    async def password_hash(self, account_id: int) -> str:
        """Return the hash of an account's password."""
        found = select(StaffRow.password_hash).where(StaffRow.id == account_id)
        return await self._connection.scalar(found) or ""

    async def answers(self) -> bool:
        """Tell whether somebody may answer questions from anywhere in the province."""
        there = exists().where(StaffRow.disabled_at.is_(None), StaffRow.commune == "", _EDITS)
        return bool(await self._connection.scalar(select(there)))

    async def on_duty(self, commune: str) -> tuple[Account, ...]:
        """Return who answers questions passed to a commune (empty: to the province) now."""
        there = StaffRow.on_duty, StaffRow.disabled_at.is_(None), StaffRow.commune == commune
        rows = await self._connection.execute(select(*_COLUMNS).where(*there, _EDITS))
        return tuple(_account(row) for row in rows.mappings())

    async def admins(self) -> frozenset[int]:
        """Return who may care for accounts everywhere; they stay so until the commit.

        Else two who disable each other at the same moment would leave nobody.
        """
        admin = StaffRow.role == Role.ADMIN.value, StaffRow.commune == "", StaffRow.disabled_at.is_(None)
        held = select(StaffRow.id).where(*admin).order_by(StaffRow.id).with_for_update()
        return frozenset(await self._connection.scalars(held))

    async def change(self, account_id: int, **values: object) -> None:
        """Change fields of an account, by the names of `Account`, and `password_hash`."""
        await self._connection.execute(update(StaffRow).where(StaffRow.id == account_id).values(**values))

    async def attempt(self, account_id: int, now: dt.datetime) -> int | None:
        """Count a try to sign in before its password is looked at; None while the account rests.

        It is counted and locked by one statement: tries at the same moment see each other.
        """
        rests = StaffRow.locked_until > now
        tried = update(StaffRow).where(
            StaffRow.id == account_id, or_(StaffRow.locked_until.is_(None), ~rests)
        )
        counted = tried.values(failures=StaffRow.failures + 1).returning(StaffRow.failures)
        return await self._connection.scalar(counted)

    async def welcome(self, account_id: int, password_hash: str) -> bool:
        """Forget failed tries; False when the password is another by now, or the account is disabled."""
        same = StaffRow.id == account_id, StaffRow.password_hash == password_hash
        forgiven = update(StaffRow).where(*same, StaffRow.disabled_at.is_(None))
        done = await self._connection.execute(forgiven.values(failures=0, locked_until=None))
        return done.rowcount == 1

    async def _one(self, condition: ColumnElement[bool]) -> Account | None:
        row = (await self._connection.execute(select(*_COLUMNS).where(condition))).mappings().one_or_none()
        return _account(row) if row else None


_EDITS = StaffRow.role.in_([role.value for role in Role if role.may(Role.EDITOR)])
_COLUMNS = tuple(column for column in StaffRow.__table__.columns if column.name != "password_hash")


def _account(row: object) -> Account:
    values = dict(row)  # type: ignore[call-overload]
    return Account(**values | {"role": Role(values["role"])})
