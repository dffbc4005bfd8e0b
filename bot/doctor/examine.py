"""Examines everything at once; tells what was found as it comes, in a fixed order."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from dataclasses import dataclass, field

from bot.alerts import deliver, destinations, places, trial
from bot.channels.json_client import JsonClient
from bot.channels.zalo_oa import ZaloOA
from bot.clock import Clock, utc_now
from bot.config import Config, ConfigError, load_config
from bot.doctor.calls import SECONDS, Caller
from bot.doctor.finding import Finding, problem
from bot.doctor.home import (
    error_of,
    look_at_address,
    look_at_certificate,
    look_at_content,
    look_at_database,
    look_at_disk,
    look_at_key,
    opened,
)
from bot.doctor.house import of_alerts, of_clock, of_settings
from bot.doctor.outside import Account, ask_telegram, ask_zalo_bot, ask_zalo_oa, try_zalo_pages, zalo_account
from bot.runtime import Runtime
from bot.wiring import wired
from content.loader import load
from intents.knowledge import Knowledge, prepare
from storage.migrate import require_current
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage

LIMIT = SECONDS + 1
"""Seconds for one check; a call in it ends before."""
LOADING, TELLING = 60.0, 30.0
"""Seconds for what takes longer: loading all content is work, not waiting."""

Check = tuple[str, float, Awaitable[Sequence[Finding]]]
"""What is looked at, how long it may take, and the look."""


@dataclass(slots=True)
class Doctor:
    """Looks; changes nothing unless told to."""

    config: Config
    clock: Clock = utc_now
    trusted: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    refresh: bool = False
    """Renew the tokens of the official account."""
    tell: bool = False
    """Send operators a message to see whether it arrives."""

    async def findings(self) -> AsyncIterator[Finding]:
        """Yield what is found."""
        caller, client = Caller(self.clock, self.trusted), JsonClient()
        key, keys = look_at_key(self.config)
        for finding in (*of_settings([], _channels(self.config)), key):
            yield finding
        async with opened(self.config) as storage:
            account = await self._account(storage, keys, client)
            if account and self.refresh:
                yield await account.refresh()  # never cut off: what was minted must be stored
            loading = asyncio.create_task(asyncio.to_thread(_load, self.config.retention_days))
            checks = [*self._at_home(storage, caller, loading), *self._outside(caller, account)]
            telling = ("alerts", TELLING, self._told(storage, keys, loading))
            tasks = [asyncio.create_task(_careful(*check)) for check in (*checks, telling)]
            try:
                for task in tasks[:-1]:
                    for finding in await task:
                        yield finding
                yield of_clock(caller.ahead)
                for finding in await tasks[-1]:
                    yield finding
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, loading, return_exceptions=True)
                await client.close()

    async def _account(
        self, storage: Storage | None, keys: PersonKeys | None, client: JsonClient
    ) -> Account | None:
        if not self.config.zalo_oa_app_id or storage is None or keys is None:
            return None
        if await error_of(require_current(self.config.database_url)):
            return None
        return zalo_account(self.config, storage, keys, self.clock, client)

    def _at_home(
        self, storage: Storage | None, caller: Caller, loading: asyncio.Task[Knowledge]
    ) -> Iterator[Check]:
        yield "database", LIMIT, look_at_database(self.config, storage, self.clock)
        yield "disk", LIMIT, look_at_disk(self.config)
        yield "content", LOADING, look_at_content(loading)
        yield "public address", LIMIT, look_at_address(self.config, caller)
        yield "certificate", LIMIT, look_at_certificate(self.config, caller)

    def _outside(self, caller: Caller, account: Account | None) -> Iterator[Check]:
        if self.config.telegram_token:
            yield "telegram", LIMIT, ask_telegram(self.config, caller)
        if self.config.zalo_oa_app_id:
            yield "zalo oa", LIMIT, ask_zalo_oa(self.config, caller, account)
            yield "zalo oa webhook", LIMIT, try_zalo_pages(self.config, caller)
        if self.config.zalo_bot_token:
            yield "zalo bot", LIMIT, ask_zalo_bot(self.config, caller)

    async def _told(
        self, storage: Storage | None, keys: PersonKeys | None, loading: asyncio.Task[Knowledge]
    ) -> list[Finding]:
        names = places(self.config)
        if not (names and self.tell):
            return list(of_alerts(names, None))
        if storage is None or keys is None:
            return [
                problem("alerts", "nothing was sent: there is no database yet", "start the service first")
            ]
        retention = dt.timedelta(days=self.config.retention_days)
        runtime = Runtime(
            storage=storage, knowledge=await loading, keys=keys, retention=retention, clock=self.clock
        )
        return list(of_alerts(names, await self._tried(runtime)))

    async def _tried(self, runtime: Runtime) -> dict[str, str]:
        ways = list(wired(self.config, runtime))
        for one in ways:
            if isinstance(one.channel, ZaloOA):
                one.channel.tokens = zalo_account(
                    self.config, runtime.storage, runtime.keys, self.clock, one.channel.client
                )
        try:
            notice = trial(runtime.knowledge.content.answers)
            return await deliver(notice, destinations(self.config, [one.channel for one in ways]))
        finally:
            for one in ways:
                await one.close()


async def examine(*, refresh: bool = False, tell: bool = False) -> AsyncIterator[Finding]:
    """Yield what is found with the settings as they are; only their mistakes when there are any."""
    try:
        config = load_config()
    except ConfigError as error:
        for finding in of_settings(str(error).splitlines(), []):
            yield finding
        return
    async for finding in Doctor(config, refresh=refresh, tell=tell).findings():
        yield finding


async def _careful(name: str, seconds: float, look: Awaitable[Sequence[Finding]]) -> Sequence[Finding]:
    """Look; whatever happens, the others go on."""
    try:
        async with asyncio.timeout(seconds):
            return await look
    except TimeoutError:
        return [problem(name, f"not done within {seconds:g} s", "try again; see how busy the machine is")]
    except Exception as error:  # noqa: BLE001 - a mistake of ours is a finding too
        return [problem(name, f"could not be looked at ({type(error).__name__})", "tell the developers")]


def _load(retention_days: int) -> Knowledge:
    return prepare(load(), retention_days)


def _channels(config: Config) -> list[str]:
    found = ["webchat"]
    if config.telegram_token:
        found.append(f"telegram ({config.telegram_mode})")
    if config.zalo_oa_app_id:
        found.append("zalo_oa")
    if config.zalo_bot_token:
        found.append(f"zalo_bot ({config.zalo_bot_mode})")
    return found
