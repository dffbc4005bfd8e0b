"""How a person is spoken to: as they call themselves, where that is clear.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

POLITE = "anh/chị"
"""How texts address somebody of whom nothing is known."""


def addressed(text: str, pronoun: str) -> str:
    """Return a text in which the person is called as they call themselves; empty changes nothing."""
    if not pronoun:
        return text
    return text.replace(POLITE, pronoun).replace(POLITE.capitalize(), pronoun.capitalize())
