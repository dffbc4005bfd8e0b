"""The pages that the navigation names, in its order."""

from __future__ import annotations

from dataclasses import dataclass

from storage.staff import Account, Role


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the navigation; `menu.<name>` is what it is called."""

    name: str
    path: str
    role: Role = Role.VIEWER
    everywhere: bool = False


ENTRIES = (
    Entry("overview", "/staff/"),
    Entry("questions", "/staff/questions"),
    Entry("people", "/staff/people"),
    Entry("unknown", "/staff/unknown"),
    Entry("tickets", "/staff/tickets"),
    Entry("services", "/staff/services"),
    Entry("offices", "/staff/offices"),
    Entry("gaps", "/staff/gaps"),
    Entry("age", "/staff/age"),
    Entry("exports", "/staff/exports"),
    Entry("accounts", "/staff/accounts", Role.ADMIN, everywhere=True),
    Entry("activity", "/staff/activity", Role.ADMIN, everywhere=True),
    Entry("account", "/staff/account"),
)


def menu_for(account: Account) -> tuple[Entry, ...]:
    """Return the pages that somebody may see."""
    return tuple(
        entry
        for entry in ENTRIES
        if account.role.may(entry.role) and not (entry.everywhere and account.commune)
    )
