"""Fixtures of the tests of the desk."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
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
from tests.staff.life import fill
from tests.staff.world import Samples, World

Found = Callable[..., Awaitable[World]]


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """Load the real content, once; there is staff, whoever else has an account."""
    return real_knowledge().over(staffed=True)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an empty database with all tables, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "bot.db"
    asyncio.run(upgrade(url_of(file)))
    return file


@pytest.fixture(scope="session")
def lived(
    knowledge: Knowledge, migrated: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Samples]:
    """Make a database with something for every page, to be copied."""
    file = Path(shutil.copy(migrated, tmp_path_factory.mktemp("lived")))

    async def live() -> Samples:
        async with a_world(url_of(file), knowledge) as world:
            return await fill(world, knowledge)

    return file, asyncio.run(live())


@pytest.fixture
async def found(knowledge: Knowledge, migrated: Path, tmp_path: Path) -> AsyncIterator[Found]:
    """Return what starts the desk, over an SQLite file of its own unless told otherwise."""
    async with AsyncExitStack() as stack:

        async def found(like: Path = migrated, url: str = "", **settings: str) -> World:
            url = url or url_of(Path(shutil.copy(like, tmp_path / "bot.db")))
            return await stack.enter_async_context(a_world(url, knowledge, **settings))

        yield found


@pytest.fixture
async def world(found: Found) -> World:
    """Start the desk; nobody has an account yet."""
    return await found()


@pytest.fixture
async def busy(found: Found, lived: tuple[Path, Samples]) -> World:
    """Start the desk on a day when there is something on every page."""
    file, samples = lived
    world = await found(file)
    world.clock.now, world.examples = samples.now, samples.examples
    return world


def url_of(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


@asynccontextmanager
async def a_world(url: str, knowledge: Knowledge, **settings: str) -> AsyncIterator[World]:
    """Run the application over a database."""
    clock, storage = Clock(), Storage(url)
    config = Config.model_validate({"database_url": url, "secret_key": SECRET, **settings})
    app = create_app(config, knowledge, clock=clock)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(storage.close)
        world = World(storage, clock, app, await stack.enter_async_context(TestServer(app)))
        stack.push_async_callback(world.close)
        yield world
