"""Replies for services without buttons: the choices stand below the text, to be answered by a number."""

from __future__ import annotations

from collections.abc import Iterator

from intents.turn import PRIVATE, Reply

BOLD = "**"
LINK = "https://"


def numbered(reply: Reply) -> str:
    """Return the text and its buttons as numbered lines; the core takes a typed number for the button."""
    return "\n\n".join(filter(None, (plain(reply), "\n".join(_lines(reply)))))


def plain(reply: Reply) -> str:
    """Return the text without marks."""
    return reply.text.replace(BOLD, "")


def _lines(reply: Reply) -> Iterator[str]:
    for number, button in enumerate(reply.buttons, 1):
        if button.payload.startswith(LINK):
            yield f"{number}. {button.label}: {button.payload}"
        elif button.payload != PRIVATE:
            yield f"{number}. {button.label}"
