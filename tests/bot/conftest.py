"""Fixtures of the tests of `bot`: knowledge is slow to build, so each kind is built once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from content.loader import load
from intents.knowledge import Knowledge, prepare
from storage.migrate import upgrade
from storage.unit_of_work import Storage
from tests.bot.parts import RETENTION, Clock, House, tiny_knowledge


@pytest.fixture(scope="session")
def real_knowledge() -> Knowledge:
    """Prepare the content that citizens get."""
    return prepare(load(), RETENTION.days)


@pytest.fixture(scope="session")
def tiny() -> Knowledge:
    """Prepare a content of a few topics."""
    return tiny_knowledge()


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
