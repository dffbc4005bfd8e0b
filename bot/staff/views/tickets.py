"""Tickets: what citizens say is wrong, what the assistant tells of it now, and what became of it."""

from __future__ import annotations

import datetime as dt

from aiohttp import web

from bot.staff.guard import missing
from bot.staff.labels import Labels
from bot.staff.talk import told
from bot.staff.visit import View, Visit, row_number
from content.models import Aspect
from intents import answers
from storage.records import Event, EventName
from storage.staff import Role
from storage.tickets import CLOSED, Ticket, TicketState

_HERE = "/staff/tickets"
PAGE = 50
NOTE_CHARS = 500


async def show(visit: Visit) -> web.StreamResponse:
    """List reports, newest first."""
    query = visit.query
    is_open = query.get("state") != "closed"
    async with visit.desk.storage.reading() as unit:
        found = await unit.tickets.find(
            is_open=is_open,
            limit=PAGE + 1,
            commune=visit.account.commune,
            service=query.get("service", "")[:40],
            before=row_number(query.get("before", "")) or 0,
        )
    shown, state = found[:PAGE], "open" if is_open else "closed"
    return visit.page(
        "tickets.html",
        tickets=shown,
        is_open=is_open,
        older=f"{_HERE}?state={state}&before={shown[-1].id}" if len(found) > PAGE else "",
        labels=Labels(visit.desk.known(), visit.desk.pages.texts),
    )


async def ticket(visit: Visit) -> web.StreamResponse:
    """Show one report."""
    return await _ticket(visit)


async def close(visit: Visit) -> web.StreamResponse:
    """Say what became of a report."""
    state, note = visit.form.get("state", ""), visit.form.get("note", "")
    if state not in set(CLOSED) or not 0 < len(note) <= NOTE_CHARS:
        return await _ticket(visit, problem="tickets.garbled")
    number, now = int(visit.request.match_info["id"]), visit.desk.clock()
    async with visit.desk.storage.writing() as unit:
        one = await unit.tickets.one(number)
        if one is None or not _open_to(visit, one):
            return missing(visit)
        if await unit.tickets.close(number, TicketState(state), note, visit.account.id, now):
            await unit.journal.append(_closed(one, state, now))
            await visit.note(unit, f"ticket:{state}", str(number), {"service": one.service})
            await unit.commit()
            return visit.go(_HERE, "saved")
    return await _ticket(visit, problem="tickets.meanwhile")


def _closed(one: Ticket, state: str, now: dt.datetime) -> Event:
    return Event(
        EventName.TICKET_CLOSED,
        now,
        one.channel,
        one.conversation_id,
        commune=one.commune,
        service=one.service,
        aspect=one.aspect,
        value=state,
        knowledge=one.knowledge,
    )


async def _ticket(visit: Visit, problem: str = "") -> web.StreamResponse:
    number = int(visit.request.match_info["id"])
    async with visit.desk.storage.reading() as unit:
        one = await unit.tickets.one(number)
        if one is None or not _open_to(visit, one):
            return missing(visit)
        lines = await unit.transcript.of(one.conversation_id) if one.conversation_id else ()
    knowledge = visit.desk.known()
    return visit.page(
        "ticket.html",
        status=400 if problem else 200,
        ticket=one,
        told=_told(visit, one),
        lines=told(lines),
        states=CLOSED,
        problem=problem,
        labels=Labels(knowledge, visit.desk.pages.texts),
    )


def _told(visit: Visit, one: Ticket) -> str:
    """Return what the assistant tells of the fact now; nothing when the service is no more."""
    knowledge = visit.desk.known()
    if one.service not in knowledge.content.catalogue.services or one.aspect not in set(Aspect):
        return ""
    return answers.about(answers.subject(one.service, knowledge), Aspect(one.aspect)).text.replace("**", "")


def _open_to(visit: Visit, one: Ticket) -> bool:
    return visit.account.commune in {"", one.commune}


VIEWS = (
    View("GET", _HERE, show),
    View("GET", _HERE + r"/{id:\d{1,18}}", ticket),
    View("POST", _HERE + r"/{id:\d{1,18}}", close, Role.EDITOR),
)
