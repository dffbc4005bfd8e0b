"""Fixtures of the tests of the stand-ins."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fakes.hook import Hook, a_hook


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    """Serve a webhook of its own for each test."""
    async with a_hook() as hook:
        yield hook
