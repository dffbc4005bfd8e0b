"""What Zalo is given for an official account: messages with buttons, within its limits.

Pure: no network, no database. Limits: docs.zaloplatforms.com, message of type «tư vấn», API v3.0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.channels.numbered import LINK, numbered, plain
from bot.channels.split import split, utf16_units
from bot.channels.zalo_oa_events import TAP
from intents.turn import PRIVATE, Button, Reply

MAX_TEXT = 2000
MAX_BUTTONS = 5
MAX_PAYLOAD = 1000

Message = Mapping[str, object]
"""The `message` of a request."""


def render(reply: Reply, *, buttons: bool, title_chars: int) -> list[Message]:
    """Return the messages of a reply; what cannot be a button becomes a numbered line.

    Labels longer than a title stand in full as numbered lines, and shortened with their number as titles.
    """
    shown = tuple(button for button in reply.buttons if button.payload != PRIVATE)
    if not buttons or not 0 < len(shown) <= MAX_BUTTONS:
        return [{"text": text} for text in _split(numbered(reply))]
    long = any(len(button.label) > title_chars for button in shown)
    *first, last = _split(numbered(_without_links(reply)) if long else plain(reply))
    title: Callable[[int, Button], str] = _numbered_title(title_chars) if long else _title
    rendered = [_button(title(number, button), button) for number, button in enumerate(reply.buttons, 1)]
    attachment = {"type": "template", "payload": {"buttons": rendered}}
    return [*({"text": text} for text in first), {"text": last, "attachment": attachment}]


def without_buttons(message: Message, reply: Reply) -> list[Message]:
    """Return the last message of a reply for where buttons are refused: its text, then numbered lines."""
    unsaid = replace(reply, text="")
    text = str(message.get("text", "")).removesuffix(numbered(_without_links(unsaid))).rstrip()
    return [{"text": piece} for piece in _split(f"{text}\n\n{numbered(unsaid)}")]


def _split(text: str) -> list[str]:
    return list(split(text, MAX_TEXT, utf16_units)) or [""]


def _without_links(reply: Reply) -> Reply:
    """Leave addresses out of the lines: they stand behind their buttons."""
    short = (replace(b, payload="") if b.payload.startswith(LINK) else b for b in reply.buttons)
    return replace(reply, buttons=tuple(short))


def _title(_number: int, button: Button) -> str:
    return button.label


def _numbered_title(chars: int) -> Callable[[int, Button], str]:
    def title(number: int, button: Button) -> str:
        whole = f"{number}. {button.label}"
        return whole if len(whole) <= chars else f"{whole[: chars - 1].rstrip()}…"

    return title


def _button(title: str, button: Button) -> dict[str, object]:
    if button.payload.startswith(LINK):
        return {"title": title, "type": "oa.open.url", "payload": {"url": button.payload}}
    return {"title": title, "type": "oa.query.hide", "payload": f"{TAP}{button.payload}"[:MAX_PAYLOAD]}
