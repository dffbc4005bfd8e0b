"""Services: find one, read its facts with source and date, correct them, see who changed what."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web
from pydantic import ValidationError

from bot.corrections import value_of, written
from bot.staff.guard import missing
from bot.staff.labels import Labels
from bot.staff.visit import View, Visit, row_number
from content.models import STATED_LEVELS, Method
from intents import wording
from intents.retrieve import query_of, retrieve
from intents.understand import understand
from storage.corrections import (
    NONE_YET,
    CorrectedMeanwhileError,
    Correction,
    CorrectionKind,
    NewCorrection,
)
from storage.staff import Role

_HERE = "/staff/services"
SEARCH_CHARS = 200
REASON = (5, 500)
"""Characters of a reason, at least and at most."""
FACTS = (CorrectionKind.LEVEL, CorrectionKind.METHODS, CorrectionKind.FEE_NOTE)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that can be corrected, with what holds now."""

    kind: CorrectionKind
    newest: Correction | None

    @property
    def seen(self) -> int:
        """Return the number that a form brings back."""
        return self.newest.id if self.newest else NONE_YET

    @property
    def value(self) -> object:
        """Return what is set; None where what was published holds."""
        return value_of(self.newest) if self.newest else None


async def show(visit: Visit) -> web.StreamResponse:
    """Find services by words or by code."""
    search = visit.query.get("search", "")[:SEARCH_CHARS].strip()
    knowledge = visit.desk.known()
    services = knowledge.content.catalogue.services
    found = [services[search]] if search in services else []
    if search and not found:
        near = retrieve(query_of(understand(search, knowledge), knowledge), knowledge).services
        found = [services[candidate.code] for candidate in near]
    async with visit.desk.storage.reading() as unit:
        corrected = {one.target for one in await unit.corrections.current() if one.kind in FACTS}
    return visit.page(
        "services.html",
        search=search,
        found=found,
        corrected=[services[code] for code in sorted(corrected) if code in services],
        labels=Labels(knowledge, visit.desk.pages.texts),
    )


async def service(visit: Visit) -> web.StreamResponse:
    """Show one service."""
    return await _service(visit)


async def correct(visit: Visit) -> web.StreamResponse:
    """Save what a form sets, or give back what was published."""
    form, code = visit.form, visit.request.match_info["code"]
    if code not in visit.desk.known().content.catalogue.services:
        return missing(visit)
    try:
        kind = CorrectionKind(form.get("kind", ""))
        seen = row_number(form.get("seen", ""))
        value = None if form.get("do") == "revert" else written(kind, _value(visit, kind))
    except (ValueError, ValidationError):
        return await _service(visit, problem="correction.garbled")
    if seen is None:
        return await _service(visit, problem="correction.garbled")
    reason = form.get("reason", "")
    if not REASON[0] <= len(reason) <= REASON[1]:
        return await _service(visit, problem="correction.reason")
    item = form.get("item", "") if kind is CorrectionKind.PHRASE else ""
    new = NewCorrection(
        at=visit.desk.clock(),
        kind=kind,
        target=code,
        item=item,
        value=value,
        reason=reason,
        staff_id=visit.account.id,
        author=visit.account.name,
        office=visit.account.unit or visit.account.name,
    )
    try:
        async with visit.desk.storage.writing() as unit:
            stored = await unit.corrections.append(new, seen)
            await visit.note(unit, f"correction:{kind}", code, {"number": stored.id, "value": value})
            await unit.commit()
    except CorrectedMeanwhileError:
        return await _service(visit, problem="correction.meanwhile")
    await visit.desk.refresh()
    return visit.go(f"{_HERE}/{code}", "corrected")


def _value(visit: Visit, kind: CorrectionKind) -> object:
    form = visit.form
    match kind:
        case CorrectionKind.LEVEL:
            return form.get("level", "")
        case CorrectionKind.METHODS:
            return [method for method in Method if form.get(f"method-{method}") == "yes"]
        case CorrectionKind.FEE_NOTE:
            return form.get("fee_note", "")
    raise ValueError("a phrase is only given back here")


async def _service(visit: Visit, problem: str = "") -> web.StreamResponse:
    code = visit.request.match_info["code"]
    knowledge = visit.desk.known()
    shown = knowledge.content.catalogue.services.get(code)
    if shown is None:
        return missing(visit)
    async with visit.desk.storage.reading() as unit:
        history = await unit.corrections.history(target=code)
        facts = [Fact(kind, await unit.corrections.newest(kind, code)) for kind in FACTS]
        holding = await unit.corrections.current()
    phrases = [one for one in holding if one.kind is CorrectionKind.PHRASE and one.target == code]
    return visit.page(
        "service.html",
        status=400 if problem else 200,
        problem=problem,
        typed=visit.form if problem else {},
        service=shown,
        text=knowledge.text(code),
        level=wording.level(shown, knowledge),
        methods=wording.methods(shown, knowledge),
        fee=wording.fee(shown, knowledge),
        time=wording.time(shown, knowledge),
        state=knowledge.content.catalogue.state,
        source=knowledge.content.catalogue.source,
        facts=facts,
        phrases=phrases,
        history=history,
        levels=tuple(STATED_LEVELS),
        all_methods=tuple(Method),
        labels=Labels(knowledge, visit.desk.pages.texts),
        title=knowledge.title(code),
    )


VIEWS = (
    View("GET", _HERE, show),
    View("GET", _HERE + r"/{code:\d\.\d{6}}", service),
    View("POST", _HERE + r"/{code:\d\.\d{6}}", correct, Role.EDITOR, everywhere=True),
)
