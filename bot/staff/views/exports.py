"""Files that take a while: asked for here, made in the background, fetched when they are ready."""

from __future__ import annotations

import re
import uuid

from aiohttp import web

from bot.exports import KEPT, Content, Query
from bot.simulation.label import name_of
from bot.staff.filters import Filters
from bot.staff.guard import missing, refused
from bot.staff.views.overview import CHANNELS, filters_of
from bot.staff.views.questions import wanted_of
from bot.staff.visit import View, Visit
from bot.web.responses import private_stream
from storage.exports import Export
from storage.staff import Role

_HERE = "/staff/exports"
_NUMBER = r"[0-9a-f-]{36}"
FORMS = {
    Content.JOURNAL: ("csv.gz",),
    Content.QUESTIONS: ("csv", "xlsx"),
    Content.OPEN_DATA: ("csv",),
}
MOST = 20
"""Files that somebody can have at once."""
TYPES = {
    "csv": "text/csv",
    "csv.gz": "application/gzip",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


async def show(visit: Visit) -> web.StreamResponse:
    """List the files, and what can be asked for."""
    return await _show(visit)


async def _show(visit: Visit, problem: str = "") -> web.StreamResponse:
    everybody = visit.account.role is Role.ADMIN and not visit.account.commune
    async with visit.desk.storage.reading() as unit:
        listed = await unit.exports.listed(None if everybody else visit.account.id)
        sizes = {one.id: await unit.exports.size(one.id) for one in listed if one.ready}
    return visit.page(
        "exports.html",
        status=400 if problem else 200,
        problem=problem,
        listed=listed,
        sizes=sizes,
        making=any(one.finished_at is None for one in listed),
        chosen=filters_of(visit),
        contents=[one for one in (Content.OPEN_DATA, Content.JOURNAL) if _may(visit, one)],
        channels=CHANNELS,
    )


async def ask(visit: Visit) -> web.StreamResponse:
    """Have a file made of what the address shows."""
    wanted = visit.form.get("content", "")
    if wanted not in set(Content):
        return await _show(visit, "exports.garbled")
    content = Content(wanted)
    form = visit.form.get("form", FORMS[content][0])
    if form not in FORMS[content]:
        return await _show(visit, "exports.garbled")
    if not _may(visit, content):
        return refused(visit, "forbidden")
    chosen = filters_of(visit, visit.form if "from" in visit.form else None)
    if chosen.problem:
        return await _show(visit, chosen.problem)
    now = visit.desk.clock()
    async with visit.desk.storage.writing() as unit:
        if len(await unit.exports.listed(visit.account.id)) >= MOST:
            return await _show(visit, "exports.many")
        name = f"{content}-{chosen.period.first}-{chosen.period.last}.{form}"
        new = Export(
            id=str(uuid.uuid4()),
            staff_id=visit.account.id,
            name=name_of(name) if visit.desk.pages.simulated else name,
            query=_query(visit, content, form, chosen).written(),
            created_at=now,
            rows=0,
            finished_at=None,
            error="",
            expires_at=now + KEPT,
        )
        await unit.exports.ask(new)
        await visit.note(unit, f"export:{content}", new.name)
        await unit.commit()
    return visit.go(_HERE, "export")


def _query(visit: Visit, content: Content, form: str, chosen: Filters) -> Query:
    first, last = chosen.period.first.isoformat(), chosen.period.last.isoformat()
    if content is not Content.QUESTIONS:
        return Query(content, form, first, last)
    _, wanted = wanted_of(visit)
    return Query(
        content,
        form,
        first,
        last,
        channel=wanted.within.channel,
        commune=wanted.within.commune,
        service=wanted.within.service,
        outcomes=tuple(wanted.outcomes),
        aspect=wanted.aspect,
        topic=wanted.topic,
        words=wanted.words,
        text=wanted.text,
        unknown_id=wanted.unknown_id,
    )


async def fetch(visit: Visit) -> web.StreamResponse:
    """Give a file, piece by piece."""
    export = await _own(visit)
    if export is None or not export.ready:
        return missing(visit)
    ending = re.sub(r"^.*?\.(csv\.gz|csv|xlsx)$", r"\1", export.name)
    response = private_stream(export.name, TYPES[ending])
    await response.prepare(visit.request)
    number = 0
    while True:
        async with visit.desk.storage.reading() as unit:
            body = await unit.exports.part(export.id, number)
        if body is None:
            break
        await response.write(body)
        number += 1
    await response.write_eof()
    return response


async def remove(visit: Visit) -> web.StreamResponse:
    """Throw a file away, also one that is being made."""
    export = await _own(visit)
    if export is None:
        return missing(visit)
    async with visit.desk.storage.writing() as unit:
        await unit.exports.remove(export.id)
        await visit.note(unit, "export:removed", export.name)
        await unit.commit()
    return visit.go(_HERE, "saved")


async def _own(visit: Visit) -> Export | None:
    """Return a file that somebody may have: their own, or any for who cares for everything."""
    async with visit.desk.storage.reading() as unit:
        export = await unit.exports.one(visit.request.match_info["id"])
    everybody = visit.account.role is Role.ADMIN and not visit.account.commune
    kept = export is not None and visit.desk.clock() < export.expires_at
    return export if export and kept and (everybody or export.staff_id == visit.account.id) else None


def _may(visit: Visit, content: Content) -> bool:
    account = visit.account
    return content is not Content.JOURNAL or (account.role.may(Role.EDITOR) and not account.commune)


VIEWS = (
    View("GET", _HERE, show),
    View("POST", _HERE, ask),
    View("GET", _HERE + f"/{{id:{_NUMBER}}}", fetch),
    View("POST", _HERE + f"/{{id:{_NUMBER}}}", remove),
)
