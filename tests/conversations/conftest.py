"""The mark of the dialogues that go through everything."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark of the dialogues that go through the whole wiring."""
    config.addinivalue_line("markers", "wired: through intake, database, worker, outbox and a channel")
