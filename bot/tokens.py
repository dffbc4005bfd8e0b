"""Tokens that change: one process renews them, the new pair is stored before it is used.

A refresh token is good for one use. Whoever uses it without storing what it gave is locked out.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from bot.channels.base import ChannelDownError, ChannelError, ChannelTokenSpentError, ChannelUnusableError
from bot.clock import Clock
from bot.leases import Lease
from storage.errors import UnsealError
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage

log = structlog.get_logger(__name__)

RENEWED_AFTER = dt.timedelta(hours=20)
"""An access token lives 25 hours; this leaves time to mend what goes wrong."""
EXCHANGE_SECONDS = 8.0
"""How long an exchange may take; the lease lasts longer."""
PATIENCE_SECONDS = 30.0
"""How long to wait for another process that renews."""
LOOK_EVERY = 0.2
REST_SECONDS = 60.0
"""Between tries to renew when it does not succeed."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The tokens in use."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    minted_at: dt.datetime
    seed: str
    """A hash of the operator's first token that these descend from."""

    def stale(self, now: dt.datetime) -> bool:
        """Tell whether it is time for new ones."""
        return now - self.minted_at >= RENEWED_AFTER


@dataclass(slots=True)
class TokenKeeper:
    """Keeps the tokens of one account fresh, for all processes."""

    storage: Storage
    keys: PersonKeys
    clock: Clock
    lease: Lease
    name: str
    """Of the channel; alarms and the stored pair bear it."""
    first: str = field(repr=False)
    """The refresh token from the settings: used once, and again only when the operator changes it."""
    exchange: Callable[[str], Awaitable[tuple[str, str]]]
    """Give a refresh token away for a new access and refresh token; raise a `ChannelError`."""
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _pair: Pair | None = field(default=None, init=False)
    _unstored: Pair | None = field(default=None, init=False)
    """Minted, but the database was away: nothing else may be used before it is stored."""
    _spent: str = field(default="", init=False, repr=False)
    """A refresh token that is known to be spent: asking again would change nothing."""

    async def access(self) -> str:
        """Return an access token, renewed when it is time; raise a `ChannelError` when there is none."""
        pair = self._pair
        if pair is None or pair.stale(self.clock()) or self._unstored:
            pair = await self._another(lambda pair: not pair.stale(self.clock()), refused="")
        return pair.access

    async def renew(self, refused: str) -> str:
        """Return another access token than one that the service refuses."""
        return (await self._another(lambda pair: pair.access != refused, refused)).access

    async def work(self) -> bool:
        """Renew in time even when nothing is sent for months; never busy."""
        try:
            await self.access()
        except ChannelError as error:
            log.warning("tokens not renewed", channel=self.name, cause=str(error))
            await asyncio.sleep(REST_SECONDS)
        return False

    async def _another(self, good: Callable[[Pair], bool], refused: str) -> Pair:
        """Return a good pair; of the many sends that want one at once, one asks for it."""
        async with self._one_at_a_time:
            if self._pair is None or self._unstored or not good(self._pair):
                self._pair = await self._fresh(refused)
            return self._pair

    async def _fresh(self, refused: str) -> Pair:
        """Return what another process stored meanwhile, or renew under the lease."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not (await self.lease.held() and self.lease.lasts(EXCHANGE_SECONDS)):
                    pair = await self.stored()
                    if pair and self._usable(pair, refused):
                        return pair
                    await asyncio.sleep(LOOK_EVERY)
        except TimeoutError:
            raise ChannelDownError("another process renews the tokens and does not end") from None
        try:
            pair = await self.stored()  # perhaps somebody renewed just before the lease was ours
            return pair if pair and self._usable(pair, refused) else await self._renewed(pair)
        finally:
            await self.lease.release()

    def told_anew(self, pair: Pair) -> bool:
        """Tell whether the operator has set another first token since these were minted."""
        return bool(self.first) and pair.seed != _hash(self.first)

    def _usable(self, pair: Pair, refused: str) -> bool:
        return not self.told_anew(pair) and pair.access != refused and not pair.stale(self.clock())

    async def _renewed(self, pair: Pair | None) -> Pair:
        if self._unstored:
            return await self._store(self._unstored)
        old = None if pair is None or self.told_anew(pair) else pair
        token = old.refresh if old else self.first
        if not token:
            raise ChannelUnusableError("no refresh token: authorise the app and set the first one")
        if token == self._spent:
            raise ChannelTokenSpentError("the refresh token is spent")
        seed = old.seed if old else _hash(self.first)
        try:
            access, refresh = await self.exchange(token)
        except ChannelUnusableError as error:
            self._spent = token if isinstance(error, ChannelTokenSpentError) else ""
            await self._alarm(str(error))
            raise
        return await self._store(Pair(access, refresh, self.clock(), seed))

    async def _store(self, pair: Pair) -> Pair:
        self._unstored = pair
        values = {
            "access": pair.access,
            "refresh": pair.refresh,
            "minted_at": pair.minted_at.isoformat(),
            "seed": pair.seed,
        }
        async with self.storage.writing() as unit:
            await unit.tokens.store(self.name, self.keys.seal(values), self.clock())
            await unit.alarms.end(self._alarm_name, self.clock())
            await unit.commit()
        self._unstored = None
        log.info("tokens renewed", channel=self.name)
        return pair

    async def stored(self) -> Pair | None:
        """Return the pair in use, however old; None when there is none, or it cannot be opened."""
        async with self.storage.reading() as unit:
            sealed = await unit.tokens.load(self.name)
        if sealed is None:
            return None
        try:
            values = self.keys.unseal(sealed)
        except UnsealError:
            log.warning("stored tokens cannot be opened with SECRET_KEY", channel=self.name)
            return None
        minted_at = dt.datetime.fromisoformat(values["minted_at"])
        return Pair(values["access"], values["refresh"], minted_at, values["seed"])

    async def _alarm(self, detail: str) -> None:
        log.error("tokens cannot be renewed", channel=self.name, cause=detail)
        async with self.storage.writing() as unit:
            await unit.alarms.sound(self._alarm_name, detail, self.clock())
            await unit.commit()

    @property
    def _alarm_name(self) -> str:
        return f"{self.name} token"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
