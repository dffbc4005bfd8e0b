"""People who wait for a person: who, since when; take, answer, forward, close."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from bot import windows
from bot.handoffs import BY_DESK, happened, minutes, over_item, staff_item
from bot.staff import show as written
from bot.staff.guard import missing
from bot.staff.labels import Labels
from bot.staff.talk import told
from bot.staff.visit import View, Visit
from bot.web.responses import as_json
from intents.handoffs import CLOSED, RETURNED, Act
from storage.handoffs import HandedOver, HandoffState, Sought
from storage.records import EventName
from storage.staff import Account, Role

PAGE = 30
LONGEST = 2000
"""Characters of an answer: two screens of a telephone."""
PROVINCE, ALL = "province", "all"
STATES: Mapping[str, tuple[HandoffState, ...]] = {
    "waiting": (HandoffState.WAITING,),
    "taken": (HandoffState.TAKEN,),
    "over": (HandoffState.CLOSED, HandoffState.RETURNED),
}
_HERE = "/staff/people"


async def listed(visit: Visit) -> web.StreamResponse:
    """List who waits, longest first."""
    query, account = visit.query, visit.account
    state = query.get("state", "") if query.get("state") in STATES else "waiting"
    desk, mine = _desk(visit), query.get("mine") == "yes"
    page = min(int(query["page"]), 1000) if query.get("page", "").isdecimal() else 0
    sought = Sought(
        states=STATES[state],
        desk=None if desk == ALL else "" if desk == PROVINCE else desk,
        staff_id=account.id if mine else None,
    )
    async with visit.desk.storage.reading() as unit:
        found = await unit.handoffs.find(sought, PAGE + 1, page * PAGE)
        number = await unit.handoffs.number(sought)
    return visit.page(
        "people.html",
        people=found[:PAGE],
        number=number,
        state=state,
        states=tuple(STATES),
        desk=desk,
        desks=_desks(visit),
        mine=mine,
        next=page + 1 if len(found) > PAGE else 0,
        **_words(visit),
    )


async def count(visit: Visit) -> web.StreamResponse:
    """Tell the script how many wait, and how far an open conversation has come."""
    async with visit.desk.storage.reading() as unit:
        waiting = Sought(states=STATES["waiting"], desk=visit.account.commune)
        number = await unit.handoffs.number(waiting)
        one = await unit.handoffs.one(_number(visit.query.get("talk", "")))
        lines = await unit.transcript.of(one.conversation_id) if one and _may_see(visit, one) else ()
    text = visit.say("people.count", number=number)
    return as_json(
        {"waiting": number, "text": text, "on_duty": visit.account.on_duty, "lines": len(told(lines))}
    )


async def one(visit: Visit) -> web.StreamResponse:
    """Show a conversation that was passed to staff."""
    found = await _found(visit)
    return await _shown(visit, found) if found else missing(visit)


async def act(visit: Visit) -> web.StreamResponse:
    """Do what a button says."""
    found = await _found(visit)
    if found is None:
        return missing(visit)
    done = _ACTS.get(visit.form.get("do", ""))
    return await (done(visit, found) if done else _shown(visit, found, "people.garbled"))


async def duty(visit: Visit) -> web.StreamResponse:
    """Begin or end one's own duty."""
    on_duty = visit.form.get("on_duty") == "yes"
    async with visit.desk.storage.writing() as unit:
        await unit.staff.change(visit.account.id, on_duty=on_duty)
        await visit.note(unit, "account:duty", visit.account.login, {"on_duty": on_duty})
        await unit.commit()
    return visit.go(_HERE, "saved")


# In all of these the inbox comes first: it holds the person's row, as whoever erases them does.


async def _take(visit: Visit, one: HandedOver) -> web.StreamResponse:
    desk, account, now = visit.desk, visit.account, visit.desk.clock()
    item = staff_item(one, Act.TAKES.by(_office(visit)), f"takes:{now.timestamp()}", now, desk.retention)
    async with desk.storage.writing() as unit:
        await unit.inbox.put(item)
        if not await unit.handoffs.take(one.id, account.id, now):
            return await _shown(visit, one, "people.taken")
        await unit.journal.append(happened(EventName.HANDOFF_TAKEN, one, now))
        await visit.note(unit, "handoff:taken", str(one.id))
        await unit.commit()
    desk.wake()
    return visit.go(f"{_HERE}/{one.id}", "taken")


