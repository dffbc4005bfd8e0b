"""How old what we tell is: when each text was last compared with its sources, and what changed since."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from bot import tables
from bot.staff.visit import View, Visit, row_number
from bot.tables import Table
from bot.web.responses import download
from intents.knowledge import Knowledge
from intents.text import folded
from storage.days import day_of

_HERE = "/staff/age"
PAGE = 100
LONGEST = 200
"""Characters that are searched for."""
OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True)
class Text:
    """A text of ours."""

    title: str
    code: str
    """Of its service; empty for a topic."""
    checked: dt.date
    """When it was last compared with its sources."""
    updated: dt.date | None
    """When the portal changed the service last."""

    @property
    def overtaken(self) -> bool:
        """Tell whether the portal changed the service since."""
        return self.updated is not None and self.updated > self.checked


def texts_of(knowledge: Knowledge) -> list[Text]:
    """Return all texts: those that the portal has overtaken first, then the oldest."""
    return sorted(_texts(knowledge), key=lambda one: (not one.overtaken, one.checked, one.title))


def _texts(knowledge: Knowledge) -> Iterator[Text]:
    services = knowledge.content.catalogue.services
    for text in knowledge.content.texts:
        service = services.get(text.codes[0]) if text.codes else None
        if text.summary and service:
            yield Text(text.title, service.code, text.checked, service.updated)
    for topic in knowledge.content.topics.values():
        if topic.checked > dt.date.min:
            yield Text(topic.title, "", topic.checked, None)


def _wanted(visit: Visit) -> tuple[list[Text], dict[str, str]]:
    """Return the texts that the address asks for, and what it asks for."""
    typed = visit.query.get("words", "")[:LONGEST].strip()
    words = folded(typed)
    state = visit.query.get("state", "")
    found = [
        one
        for one in texts_of(visit.desk.known())
        if (not typed or (words and words in folded(one.title)) or typed == one.code)
        and (state != OVERTAKEN or one.overtaken)
    ]
    return found, {"words": typed, "state": OVERTAKEN if state == OVERTAKEN else ""}


def _address(ending: str, asked: dict[str, str], **more: object) -> str:
    query = urlencode({name: value for name, value in (asked | more).items() if value})
    return f"{_HERE}{ending}?{query}" if query else f"{_HERE}{ending}"


async def show(visit: Visit) -> web.StreamResponse:
    """List the texts."""
    knowledge, today = visit.desk.known(), day_of(visit.desk.clock())
    found, asked = _wanted(visit)
    start = row_number(visit.query.get("after", "")) or 0
    return visit.page(
        "age.html",
        found=[(one, (today - one.checked).days) for one in found[start : start + PAGE]],
        number=len(found),
        overtaken=sum(one.overtaken for one in found),
        state=knowledge.content.catalogue.state,
        asked=asked,
        states=(OVERTAKEN,),
        files={kind: _address(f".{kind}", asked) for kind in ("csv", "xlsx")},
        more=_address("", asked, after=start + PAGE) if len(found) > start + PAGE else "",
    )


async def as_file(visit: Visit) -> web.StreamResponse:
    """Give all that the address asks for as a file."""
    words, today = visit.desk.pages.texts, day_of(visit.desk.clock())
    rows = tuple(
        (
            one.code,
            one.title,
            one.checked,
            (today - one.checked).days,
            one.updated,
            words["age.overtaken"] if one.overtaken else None,
        )
        for one in _wanted(visit)[0]
    )
    columns = ("code", "age.text", "age.checked", "age.days", "age.updated", "age.note")
    table = Table(title=words["menu.age"], columns=tuple(words[key] for key in columns), rows=rows)
    name = f"tuoi-bai-viet-{today}"
    if visit.request.match_info["kind"] == "csv":
        return download(tables.as_csv(table), f"{name}.csv", "text/csv")
    return download(await asyncio.to_thread(tables.as_xlsx, [table]), f"{name}.xlsx", tables.XLSX)


VIEWS = (View("GET", _HERE, show), View("GET", _HERE + ".{kind:csv|xlsx}", as_file))
