"""What Telegram is given: a reply as its HTML, cut to its limits, and buttons as its keyboard.

Pure: no network, no database. Limits: core.telegram.org/bots/api#sendmessage.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.channels.split import split, utf16_units
from intents.turn import Button, Reply

MAX_TEXT = 4096
"""UTF-16 units of one message, after its marks are parsed."""
MAX_CALLBACK = 64
"""Bytes of `callback_data`."""
ROW_CHARS = 16
"""Two labels no longer than this share a row on a narrow telephone."""

_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_OPEN, _CLOSE = "\x02", "\x03"
"""Marks of one character each, which no text holds: they are never cut in two, as tags would be."""


def render(reply: Reply) -> list[str]:
    """Return the messages of a reply as Telegram's HTML."""
    text = _BOLD.sub(rf"{_OPEN}\1{_CLOSE}", reply.text.replace(_OPEN, "").replace(_CLOSE, ""))
    pieces = split(text, MAX_TEXT - len(_OPEN + _CLOSE), utf16_units)
    return [_marked(piece) for piece in _whole(pieces)] or [""]


def _whole(pieces: Iterator[str]) -> Iterator[str]:
    """Close what is bold at the end of a piece and open it again in the next."""
    bold = False
    for piece in pieces:
        text = f"{_OPEN}{piece}" if bold else piece
        bold = text.rfind(_OPEN) > text.rfind(_CLOSE)
        yield f"{text}{_CLOSE}" if bold else text


def _marked(piece: str) -> str:
    return html.escape(piece, quote=False).replace(_OPEN, "<b>").replace(_CLOSE, "</b>")


def render_buttons(buttons: tuple[Button, ...]) -> InlineKeyboardMarkup | None:
    """Return buttons below a message, two short ones in a row."""
    rows: list[list[InlineKeyboardButton]] = []
    for button in buttons:
        if rows and len(rows[-1]) == 1 and _short(button.label) and _short(rows[-1][0].text):
            rows[-1].append(_button(button))
        else:
            rows.append([_button(button)])
    return InlineKeyboardMarkup(rows) if rows else None


def _short(label: str) -> bool:
    return len(label) <= ROW_CHARS


def _button(button: Button) -> InlineKeyboardButton:
    if button.payload.startswith("https://"):
        return InlineKeyboardButton(button.label, url=button.payload)
    data = button.payload.encode()[:MAX_CALLBACK].decode(errors="ignore")
    return InlineKeyboardButton(button.label, callback_data=data)
