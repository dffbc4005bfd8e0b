"""Replies for services without buttons: the choices stand below the text, to be answered by a number."""

from __future__ import annotations

from collections.abc import Iterator

from intents.turn import PRIVATE, Button, Reply

BOLD = "**"
LINK = "https://"


def numbered(reply: Reply, hint: str = "") -> str:
    """Return the text and its buttons as numbered lines; the core takes a typed number for the button.

    The hint stands above them where one is not just a page to open. Lines that the text has already go once.
    """
    lines = list(_lines(reply))
    text = "\n".join(line for line in plain(reply).split("\n") if line.strip() not in lines)
    menu = [hint, *lines] if hint and any(map(_is_step, reply.buttons)) else lines
    return "\n\n".join(filter(None, (text.strip(), "\n".join(menu))))


def plain(reply: Reply) -> str:
    """Return the text without marks."""
    return reply.text.replace(BOLD, "")


def _is_step(button: Button) -> bool:
    return button.payload != PRIVATE and not button.payload.startswith(LINK)


def _lines(reply: Reply) -> Iterator[str]:
    for number, button in enumerate(reply.buttons, 1):
        if button.payload.startswith(LINK):
            yield f"{number}. {button.label}: {button.payload}"
        elif button.payload != PRIVATE:
            yield f"{number}. {button.label}"
