"""Fixtures for tests of the whole application."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from content.loader import load
from intents.knowledge import Knowledge, prepare
from tests.fake_telegram import FakeTelegram, fake_telegram


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """Load the real content, once."""
    return prepare(load(), retention_days=30)


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    """Serve a Telegram of its own for each test."""
    async with fake_telegram() as fake:
        yield fake
