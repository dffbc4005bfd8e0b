"""The real content, prepared once for all tests that need it."""

from __future__ import annotations

from functools import cache

from content.loader import load
from intents.knowledge import Knowledge, prepare


@cache
def real_knowledge() -> Knowledge:
    return prepare(load(), retention_days=30)
