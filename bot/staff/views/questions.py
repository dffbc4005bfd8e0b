"""Questions: find what people asked, and read the masked conversation around it."""

from __future__ import annotations

import datetime as dt
import re

from aiohttp import web

from bot.staff import filters
from bot.staff.drill import OUTCOMES, behind
from bot.staff.guard import missing
from bot.staff.labels import Labels
from bot.staff.talk import told
from bot.staff.views.overview import CHANNELS, filters_of
from bot.staff.visit import View, Visit, row_number
from content.models import Aspect
from intents.text import folded
from storage.figures import FIGURES
from storage.questions import Asked, Wanted
from storage.records import EventName

PAGE = 50
MOST = 1000
"""Questions that are counted; more are «more than»."""
LITERAL = re.compile(r"[%_\\]")
"""Who searches for these means them, though they carry no meaning in a question."""
_HERE = "/staff/questions"


def wanted_of(visit: Visit) -> tuple[filters.Filters, Wanted]:
    """Read what the address asks for."""
    chosen, query = filters_of(visit), visit.query
    outcome, aspect = query.get("outcome", ""), query.get("aspect", "")
    words = query.get("words", "")[:200].strip()
    wanted = Wanted(
        period=chosen.period,
        within=chosen.within,
        outcomes=(EventName(outcome),) if outcome in set(OUTCOMES) else behind(FIGURES.get(figure_of(visit))),
        aspect=aspect if aspect in set(Aspect) else "",
        topic=query.get("topic", "")[:100],
        words=folded(words),
        text=words if LITERAL.search(words) or not folded(words) else "",
        unknown_id=row_number(query.get("group", "")),
    )
    return chosen, wanted


def figure_of(visit: Visit) -> str:
    """Return the figure whose questions are asked for, unless one outcome is; empty for none."""
    slug = visit.query.get("figure", "")
    return slug if behind(FIGURES.get(slug)) and visit.query.get("outcome", "") not in set(OUTCOMES) else ""


async def show(visit: Visit) -> web.StreamResponse:
    """List questions, newest first."""
    chosen, wanted = wanted_of(visit)
    async with visit.desk.storage.reading() as unit:
        found = await unit.questions.find(wanted, PAGE + 1, _cursor(visit.query.get("before", "")))
        number = await unit.questions.number(wanted, MOST + 1)
    shown = found[:PAGE]
    more = {
        "figure": figure_of(visit),
        "outcome": wanted.outcomes[0] if wanted.outcomes and not figure_of(visit) else "",
        "aspect": wanted.aspect,
        "topic": wanted.topic,
        "words": visit.query.get("words", "")[:200],
        "group": wanted.unknown_id or "",
    }
    older = chosen.address(_HERE, **more, before=_mark(shown[-1])) if len(found) > PAGE else ""
    knowledge = visit.desk.known()
    return visit.page(
        "questions.html",
        chosen=chosen,
        more=more,
        questions=shown,
        number=number,
        most=MOST,
        older=older,
        labels=Labels(knowledge, visit.desk.pages.texts),
        outcomes=OUTCOMES,
        aspects=tuple(Aspect),
        communes=knowledge.content.places.communes,
        channels=CHANNELS,
        presets=filters.PRESETS,
    )


async def conversation(visit: Visit) -> web.StreamResponse:
    """Show the conversation around a question, as far as its texts are still kept."""
    async with visit.desk.storage.reading() as unit:
        asked = await unit.questions.one(int(visit.request.match_info["id"]))
        if asked is None or visit.account.commune not in {"", asked.commune}:
            return missing(visit)
        lines = await unit.transcript.of(asked.conversation_id)
    knowledge = visit.desk.known()
    return visit.page(
        "conversation.html",
        asked=asked,
        lines=told(lines),
        labels=Labels(knowledge, visit.desk.pages.texts),
    )


def _mark(asked: Asked) -> str:
    return f"{asked.at.timestamp():.6f}_{asked.id}"


def _cursor(text: str) -> tuple[dt.datetime, int] | None:
    """Read where a page begins; None for anything that is no such mark."""
    at, _, number = text.partition("_")
    try:
        moment = dt.datetime.fromtimestamp(float(at), dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None
    last = row_number(number)
    return None if last is None else (moment, last)


VIEWS = (View("GET", _HERE, show), View("GET", _HERE + r"/{id:\d{1,18}}", conversation))
