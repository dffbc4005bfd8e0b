"""Running the service: one process, or several that share the work through the database."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import click
import structlog
from aiohttp import web

from bot.app import create_app
from bot.config import Config, ConfigError
from bot.logs import set_up_logs
from intents.knowledge import Knowledge
from storage.errors import StorageError
from storage.migrate import ensure_current

log = structlog.get_logger(__name__)

CHILD = "BOT_WORKER"
"""Marks a process started by another one, which restarts it when it dies."""
SHUTDOWN_SECONDS = 10.0


def serve(config: Config, knowledge: Knowledge, workers: int) -> None:
    """Serve until stopped; exit 2 with what to do when the service cannot start."""
    set_up_logs(config.log_level)
    try:
        asyncio.run(ensure_current(config.database_url))
        app = create_app(config, knowledge)
    except (StorageError, ConfigError) as error:
        click.echo(str(error), err=True)
        raise SystemExit(2) from None
    if CHILD not in os.environ:
        _announce(config)
    others = _start_others(workers - 1) if workers > 1 else []
    try:
        web.run_app(
            app,
            host=config.host,
            port=config.port,
            print=None,
            access_log=None,
            reuse_port=workers > 1 or CHILD in os.environ or None,
            shutdown_timeout=SHUTDOWN_SECONDS,
        )
    except OSError as error:
        click.echo(f"cannot listen on {config.host}:{config.port}: {error.strerror}", err=True)
        raise SystemExit(2) from None
    finally:
        for process in others:
            process.send_signal(signal.SIGTERM)
        for process in others:
            process.wait()


def _announce(config: Config) -> None:
    address = config.public_url or f"http://{config.host}:{config.port}"
    click.echo(f"web chat: {address}/")
    click.echo(f"telegram: {config.telegram_mode if config.telegram_token else 'off (set TELEGRAM_TOKEN)'}")


def _start_others(number: int) -> list[subprocess.Popen[bytes]]:
    environment = os.environ | {CHILD: "1"}
    command = [sys.executable, "-m", "bot", "run"]
    return [subprocess.Popen(command, env=environment) for _ in range(number)]  # noqa: S603 - our own command
