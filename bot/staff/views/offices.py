"""Public service centres: their people keep address, hours and telephone; all at once by a workbook."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from aiohttp import web

from bot import tables
from bot.corrections import written
from bot.staff import offices_file
from bot.staff.guard import missing
from bot.staff.labels import Labels
from bot.staff.offices_file import Mistake, NotAWorkbookError, Row
from bot.staff.visit import View, Visit
from bot.web.responses import download
from content.models import Office
from storage.corrections import NONE_YET, CorrectedMeanwhileError, CorrectionKind, NewCorrection
from storage.staff import Role
from storage.unit_of_work import ReadingUnit, UnitOfWork

_HERE = "/staff/offices"
FILE = "trung-tam.xlsx"
MOST_CORRECTIONS = 100_000
REASON = "xlsx"
"""What is written down as the reason of a change by workbook."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a workbook would change."""

    commune: str
    before: Office
    after: Office
    seen: int
    """The newest correction of it, when this was shown."""


async def show(visit: Visit) -> web.StreamResponse:
    """List the centres that somebody cares for."""
    return await _list(visit)


async def _list(
    visit: Visit, problem: str = "", changes: tuple[Change, ...] = (), mistakes: tuple[Mistake, ...] = ()
) -> web.StreamResponse:
    knowledge = visit.desk.known()
    own = visit.account.commune
    carried = {one.commune: (one.seen, asdict(one.after)) for one in changes}
    communes = {c: one for c, one in knowledge.content.places.communes.items() if own in {"", c}}
    return visit.page(
        "offices.html",
        status=400 if problem else 200,
        communes=communes,
        offices=knowledge.offices,
        known=sum(code in knowledge.offices for code in communes),
        problem=problem,
        changes=changes,
        mistakes=mistakes,
        carried=json.dumps(carried, ensure_ascii=False),
        labels=Labels(knowledge, visit.desk.pages.texts),
    )


async def office(visit: Visit) -> web.StreamResponse:
    """Show one centre."""
    return await _office(visit)


async def _office(visit: Visit, problem: str = "") -> web.StreamResponse:
    code = visit.request.match_info["code"]
    knowledge = visit.desk.known()
    if code not in knowledge.content.places.communes or not _cares(visit, code):
        return missing(visit)
    async with visit.desk.storage.reading() as unit:
        history = await unit.corrections.history(CorrectionKind.OFFICE, code)
    held = knowledge.offices.get(code)
    form = visit.form
    shown = {name: form.get(name, getattr(held.value, name) if held else "") for name in offices_file.LONGEST}
    return visit.page(
        "office.html",
        status=400 if problem else 200,
        code=code,
        shown=shown,
        held=held,
        seen=history[0].id if history else NONE_YET,
        history=history,
        problem=problem,
        labels=Labels(knowledge, visit.desk.pages.texts),
    )


async def save(visit: Visit) -> web.StreamResponse:
    """Save what is known of one centre."""
    code, form = visit.request.match_info["code"], visit.form
    if code not in visit.desk.known().content.places.communes or not _cares(visit, code):
        return missing(visit)
    new = Office(*(" ".join(form.get(name, "").split()) for name in offices_file.LONGEST))
    seen = form.get("seen", "")
    wrong = offices_file.problem(new) or ("" if seen.isdecimal() else "correction.garbled")
    if wrong:
        return await _office(visit, wrong)
    try:
        async with visit.desk.storage.writing() as unit:
            await _append(visit, unit, code, new, int(seen), form.get("reason", "")[:500])
            await visit.note(unit, "correction:office", code)
            await unit.commit()
    except CorrectedMeanwhileError:
        return await _office(visit, "correction.meanwhile")
    await visit.desk.refresh()
    return visit.go(f"{_HERE}/{code}", "corrected")


async def as_file(visit: Visit) -> web.StreamResponse:
    """Give the workbook to fill in."""
    knowledge = visit.desk.known()
    made = await asyncio.to_thread(
        offices_file.written,
        knowledge.content.places.communes,
        knowledge.offices,
        visit.desk.pages.texts,
    )
    return download(made, FILE, tables.XLSX)


async def upload(visit: Visit) -> web.StreamResponse:
    """Show what a workbook would change; with what was shown before, change it."""
    if "changes" in visit.form:
        return await _change(visit)
    communes = visit.desk.known().content.places.communes
    try:
        rows, mistakes = await asyncio.to_thread(offices_file.read, visit.files.get("file", b""), communes)
    except NotAWorkbookError:
        return await _list(visit, "offices.no_file")
    async with visit.desk.storage.reading() as unit:
        seen = await _newest(unit)
    changes = tuple(_changes(rows, _held(visit), seen))
    if not changes and not mistakes:
        return await _list(visit, "offices.nothing_new")
    return await _list(visit, changes=changes, mistakes=tuple(mistakes))


async def _change(visit: Visit) -> web.StreamResponse:
    communes = visit.desk.known().content.places.communes
    try:
        carried = json.loads(visit.form["changes"]).items()
        wanted = [Change(code, Office(), Office(**parts), int(seen)) for code, (seen, parts) in carried]
    except (ValueError, TypeError, AttributeError):
        return await _list(visit, "correction.garbled")
    if any(one.commune not in communes or not _fits(one.after) for one in wanted):
        return await _list(visit, "correction.garbled")
    try:
        async with visit.desk.storage.writing() as unit:
            for one in wanted:
                await _append(visit, unit, one.commune, one.after, one.seen, REASON)
            await visit.note(unit, "correction:offices", "", {"number": len(wanted)})
            await unit.commit()
    except CorrectedMeanwhileError:
        return await _list(visit, "offices.meanwhile")
    await visit.desk.refresh()
    return visit.go(_HERE, "corrected")


async def _newest(unit: ReadingUnit) -> Mapping[str, int]:
    """Return the newest correction of each centre."""
    history = await unit.corrections.history(CorrectionKind.OFFICE, limit=MOST_CORRECTIONS)
    return {one.target: one.id for one in reversed(history)}


async def _append(visit: Visit, unit: UnitOfWork, code: str, new: Office, seen: int, reason: str) -> None:
    account = visit.account
    await unit.corrections.append(
        NewCorrection(
            at=visit.desk.clock(),
            kind=CorrectionKind.OFFICE,
            target=code,
            value=None if new == Office() else written(CorrectionKind.OFFICE, new),
            reason=reason,
            staff_id=account.id,
            author=account.name,
            office=account.unit or account.name,
        ),
        seen,
    )


def _held(visit: Visit) -> Mapping[str, Office]:
    return {code: stated.value for code, stated in visit.desk.known().offices.items()}


def _changes(rows: list[Row], held: Mapping[str, Office], seen: Mapping[str, int]) -> Iterator[Change]:
    for row in rows:
        before = held.get(row.commune, Office())
        if row.office != before:
            yield Change(row.commune, before, row.office, seen.get(row.commune, NONE_YET))


def _fits(office: Office) -> bool:
    texts = all(isinstance(getattr(office, name), str) for name in offices_file.LONGEST)
    return texts and not offices_file.problem(office)


def _cares(visit: Visit, code: str) -> bool:
    return visit.account.commune in {"", code}


VIEWS = (
    View("GET", _HERE, show),
    View("GET", f"{_HERE}/{FILE}", as_file, Role.EDITOR, everywhere=True),
    View("POST", f"{_HERE}/file", upload, Role.EDITOR, everywhere=True),
    View("GET", _HERE + r"/{code:\d{5}}", office),
    View("POST", _HERE + r"/{code:\d{5}}", save, Role.EDITOR),
)
