"""Running the service: one process, or several that share the work through the database."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import NoReturn

import click
import structlog
import uvloop
from aiohttp import web

from bot.app import create_app
from bot.config import Config, ConfigError, secret_of
from bot.logs import set_up_logs
from bot.memory import kept
from bot.simulation.label import is_simulated_at
from bot.staff.commands import is_empty
from intents.knowledge import Knowledge
from storage.errors import StorageError
from storage.migrate import ensure_current

log = structlog.get_logger(__name__)

CHILD = "BOT_WORKER"
"""Marks a process that another one has started and starts again when it dies."""
CANNOT_START = 2
"""Exit status of a process that would fail again."""
SHUTDOWN_SECONDS = 10.0
IDLE_SECONDS = 30.0
"""A connection that brings no whole request for so long is closed, however slowly it drips."""
RESTART_SECONDS = 1.0
SERVED_SECONDS = 20.0
"""Who lived this long could start: what stops it now, as a database that is away, may pass."""


def serve(config: Config, knowledge: Knowledge) -> None:
    """Serve in this process until stopped; exit 2 with what to do when that is impossible."""
    set_up_logs(config.log_level)
    _prepare(config)
    app = create_app(config, kept(knowledge))
    if CHILD not in os.environ:
        announce(config)
    try:
        web.run_app(
            app,
            host=config.host,
            port=config.port,
            print=None,
            access_log=None,
            reuse_port=True if CHILD in os.environ else None,
            shutdown_timeout=SHUTDOWN_SECONDS,
            keepalive_timeout=IDLE_SECONDS,
            loop=uvloop.new_event_loop(),
        )
    except OSError as error:
        _refuse(f"cannot listen on {config.host}:{config.port}: {error.strerror}")


def supervise(config: Config, workers: int) -> None:
    """Keep several processes serving on one port until stopped."""
    set_up_logs(config.log_level)
    _prepare(config)
    announce(config)
    if not asyncio.run(_keep_all(workers)):
        raise SystemExit(CANNOT_START)


def announce(config: Config) -> None:
    """Say where the service is found and which channels are on."""
    address = config.public_url or f"http://{config.host}:{config.port}"
    click.echo(f"web chat: {address}/")
    click.echo(f"staff desk: {address}/staff/")
    if asyncio.run(is_simulated_at(config)):
        click.echo("  the people in this database are made up (simulate): keep real people out of it")
    if asyncio.run(is_empty(config)):
        click.echo("  nobody can sign in yet: python -m bot staff add LOGIN --name NAME --role admin")
    click.echo(f"telegram: {config.telegram_mode if config.telegram_token else 'off (set TELEGRAM_TOKEN)'}")
    click.echo(f"zalo bot: {config.zalo_bot_mode if config.zalo_bot_token else 'off (set ZALO_BOT_TOKEN)'}")
    click.echo(f"zalo official account: {'webhook' if config.zalo_oa_app_id else 'off (set ZALO_OA_APP_ID)'}")


async def _keep_all(workers: int) -> bool:
    """Return True when stopped from outside, False when a process cannot start."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    done = await asyncio.gather(*(_keep_one(stop) for _ in range(workers)))
    return all(done)


async def _keep_one(stop: asyncio.Event) -> bool:
    stopped = asyncio.create_task(stop.wait())
    clock = asyncio.get_running_loop().time
    served = False
    while not stop.is_set():
        started = clock()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", env=os.environ | {CHILD: "1"}
        )
        ended = asyncio.create_task(process.wait())
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            process.terminate()
            await asyncio.wait({ended}, timeout=3 * SHUTDOWN_SECONDS)
            if not ended.done():
                process.kill()
            await ended
            return True
        served = served or clock() - started > SERVED_SECONDS
        if process.returncode == CANNOT_START and not served:
            stop.set()
            return False
        log.warning("worker ended and is started again", status=process.returncode)
        await asyncio.wait({stopped}, timeout=RESTART_SECONDS)
    return True


def _prepare(config: Config) -> None:
    try:
        asyncio.run(ensure_current(config.database_url))
        secret_of(config)  # made once, before several processes would each make their own
    except (StorageError, ConfigError) as error:
        _refuse(str(error))


def _refuse(message: str) -> NoReturn:
    click.echo(message, err=True)
    raise SystemExit(CANNOT_START)
