"""Fixtures of the tests of `bot` and of the whole application."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.fakes.telegram import FakeTelegram, fake_telegram
from intents.knowledge import Knowledge
from storage.migrate import upgrade
from storage.unit_of_work import Storage
from tests.bot.parts import Clock, House, tiny_knowledge
from tests.real import real_knowledge


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """Load the real content, once."""
    return real_knowledge()


@pytest.fixture(scope="session")
def tiny() -> Knowledge:
    """Prepare a content of a few topics."""
    return tiny_knowledge()


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    """Serve a Telegram of its own for each test."""
    async with fake_telegram() as fake:
        yield fake


@pytest.fixture
def clock() -> Clock:
    """Start a clock that stands still."""
    return Clock()


@pytest.fixture
async def house(sqlite_url: str, tiny: Knowledge, clock: Clock) -> AsyncIterator[House]:
    """Open a house over an SQLite file."""
    await upgrade(sqlite_url)
    opened = Storage(sqlite_url)
    yield House(opened, tiny, clock, [])
    await opened.close()
