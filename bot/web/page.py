"""The web chat as HTML: pure rendering of values, the same lines for the page and for the script."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.web.rich import rich
from intents.turn import Button, Reply

_FOLDER = Path(__file__).parent
_VIETNAM = dt.timezone(dt.timedelta(hours=7))
"""Fixed, without summer time: needs no time zone files on the machine."""

_SHOWN = 100
"""Lines of history on a page: enough to read back, light enough to load."""

Side = Literal["person", "assistant"]


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a conversation, as the visitor sees it."""

    number: int
    """Never falls within a conversation, nor after an erasure; a question and its answer may share one.

    0 as long as a message waits for its answer.
    """
    side: Side
    text: str
    buttons: tuple[Button, ...]
    at: dt.datetime

    @property
    def local(self) -> dt.datetime:
        """Return the time on a clock in Vietnam."""
        return self.at.astimezone(_VIETNAM)


@dataclass(frozen=True, slots=True)
class Page:
    """All that one page shows."""

    lines: tuple[Line, ...] = ()
    greeting: Reply | None = None
    """Shown while there are no lines."""
    message_ids: tuple[str, str] = ("", "")
    """Of the text form and of the form of buttons: what makes a repeat a repeat."""
    visitor: str = ""
    """The token that a newcomer's first message will bring; empty once there is a cookie."""
    notice: str = ""
    text: str = ""
    """What was typed and could not be taken."""
    seen: int | None = None
    """The last line that the visitor was shown before; None when that is not known."""

    @property
    def buttons(self) -> tuple[Button, ...]:
        """Return the next steps that can be pressed: those of the last message, if the assistant's."""
        last = self.lines[-1] if self.lines else self.greeting
        return last.buttons if last else ()

    @property
    def newest(self) -> int:
        """Return the index of the line to read next: the top of the latest answer."""
        person = max((index for index, line in enumerate(self.lines) if line.side == "person"), default=-1)
        return min(person + 1, len(self.lines) - 1)

    @property
    def unread(self) -> int:
        """Return the index of the assistant's first line that came since the last visit; -1 for none."""
        if self.seen is None:
            return -1
        fresh = (
            i for i, line in enumerate(self.lines) if line.side == "assistant" and line.number > self.seen
        )
        return next(fresh, -1)

    @property
    def waits(self) -> bool:
        """Tell whether the last message has no answer yet; what staff read without a word has a number."""
        last = self.lines[-1] if self.lines else None
        return last is not None and last.side == "person" and not last.number


def last_number(lines: Sequence[Line]) -> int:
    """Return the number of the last line that has one, 0 when none has."""
    return max((line.number for line in lines), default=0)


class Pages:
    """Renders pages with the sentences of the content."""

    def __init__(self, texts: Mapping[str, str], assets: Mapping[str, str]) -> None:
        """Take the sentences by key and the addresses of style and script by name."""
        environment = Environment(
            loader=FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        icon = (_FOLDER / "icon.svg").read_text("utf-8").strip()
        environment.filters["rich"] = rich
        environment.globals |= {
            "texts": dict(texts),
            "assets": dict(assets),
            "icon": "data:image/svg+xml," + quote(icon),
        }
        self._page = environment.get_template("chat.html")
        self._lines = environment.get_template("lines.html")
        self._lost = environment.get_template("lost.html")

    def page(self, page: Page) -> str:
        """Render the whole page."""
        shown = page.lines[-_SHOWN:]
        return self._page.render(page=replace(page, lines=shown), dates=_dates(shown))

    def lost(self) -> str:
        """Render the page for an address that leads nowhere (any more)."""
        return self._lost.render()

    def news(self, lines: Sequence[Line], after: int) -> dict[str, object]:
        """Return what a page that has the lines up to `after` adds to itself.

        `lines` begin at or before `after`; when they do not, what the page has was erased or forgotten:
        `first` tells where its conversation now begins, else it is 0.
        """
        new = tuple(line for line in lines if line.number > after)
        before = next((line for line in reversed(lines) if 0 < line.number <= after), None)
        return {
            "after": after,
            "first": new[0].number if new and not before else 0,
            "html": self._lines.render(page=Page(new), dates=_dates(new, before)) if new else "",
            "lines": [_plain(line) for line in new],
        }


def _dates(lines: Sequence[Line], before: Line | None = None) -> dict[int, dt.date]:
    """Return the dates to write above lines that begin a new day, by index."""
    days = [line.local.date() for line in lines]
    previous = [before.local.date() if before else None, *days]
    return {index: day for index, day in enumerate(days) if day != previous[index]}


def _plain(line: Line) -> dict[str, object]:
    buttons = [{"label": button.label, "payload": button.payload} for button in line.buttons]
    return {
        "number": line.number,
        "side": line.side,
        "text": line.text,
        "buttons": buttons,
        "at": line.at.isoformat(),
    }
