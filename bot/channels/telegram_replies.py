"""What Telegram is given: a reply as its HTML, cut to its limits, and buttons as its keyboard.

Pure: no network, no database. Limits: core.telegram.org/bots/api#sendmessage.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.channels.split import split, utf16_units
from intents.turn import PRIVATE, Button, Reply

MAX_TEXT = 4096
"""UTF-16 units of one message, after its marks are parsed."""
MAX_CALLBACK = 64
"""Bytes of `callback_data`."""
ROW_CHARS = 16
"""Two labels no longer than this share a row on a narrow telephone."""
CHOSEN = "✓ "
"""Stands before the label of the button that was tapped last."""
LINK = "https://"

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


def render_buttons(buttons: tuple[Button, ...], username: str = "") -> InlineKeyboardMarkup | None:
    """Return buttons below a message, two short ones in a row.

    One that leads to a private chat is left out as long as the bot's own name is not known.
    """
    rows: list[list[InlineKeyboardButton]] = []
    for button in buttons:
        if button.payload == PRIVATE and not username:
            continue
        if rows and len(rows[-1]) == 1 and _short(button.label) and _short(rows[-1][0].text):
            rows[-1].append(_button(button, username))
        else:
            rows.append([_button(button, username)])
    return InlineKeyboardMarkup(rows) if rows else None


def _short(label: str) -> bool:
    return len(label) <= ROW_CHARS


def _button(button: Button, username: str) -> InlineKeyboardButton:
    if button.payload == PRIVATE:
        return InlineKeyboardButton(button.label, url=f"{LINK}t.me/{username}?start=group")
    if button.payload.startswith(LINK):
        return InlineKeyboardButton(button.label, url=button.payload)
    data = button.payload.encode()[:MAX_CALLBACK].decode(errors="ignore")
    return InlineKeyboardButton(button.label, callback_data=data)


@dataclass(frozen=True, slots=True)
class Key:
    """A button as Telegram gives it back."""

    text: str
    callback_data: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Keyboard:
    """The rows of buttons below a message."""

    inline_keyboard: tuple[tuple[Key, ...], ...]


_KEYBOARD = TypeAdapter(Keyboard)


def with_choice(reply_markup: object, data: str) -> InlineKeyboardMarkup | None:
    """Return the keyboard of a message with a mark on what was tapped.

    None when that changes nothing, or when there is a button that we did not make: it could not be put back.
    """
    try:
        rows = _KEYBOARD.validate_python(reply_markup).inline_keyboard
    except ValidationError:
        return None
    keys = [key for row in rows for key in row]
    if any((key.callback_data is None) == (key.url is None) for key in keys):
        return None
    labels = [_label(key, data) for key in keys]
    if labels == [key.text for key in keys] or not any(key.callback_data == data for key in keys):
        return None
    return InlineKeyboardMarkup([[_key(key, data) for key in row] for row in rows])


def _key(key: Key, data: str) -> InlineKeyboardButton:
    return InlineKeyboardButton(_label(key, data), url=key.url, callback_data=key.callback_data)


def _label(key: Key, data: str) -> str:
    if key.callback_data is None:
        return key.text
    return f"{CHOSEN if key.callback_data == data else ''}{key.text.removeprefix(CHOSEN)}"
