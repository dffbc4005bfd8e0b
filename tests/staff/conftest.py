"""Fixtures of the tests of the desk."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from bot.app import create_app
from bot.config import Config
from intents.knowledge import Knowledge
from storage.migrate import upgrade
from storage.unit_of_work import Storage
from tests.bot.parts import Clock
from tests.bot.staff import SECRET
from tests.real import real_knowledge
from tests.staff.world import World

Found = Callable[..., Awaitable[World]]


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """Load the real content, once."""
    return real_knowledge()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an empty database with all tables, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "bot.db"
    asyncio.run(upgrade(f"sqlite+aiosqlite:///{file}"))
    return file


@pytest.fixture
async def found(knowledge: Knowledge, migrated: Path, tmp_path: Path) -> AsyncIterator[Found]:
    """Return what starts the desk over an SQLite file of its own."""
    async with AsyncExitStack() as stack:

        async def found(**settings: str) -> World:
            file = tmp_path / "bot.db"
            shutil.copy(migrated, file)
            url = f"sqlite+aiosqlite:///{file}"
            clock, storage = Clock(), Storage(url)
            stack.push_async_callback(storage.close)
            config = Config.model_validate({"database_url": url, "secret_key": SECRET, **settings})
            app = create_app(config, knowledge, clock=clock)
            server = await stack.enter_async_context(TestServer(app))
            world = World(storage, clock, app, server)
            stack.push_async_callback(_close, world)
            return world

        yield found


@pytest.fixture
async def world(found: Found) -> World:
    """Start the desk; nobody has an account yet."""
    return await found()


async def _close(world: World) -> None:
    for browser in world.browsers:
        await browser.session.close()
