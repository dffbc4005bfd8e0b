"""The menu of commands that people find in Telegram, as it is written in the content.

Pure: no network, no database. Limits: core.telegram.org/bots/api#botcommand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "telegram.command."
"""Of the answers that hold descriptions; a topic stands under the same key with a suffix."""
_TOPIC = ".topic"
_NAME = re.compile(r"[a-z0-9_]{1,32}")
MAX_DESCRIPTION = 256


@dataclass(frozen=True, slots=True)
class Command:
    """A word that people type or choose after a slash."""

    name: str
    description: str
    topic: str
    """Id of what it opens; empty where it starts the conversation."""

    @property
    def is_fit(self) -> bool:
        """Tell whether Telegram would take it."""
        return bool(_NAME.fullmatch(self.name)) and 1 <= len(self.description) <= MAX_DESCRIPTION


def commands_of(answers: Mapping[str, str]) -> tuple[Command, ...]:
    """Return the commands in the order in which they are written."""
    keys = (key for key in answers if key.startswith(PREFIX) and not key.endswith(_TOPIC))
    return tuple(
        Command(key.removeprefix(PREFIX), answers[key], answers.get(f"{key}{_TOPIC}", "")) for key in keys
    )
