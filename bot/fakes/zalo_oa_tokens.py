"""The tokens of a Zalo app, as Zalo hands them out: a new pair ends the one before. No network."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.clock import Clock
from bot.fakes.zalo_oa_rules import RefusedError, challenge

ACCESS = dt.timedelta(seconds=90_000)
REFRESH = dt.timedelta(days=90)
FIRST_REFRESH = "made-up-refresh-0"
CODE = dt.timedelta(minutes=10)


class OAuthError(Exception):
    """What Zalo answers instead of tokens, with HTTP 200."""

    def __init__(self, code: int, name: str) -> None:
        """Take Zalo's number and its name for it."""
        self.code, self.name = code, name
        super().__init__(f"{code}: {name}")

    @property
    def body(self) -> dict[str, Any]:
        """Return the answer."""
        return {
            "error": self.code,
            "error_name": self.name,
            "error_description": self.name,
            "error_reason": "",
            "ref_doc": "https://developers.zalo.me/docs",
        }


class SpentError(Exception):
    """A refresh token came a second time, and Zalo has nothing to say about it: an empty 200."""


@dataclass(kw_only=True)
class Tokens:
    """One app's tokens."""

    app_id: str
    app_secret: str
    clock: Clock
    refresh: str = FIRST_REFRESH
    """The one that can be exchanged."""
    access: str = ""
    access_for: dt.timedelta = ACCESS
    """How long an access token lives; what is told of it stays the same."""
    refreshes: int = 0
    """How many pairs were handed out for a refresh token."""
    forgiving: bool = False
    """Take any refresh token: whoever brings it may have got it before this process began."""
    empty_when_spent: bool = False
    """Answer a refresh token that comes a second time with nothing at all."""
    _old: set[str] = field(default_factory=set)
    _minted: int = 0
    _since: dt.datetime | None = None
    _codes: dict[str, tuple[str, dt.datetime]] = field(default_factory=dict)

    def exchange(self, form: Mapping[str, str], secret: str) -> dict[str, str]:
        """Return a new pair for a refresh token or a code; raise `OAuthError` or `SpentError`."""
        if form.get("app_id") != self.app_id:
            raise OAuthError(-14002, "Invalid app id.")
        if secret != self.app_secret:
            raise OAuthError(-14004, "Invalid secret key.")
        match form.get("grant_type"):
            case "refresh_token":
                self._spend(form.get("refresh_token", ""))
            case "authorization_code":
                self._redeem(form.get("code", ""), form.get("code_verifier", ""))
            case _:
                raise OAuthError(-14018, "Invalid grant type.")
        self.mint()
        return {
            "access_token": self.access,
            "refresh_token": self.refresh,
            "expires_in": f"{ACCESS.total_seconds():.0f}",
        }

    def mint(self) -> str:
        """Make a new pair without being asked over the network; return the access token."""
        self._old |= {self.access, self.refresh}
        self._minted += 1
        self._since = self.clock()
        self.access, self.refresh = (f"made-up-{kind}-{self._minted}" for kind in ("access", "refresh"))
        return self.access

    def expire(self) -> None:
        """Let the access token die before its time."""
        self._old.add(self.access)
        self.access = ""

    def grant(self, code_challenge: str) -> str:
        """Return a code that can be exchanged once, as after an administrator's consent."""
        self._minted += 1
        code = f"made-up-code-{self._minted}"
        self._codes[code] = (code_challenge, self.clock())
        return code

    def check(self, access: str) -> None:
        """Refuse an access token that is not the newest or too old."""
        if access and access == self.access:
            if self._age() <= self.access_for:
                return
            self.expire()
        raise RefusedError(-220 if access and access in self._old else -216)

    def _age(self) -> dt.timedelta:
        return self.clock() - self._since if self._since else dt.timedelta()

    def _spend(self, refresh: str) -> None:
        if not (refresh and self.forgiving):
            self._check_refresh(refresh)
        self.refreshes += 1

    def _check_refresh(self, refresh: str) -> None:
        if refresh in self._old and self.empty_when_spent:
            raise SpentError
        if refresh != self.refresh or self._age() > REFRESH:
            raise OAuthError(-14014, "Invalid refresh token.")

    def _redeem(self, code: str, verifier: str) -> None:
        asked, since = self._codes.pop(code, ("", dt.datetime.min.replace(tzinfo=dt.UTC)))
        if self.clock() - since > CODE or (asked and asked != challenge(verifier)):
            raise OAuthError(-14005, "Invalid code.")
