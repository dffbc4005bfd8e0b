"""What was not understood: put together when alike, attached to a service with one click, tried at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.corrections import written
from bot.staff import filters
from bot.staff.guard import missing
from bot.staff.labels import Labels
from bot.staff.views.overview import CHANNELS, filters_of
from bot.staff.visit import View, Visit, row_number
from intents.attached import Phrase
from intents.knowledge import Knowledge
from intents.retrieve import query_of, retrieve
from intents.trial import Trial, names_nothing, retest, tried
from intents.turn import Decision
from intents.understand import understand
from storage.corrections import NONE_YET, CorrectedMeanwhileError, CorrectionKind, NewCorrection
from storage.days import DAY, Period, day_of
from storage.questions import Asked, UnknownState, Wanted
from storage.staff import Role

PAGE = 30
MOST_PAGES = 1000
EXAMPLES = 20
PHRASE_CHARS = 300
_HERE = "/staff/unknown"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A service that may be meant."""

    code: str
    title: str
    score: float


async def show(visit: Visit) -> web.StreamResponse:
    """List groups of questions, those asked most often first."""
    chosen = filters_of(visit)
    wanted = visit.query.get("state", "")
    state = UnknownState(wanted) if wanted in set(UnknownState) else UnknownState.OPEN
    page = min(row_number(visit.query.get("page", "")) or 0, MOST_PAGES)
    async with visit.desk.storage.reading() as unit:
        found = await unit.questions.unknown(chosen.period, chosen.within, state, PAGE + 1, page * PAGE)
    knowledge = visit.desk.known()
    return visit.page(
        "unknown.html",
        chosen=chosen,
        state=state,
        states=tuple(UnknownState),
        groups=found[:PAGE],
        next=chosen.address(_HERE, state=state, page=page + 1) if len(found) > PAGE else "",
        labels=Labels(knowledge, visit.desk.pages.texts),
        communes=knowledge.content.places.communes,
        channels=CHANNELS,
        presets=filters.PRESETS,
    )


async def group(visit: Visit) -> web.StreamResponse:
    """Show one group and which services may be meant."""
    return await _group(visit)


async def settle(visit: Visit) -> web.StreamResponse:
    """Attach a group to a service, or say that it is nothing of ours."""
    number, form = int(visit.request.match_info["id"]), visit.form
    match form.get("do"):
        case "attach":
            return await _attach(visit, number)
        case "dismiss":
            return await _mark(visit, number, UnknownState.DISMISSED)
        case "reopen":
            return await _mark(visit, number, UnknownState.OPEN)
    return await _group(visit, problem="unknown.garbled")


async def _attach(visit: Visit, number: int) -> web.StreamResponse:
    """Save a phrase; one that would take other questions along is shown first."""
    knowledge, form = visit.desk.known(), visit.form
    phrase = Phrase(form.get("code", ""), " ".join(form.get("phrase", "").split())[:PHRASE_CHARS])
    if phrase.code not in knowledge.content.catalogue.services:
        return await _group(visit, problem="unknown.which")
    if not phrase.text or names_nothing(phrase.text, knowledge):
        return await _group(visit, problem="unknown.empty")
    trial = await asyncio.to_thread(tried, phrase, knowledge, visit.desk.clock())
    if not trial.helps:
        return await _group(visit, problem="unknown.graver", trial=trial)
    if trial.taken and form.get("sure") != "yes":
        return await _group(visit, problem="unknown.takes", trial=trial)
    try:
        await _save(visit, number, phrase)
    except CorrectedMeanwhileError:
        return await _group(visit, problem="unknown.meanwhile")
    await visit.desk.refresh()
    return visit.go(f"{_HERE}/{number}", "attached")


async def _save(visit: Visit, number: int, phrase: Phrase) -> None:
    desk, account = visit.desk, visit.account
    async with desk.storage.writing() as unit:
        newest = await unit.corrections.newest(CorrectionKind.PHRASE, phrase.code, phrase.text)
        if newest is None or newest.value is None:
            new = NewCorrection(
                at=desk.clock(),
                kind=CorrectionKind.PHRASE,
                target=phrase.code,
                item=phrase.text,
                value=written(CorrectionKind.PHRASE, value=True),
                reason="",
                staff_id=account.id,
                author=account.name,
                office=account.unit or account.name,
            )
            await unit.corrections.append(new, newest.id if newest else NONE_YET)
        await unit.questions.settle_unknown(number, UnknownState.ATTACHED, phrase.code)
        await visit.note(unit, "phrase:attached", phrase.code)
        await unit.commit()


async def _mark(visit: Visit, number: int, state: UnknownState) -> web.StreamResponse:
    async with visit.desk.storage.writing() as unit:
        if not await unit.questions.settle_unknown(number, state):
            return missing(visit)
        await visit.note(unit, f"unknown:{state}", str(number))
        await unit.commit()
    return visit.go(_HERE, "saved")


async def _group(visit: Visit, problem: str = "", trial: Trial | None = None) -> web.StreamResponse:
    number = int(visit.request.match_info["id"])
    desk = visit.desk
    today = day_of(desk.clock())
    everything = Period(today - 366 * DAY, today)
    async with desk.storage.reading() as unit:
        held = await unit.questions.unknown_of(number)
        wanted = Wanted(period=everything, within=filters_of(visit).within, unknown_id=number)
        examples = await unit.questions.find(wanted, EXAMPLES)
    if held is None or not examples:
        return missing(visit)
    state, service = held
    knowledge = desk.known()
    searched = visit.query.get("search", "")[:PHRASE_CHARS]
    return visit.page(
        "unknown_group.html",
        status=400 if problem else 200,
        number=number,
        state=state,
        service=service,
        examples=examples,
        phrase=visit.form.get("phrase", "") or examples[0].text,
        searched=searched,
        proposals=_proposals(searched or examples[0].text, knowledge),
        answers=_answers(examples, knowledge, visit),
        trial=trial,
        problem=problem,
        labels=Labels(knowledge, desk.pages.texts),
    )


def _answers(examples: Sequence[Asked], knowledge: Knowledge, visit: Visit) -> list[tuple[Asked, Decision]]:
    """Ask the questions again, of the assistant as it is now."""
    now = visit.desk.clock()
    different = {one.folded: one for one in reversed(examples)}
    return [(one, retest(one.text, knowledge, now)) for one in different.values()]


def _proposals(text: str, knowledge: Knowledge) -> list[Proposal]:
    code = text.strip()
    if code in knowledge.content.catalogue.services:
        return [Proposal(code, knowledge.title(code), 1.0)]
    found = retrieve(query_of(understand(text, knowledge), knowledge), knowledge)
    return [Proposal(c.code, knowledge.title(c.code), c.score) for c in found.services]


VIEWS = (
    View("GET", _HERE, show),
    View("GET", _HERE + r"/{id:\d{1,18}}", group, Role.EDITOR, everywhere=True),
    View("POST", _HERE + r"/{id:\d{1,18}}", settle, Role.EDITOR, everywhere=True),
)
