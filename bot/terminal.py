"""A conversation in the terminal, through the same inbox, worker and outbox as every other."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import sys

import click

from bot.channels.console import Console
from bot.clock import utc_now
from bot.config import Config, secret_of
from bot.jobs import Jobs
from bot.logs import set_up_logs
from bot.pace import Pace
from bot.runtime import Runtime
from intents.knowledge import Knowledge
from storage.corrections import Correction
from storage.migrate import ensure_current
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage

PROMPT = "> "


async def converse(config: Config, knowledge: Knowledge) -> None:
    """Read lines until the end of the input and show what is answered."""
    set_up_logs("WARNING")
    await ensure_current(config.database_url)
    storage = Storage(config.database_url)
    runtime = Runtime(
        storage=storage,
        knowledge=knowledge,
        keys=PersonKeys(secret_of(config)),
        retention=dt.timedelta(days=config.retention_days),
    )
    shown = asyncio.Event()

    def show(text: str) -> None:
        click.echo(f"{text}\n")
        shown.set()

    console = Console(runtime.intake.accept, show, bot=f"terminal-{os.getpid()}")
    async with runtime.running([(console, Pace(1000, 1000))]):
        while line := await _read():
            if line.strip():
                shown.clear()
                await console.say(line)
                await shown.wait()
    await storage.close()


async def _read() -> str:
    if sys.stdin.isatty():
        click.echo(PROMPT, nl=False)
    return await asyncio.to_thread(sys.stdin.readline)


async def corrections_held(config: Config) -> tuple[Correction, ...]:
    """Return the corrections of the staff that hold."""
    await ensure_current(config.database_url)
    storage = Storage(config.database_url)
    try:
        async with storage.reading() as unit:
            return await unit.corrections.current()
    finally:
        await storage.close()


async def purge_now(config: Config) -> None:
    """Forget texts whose time has passed."""
    await ensure_current(config.database_url)
    storage = Storage(config.database_url)
    await Jobs(storage, utc_now).purge()
    await storage.close()
