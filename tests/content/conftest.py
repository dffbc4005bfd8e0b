"""Fixtures for the tests of content."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.content.folder import write_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a small content folder with nothing wrong."""
    return write_folder(tmp_path)
