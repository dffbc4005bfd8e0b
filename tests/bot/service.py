"""`python -m bot run` as a process of its own, on loopback, with a folder of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientError, ClientSession

PROJECT = Path(__file__).parents[2]
START_SECONDS = 60
"""Loading the content takes a few seconds; on a busy machine longer."""
STOP_SECONDS = 20


@dataclass(frozen=True)
class Service:
    """What stays the same over restarts: the folder, the port, the settings."""

    folder: Path
    port: int
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8")

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    @asynccontextmanager
    async def running(self, **settings: str) -> AsyncIterator[subprocess.Popen[bytes]]:
        """Run until the block ends, however it ends; in it the service is ready."""
        process = self._start(settings)
        try:
            await self._ready(process)
            yield process
        finally:
            process.kill()
            await asyncio.to_thread(process.wait, STOP_SECONDS)

    async def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Stop as an operator does."""
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, STOP_SECONDS) == 0, self.log

    def _start(self, settings: dict[str, str]) -> subprocess.Popen[bytes]:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(PROJECT),
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            **self.settings,
            **settings,
        }
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "bot", "run"], cwd=self.folder, env=environment, stdout=log, stderr=log
            )

    async def _ready(self, process: subprocess.Popen[bytes]) -> None:
        async with asyncio.timeout(START_SECONDS), ClientSession() as session:
            while not await _answers(session, f"{self.url}/readyz"):
                assert process.poll() is None, self.log
                await asyncio.sleep(0.05)


async def _answers(session: ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.status == 200
    except (ClientError, OSError):
        return False
