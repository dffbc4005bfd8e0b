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


def render(reply: Reply) -> list[str]:
    """Return the messages of a reply as Telegram's HTML."""
    marks = len("**") * 2  # what `_whole` may add
    pieces = _whole(split(reply.text, MAX_TEXT - marks, utf16_units))
    return [_BOLD.sub(r"<b>\1</b>", html.escape(piece, quote=False)) for piece in pieces] or [""]


def _whole(pieces: Iterator[str]) -> Iterator[str]:
    """Close what is bold at the end of a piece and open it again in the next."""
    bold = False
    for piece in pieces:
        text = f"**{piece}" if bold else piece
        bold = text.count("**") % 2 == 1
        yield f"{text}**" if bold else text


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
