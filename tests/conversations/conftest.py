"""Fixtures for the dialogues."""

from __future__ import annotations

import pytest

from intents.knowledge import Knowledge
from tests.real import real_knowledge


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark of the dialogues that go through the whole wiring."""
    config.addinivalue_line("markers", "wired: through intake, database, worker, outbox and a channel")


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """Prepare the real content."""
    return real_knowledge()