async def _answer(visit: Visit, one: HandedOver) -> web.StreamResponse:
    desk, now, words = visit.desk, visit.desk.clock(), visit.form.get("words", "")
    if problem := _problem(one, words, now):
        return await _shown(visit, one, problem)
    key = f"says:{visit.form.get('key', '')[:40]}"
    item = staff_item(one, Act.SAYS.by(_office(visit)), key, now, desk.retention, words)
    async with desk.storage.writing() as unit:
        new = await unit.inbox.put(item)
        if not await unit.handoffs.answer(one.id, visit.account.id, now, desk.duty.return_at(now)):
            return await _shown(visit, one, "people.not_yours")
        if new and one.answered_at is None:
            answered = happened(EventName.HANDOFF_ANSWERED, one, now, minutes(one, now))
            await unit.journal.append(answered)
        if new:
            await visit.note(unit, "handoff:answered", str(one.id))
        await unit.commit()
    desk.wake()
    return visit.go(f"{_HERE}/{one.id}", "sent")


async def _insert(visit: Visit, one: HandedOver) -> web.StreamResponse:
    """Add a canned answer to what was typed."""
    text = visit.desk.pages.texts.get(f"canned.{visit.form.get('canned', '')}.text", "")
    typed = visit.form.get("words", "")
    return await _shown(visit, one, words="\n".join(part for part in (typed, text) if part))


async def _forward(visit: Visit, one: HandedOver) -> web.StreamResponse:
    desk, now, to = visit.desk, visit.desk.clock(), visit.form.get("to", "")
    if to not in _desks(visit, everywhere=True) or to == ALL:
        return await _shown(visit, one, "people.garbled")
    inbox = "" if to == PROVINCE else to
    payload, key = Act.FORWARDS.by(_of_desk(visit, inbox)), f"forwards:{now.timestamp()}"
    item = staff_item(one, payload, key, now, desk.retention)
    async with desk.storage.writing() as unit:
        await unit.inbox.put(item)
        if not await unit.handoffs.forward(one.id, inbox, desk.duty.return_at(now)):
            return await _shown(visit, one, "people.over")
        await unit.journal.append(happened(EventName.HANDOFF_FORWARDED, one, now))
        await visit.note(unit, "handoff:forwarded", str(one.id), {"from": one.desk, "to": inbox})
        await unit.commit()
    desk.wake()
    return visit.go(_HERE, "forwarded")


async def _close(visit: Visit, one: HandedOver) -> web.StreamResponse:
    """End it: who was not answered is told that nobody could."""
    if one.staff_id not in {None, visit.account.id}:
        return await _shown(visit, one, "people.not_yours")
    desk, now, answered = visit.desk, visit.desk.clock(), one.answered_at is not None
    state = HandoffState.CLOSED if answered else HandoffState.RETURNED
    name = EventName.HANDOFF_CLOSED if answered else EventName.HANDOFF_RETURNED
    async with desk.storage.writing() as unit:
        await unit.inbox.put(over_item(one, CLOSED if answered else RETURNED, now))
        if not await unit.handoffs.end(one.id, state, now):
            return await _shown(visit, one, "people.over")
        await unit.journal.append(happened(name, one, now, BY_DESK))
        await visit.note(unit, f"handoff:{state}", str(one.id))
        await unit.commit()
    desk.wake()
    return visit.go(_HERE, "closed")


_ACTS: Mapping[str, Callable[[Visit, HandedOver], Awaitable[web.StreamResponse]]] = {
    "take": _take,
    "answer": _answer,
    "insert": _insert,
    "forward": _forward,
    "close": _close,
}


async def _found(visit: Visit) -> HandedOver | None:
    """Return what the address names, if it is for these eyes."""
    async with visit.desk.storage.reading() as unit:
        found = await unit.handoffs.one(int(visit.request.match_info["id"]))
    return found if found and _may_see(visit, found) else None


