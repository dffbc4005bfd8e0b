"""Fixtures for the tests of understanding and deciding."""

from __future__ import annotations

import pytest
from hypothesis import settings

from intents.knowledge import Knowledge, prepare
from intents.turn import DialogueState
from tests.intents.small import small_content
from tests.intents.talk import Talk
from tests.real import real_knowledge

# The same examples in every run, however slow the machine: a gate must not fail by chance.
settings.register_profile("steady", derandomize=True, database=None, deadline=None)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """Prepare the real content."""
    return real_knowledge()


@pytest.fixture(scope="session")
def small() -> Knowledge:
    """Prepare a handful of made-up services."""
    return prepare(small_content(), retention_days=30)


@pytest.fixture
def talk(knowledge: Knowledge) -> Talk:
    """Talk about the real content, past the introduction."""
    return Talk(knowledge, DialogueState(introduced=True))


@pytest.fixture
def small_talk(small: Knowledge) -> Talk:
    """Talk about the made-up services, past the introduction."""
    return Talk(small, DialogueState(introduced=True))
