"""Looks at what belongs to us: database, disk, content, our address."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

from bot.clock import Clock
from bot.config import Config, key_file, secret_of
from bot.doctor.calls import Caller, Said, certificate_end, resolve
from bot.doctor.finding import Finding
from bot.doctor.house import (
    of_address,
    of_alarms,
    of_certificate,
    of_content,
    of_database,
    of_disk,
    of_key,
    of_queues,
    of_writing,
)
from content.files import ContentError
from intents.knowledge import Knowledge
from storage.db import parse_url
from storage.errors import StorageError
from storage.migrate import require_current
from storage.records import Backlog
from storage.secrets import PersonKeys
from storage.transactions import describe
from storage.unit_of_work import Storage

LOCK_SECONDS = 2.0
"""How long to wait for a database that is locked."""
WEBHOOK = "webhook"


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Storage | None]:
    """Open the database; nothing is made where there is none."""
    if _missing(config):
        yield None
        return
    storage = Storage(config.database_url, wait_seconds=LOCK_SECONDS)
    try:
        yield storage
    finally:
        await storage.close()


def _missing(config: Config) -> bool:
    return config.embedded and not _file(config).exists()


def _file(config: Config) -> Path:
    return Path(parse_url(config.database_url).database or "")


def look_at_key(config: Config) -> tuple[Finding, PersonKeys | None]:
    """See where the secret key is; return it, if there is one: none is made."""
    given, file = bool(config.secret_key), key_file(config)
    kept = not given and file.exists() and bool(file.read_text("utf-8").strip())
    finding = of_key(str(file), given=given, kept=kept, used=not _missing(config))
    return finding, PersonKeys(secret_of(config)) if given or kept else None


async def look_at_database(config: Config, storage: Storage | None, clock: Clock) -> list[Finding]:
    """See whether the database is there, fits, takes what is written, and what waits in it."""
    place, local = describe(parse_url(config.database_url)), config.embedded
    if storage is None:
        return [of_database(place, None, local=local, exists=False)]
    error = await error_of(require_current(config.database_url))
    found = [of_database(place, error, local=local, exists=True)]
    if error:
        return found
    found.append(of_writing(await error_of(_write(storage, clock()))))
    async with storage.reading() as unit:
        inbox, waiting = await unit.inbox.waiting(), (await unit.outbox.waiting(clock())).values()
        alarms = await unit.alarms.all()
    since = min((queue.since for queue in waiting if queue.since), default=None)
    outbox = Backlog(sum(queue.number for queue in waiting), since)
    limit = dt.timedelta(minutes=config.alert_wait_minutes)
    return [*found, of_queues(inbox, outbox, limit, clock()), *of_alarms(alarms, clock())]


async def error_of(work: Awaitable[None]) -> StorageError | None:
    """Return what storage could not do; None when all went well."""
    try:
        await work
    except StorageError as error:
        return error
    return None


async def _write(storage: Storage, now: dt.datetime) -> None:
    """Write something; it is not committed and leaves no trace."""
    async with storage.writing() as unit:
        await unit.jobs.ensure("doctor", now)


async def look_at_disk(config: Config) -> list[Finding]:
    """See how much room is left beside a database file."""
    if not config.embedded:
        return []
    file = _file(config).resolve()
    folder = next(parent for parent in file.parents if parent.exists())
    size = sum(part.stat().st_size for part in folder.glob(f"{file.name}*"))
    return [of_disk(shutil.disk_usage(folder).free, size)]


async def look_at_content(loading: asyncio.Task[Knowledge]) -> list[Finding]:
    """See whether the content can be loaded."""
    try:
        knowledge = await loading
    except ContentError as error:
        return [of_content(0, [str(finding) for finding in error.findings])]
    return [of_content(len(knowledge.content.catalogue.services), [])]


async def look_at_address(config: Config, caller: Caller) -> list[Finding]:
    """See whether our public address leads to us."""
    url = config.public_url
    unknown, health = (
        await asyncio.gather(resolve(url), caller.get(f"{url}/healthz")) if url else ("", Said())
    )
    webhooks = bool(config.zalo_oa_app_id) or any(
        token and mode == WEBHOOK
        for token, mode in (
            (config.telegram_token, config.telegram_mode),
            (config.zalo_bot_token, config.zalo_bot_mode),
        )
    )
    return of_address(url, unknown, health, webhooks=webhooks)


async def look_at_certificate(config: Config, caller: Caller) -> list[Finding]:
    """See until when the certificate of our public address is valid."""
    if not config.public_url.startswith("https://"):
        return []
    return [of_certificate(await certificate_end(config.public_url, caller.trusted), caller.clock())]
