"""The service as a process over a database, and somebody who is signed in at its desk."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession, CookieJar

from tests.bench_channels import machines

LOGIN, PASSWORD = "bench", "made-up-of-four-words"
_RATE = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """A running service with the stand-in that it sends to."""

    url: str
    stand: str


@asynccontextmanager
async def stand(log: Path) -> AsyncIterator[str]:
    """Run the stand-in for those that the service sends to: one for each database, which keeps its tokens."""
    url, port = machines.address()
    async with machines.processes(["tests.bench_channels.stand", str(port)], log=log):
        await machines.ready(url, "/bench")
        yield url


@asynccontextmanager
async def service(database: str, sends_to: str, log: Path) -> AsyncIterator[Place]:
    """Run the service."""
    url, port = machines.address()
    environment = machines.settings(database, sends_to, port, _RATE, _RATE)
    await asyncio.to_thread(machines.migrate, environment)
    async with machines.processes(["bot", "run"], environment=environment, log=log):
        await machines.ready(url)
        yield Place(url, sends_to)


def appoint(database: str) -> None:
    """Make an account that may see everything."""
    command = [sys.executable, "-m", "bot", "staff", "add", LOGIN, "--name", LOGIN, "--role", "admin"]
    subprocess.run(  # noqa: S603 - our own command
        [*command, "--password-stdin"],
        cwd=machines.PROJECT,
        env=machines.settings(database, "http://127.0.0.1:1", 1, _RATE, _RATE),
        input=PASSWORD.encode(),
        check=True,
        capture_output=True,
    )


@asynccontextmanager
async def signed_in(url: str) -> AsyncIterator[ClientSession]:
    """Sign in; the session ends with the block."""
    async with ClientSession(url, cookie_jar=CookieJar(unsafe=True)) as session:
        async with session.post("/staff/login", data={"login": LOGIN, "password": PASSWORD}) as response:
            if response.url.path != "/staff/":
                raise RuntimeError(f"cannot sign in: {response.status}")
        yield session