async def _shown(
    visit: Visit, one: HandedOver, problem: str = "", *, words: str | None = None
) -> web.StreamResponse:
    async with visit.desk.storage.reading() as unit:
        newest = await unit.handoffs.one(one.id)
        lines = await unit.transcript.of(one.conversation_id)
    if newest is None or not _may_see(visit, newest):
        return missing(visit)
    texts = visit.desk.pages.texts
    canned = [
        key.removesuffix(".text") for key in texts if key.startswith("canned.") and key.endswith(".text")
    ]
    return visit.page(
        "people_one.html",
        status=400 if problem else 200,
        one=newest,
        lines=told(lines),
        problem=visit.say(problem, most=LONGEST) if problem else "",
        words=visit.form.get("words", "") if words is None else words,
        key=uuid.uuid4().hex,
        office=_office(visit),
        mine=newest.staff_id == visit.account.id,
        canned=[(key.removeprefix("canned."), texts[key]) for key in canned],
        desks=_desks(visit, everywhere=True),
        window=_window(visit, newest),
        **_words(visit),
    )


def _words(visit: Visit) -> dict[str, Any]:
    """Return what both pages write with."""
    now = visit.desk.clock()

    def waited(one: HandedOver) -> str:
        return written.lasting((one.closed_at or now) - one.opened_at, visit.say)

    return {
        "labels": Labels(visit.desk.known(), visit.desk.pages.texts),
        "waited": waited,
        "window_of": lambda one: _window(visit, one),
        "may_act": visit.account.role.may(Role.EDITOR),
        "office_of": lambda inbox: _of_desk(visit, inbox),
    }


def _window(visit: Visit, one: HandedOver) -> str:
    """Say how long we may still write to somebody."""
    if one.blocked_at:
        return visit.say("people.window.blocked")
    now = visit.desk.clock()
    last = windows.left(windows.LAST, one.channel, one.heard_at, now)
    free = windows.left(windows.FREE, one.channel, one.heard_at, now)
    if last is None or free is None:
        return visit.say("people.window.none")
    if last <= dt.timedelta():
        return visit.say("people.window.over")
    if free <= dt.timedelta():
        return visit.say("people.window.paid", time=written.lasting(last, visit.say))
    return visit.say("people.window.left", time=written.lasting(free, visit.say))


def _problem(one: HandedOver, words: str, now: dt.datetime) -> str:
    last = windows.left(windows.LAST, one.channel, one.heard_at, now)
    if one.blocked_at:
        return "people.blocked"
    if last is not None and last <= dt.timedelta():
        return "people.too_late"
    if len(words) > LONGEST:
        return "people.long"
    return "" if words else "people.empty"


def _may_see(visit: Visit, one: HandedOver) -> bool:
    return visit.account.commune in {"", one.desk}


def _desk(visit: Visit) -> str:
    """Return whose inbox is shown: one's own, unless somebody of the province chooses another."""
    if visit.account.commune:
        return visit.account.commune
    chosen = visit.query.get("desk", "")
    return chosen if chosen in _desks(visit) else PROVINCE


def _desks(visit: Visit, *, everywhere: bool = False) -> dict[str, str]:
    """Return the inboxes that somebody may look into, or forward to, with their names."""
    communes = {code: one.name for code, one in visit.desk.known().content.places.communes.items()}
    if everywhere:
        return {PROVINCE: visit.say("people.desk.province"), **communes}
    if visit.account.commune:
        return {code: name for code, name in communes.items() if code == visit.account.commune}
    named = {PROVINCE: visit.say("people.desk.province"), ALL: visit.say("people.desk.all")}
    return {**named, **communes}


def _office(visit: Visit) -> str:
    """Return the office in whose name somebody answers."""
    account: Account = visit.account
    return account.unit.replace("*", "") or _of_desk(visit, account.commune)


def _of_desk(visit: Visit, inbox: str) -> str:
    labels = Labels(visit.desk.known(), visit.desk.pages.texts)
    if not inbox:
        return visit.say("people.office.province")
    return visit.say("people.office.commune", commune=labels.name_of_commune(inbox))


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0  # noqa: PLR2004 - what a database counts to


VIEWS = (
    View("GET", _HERE, listed),
    View("GET", f"{_HERE}/count", count, by_itself=True),
    View("POST", f"{_HERE}/duty", duty, Role.EDITOR),
    View("GET", _HERE + r"/{id:\d{1,18}}", one),
    View("POST", _HERE + r"/{id:\d{1,18}}", act, Role.EDITOR),
)
