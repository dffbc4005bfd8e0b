"""From facts and plain texts to what a citizen reads; every service answer names its source and date.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from content.models import Aspect, Duration, Fee, FeeKind, Level, Method, Offer, PlainText, Service, Tier
from intents.knowledge import Knowledge, offers
from intents.turn import Button, Reply

Lines = Iterable[str]

MANY_AMOUNTS = 4
"""More amounts than this are named by the lowest and the highest."""
MANY_DOCUMENTS = 6

NEXT: Mapping[Aspect, tuple[Aspect, ...]] = {
    Aspect.OVERVIEW: (Aspect.DOCUMENTS, Aspect.STEPS, Aspect.POST, Aspect.PLACE),
    Aspect.DOCUMENTS: (Aspect.ONLINE, Aspect.POST, Aspect.PLACE),
    Aspect.FEE: (Aspect.DOCUMENTS, Aspect.TIME, Aspect.STEPS),
    Aspect.TIME: (Aspect.DOCUMENTS, Aspect.FEE, Aspect.STEPS),
    Aspect.PLACE: (Aspect.DOCUMENTS, Aspect.ONLINE, Aspect.POST),
    Aspect.STEPS: (Aspect.DOCUMENTS, Aspect.FEE, Aspect.POST),
    Aspect.ONLINE: (Aspect.DOCUMENTS, Aspect.FEE, Aspect.POST),
    Aspect.POST: (Aspect.DOCUMENTS, Aspect.ONLINE, Aspect.PLACE),
    Aspect.LEVEL: (Aspect.ONLINE, Aspect.POST, Aspect.DOCUMENTS),
    Aspect.STATUS: (Aspect.TIME, Aspect.PLACE),
    Aspect.CONDITIONS: (Aspect.DOCUMENTS, Aspect.STEPS, Aspect.PLACE),
}
"""The next steps offered after each aspect."""


def about(code: str, aspect: Aspect, knowledge: Knowledge) -> Reply:
    """Answer one aspect of one service, with level, methods, source and date."""
    service = knowledge.service(code)
    text = knowledge.texts.get(code)
    say = knowledge.say
    lines = [say("service.head", title=knowledge.title(code)), *_BODY[aspect](service, text, knowledge)]
    lines += _footer(service, text, aspect, knowledge)
    buttons = [_aspect_button(code, a, knowledge) for a in NEXT[aspect] if _offered(service, a)]
    return Reply("\n".join(lines), (*buttons, Button(say("button.page"), service.url)))


def choices(codes: Iterable[str], aspect: Aspect | None, head: str, knowledge: Knowledge) -> Reply:
    """Offer services to choose from, each a button and a number."""
    labels = _labels(tuple(codes), knowledge)
    suffix = f":{aspect}" if aspect else ""
    say = knowledge.say
    listed = [say("choose.item", number=n, title=t) for n, t in enumerate(labels.values(), 1)]
    buttons = [Button(label, f"service:{code}{suffix}") for code, label in labels.items()]
    other = Button(say("choose.none"), "other")
    return Reply("\n".join([head, *listed]), (*buttons, other))


def _labels(codes: tuple[str, ...], knowledge: Knowledge) -> dict[str, str]:
    labels = {c: _label(c, knowledge) for c in codes}
    doubled = {c for c in codes if list(labels.values()).count(labels[c]) > 1}
    return {c: _with_tier(c, label, knowledge) if c in doubled else label for c, label in labels.items()}


def _label(code: str, knowledge: Knowledge) -> str:
    text = knowledge.texts.get(code)
    family = knowledge.families.get(code)
    if text and text.codes[0] == code:
        return text.title
    return next((m.label for m in family.members if m.code == code), "") if family else knowledge.title(code)


def _with_tier(code: str, label: str, knowledge: Knowledge) -> str:
    tiers = knowledge.service(code).tiers
    tier = Tier.COMMUNE if Tier.COMMUNE in tiers else Tier.PROVINCE
    return knowledge.say("choose.tier", title=label, tier=knowledge.say(f"tier.{tier}"))


def _aspect_button(code: str, aspect: Aspect, knowledge: Knowledge) -> Button:
    return Button(knowledge.say(f"button.{aspect}"), f"service:{code}:{aspect}")


def _offered(service: Service, aspect: Aspect) -> bool:
    return service.offer(Method(aspect)) is not None if aspect in (Aspect.ONLINE, Aspect.POST) else True


def _footer(service: Service, text: PlainText | None, aspect: Aspect, knowledge: Knowledge) -> Lines:
    if aspect not in (Aspect.OVERVIEW, Aspect.LEVEL):
        yield level(service, knowledge)
        yield methods(service, knowledge)
    updated = f"{service.updated:%-d/%-m/%Y}"
    if text and text.summary:
        checked = f"{text.checked:%-d/%-m/%Y}"
        yield knowledge.say("service.plain_source", updated=updated, checked=checked)
    else:
        yield knowledge.say("service.source", updated=updated, state=knowledge.figures["catalogue_date"])


def level(service: Service, knowledge: Knowledge) -> str:
    """Say how far a service can be done online, as design.md words each level."""
    return knowledge.say(f"level.{service.level}", date=knowledge.figures["catalogue_date"])


def methods(service: Service, knowledge: Knowledge) -> str:
    """Name the ways to submit."""
    names = [_method(o, knowledge) for m in offers(service) if (o := service.offer(m))]
    if not names:
        return knowledge.say("methods.none")
    return knowledge.say("methods.line", methods=", ".join(names))


def _method(offer: Offer, knowledge: Knowledge) -> str:
    return knowledge.say("method.post.result" if offer.result_only else f"method.{offer.method}")


def _overview(service: Service, text: PlainText | None, knowledge: Knowledge) -> Lines:
    say = knowledge.say
    if text and text.summary:
        yield text.summary
    elif knowledge.title(service.code) != service.name:
        yield say("service.official", name=service.name)
    yield level(service, knowledge)
    yield methods(service, knowledge)
    yield say("fee.line", fee=_fees(service, knowledge)) if not (text and text.fee) else text.fee
    yield say("time.line", time=_all_times(service, knowledge)) if not (text and text.time) else text.time


def _documents(service: Service, text: PlainText | None, knowledge: Knowledge) -> Lines:
    if not (text and text.documents):
        yield knowledge.say("documents.unknown")
        return
    yield knowledge.say("documents.head")
    yield from _items(text.documents, knowledge)
    yield from _cautions(text, knowledge)


def _conditions(service: Service, text: PlainText | None, knowledge: Knowledge) -> Lines:
    if not (text and text.conditions):
        yield text.summary if text and text.summary else knowledge.say("conditions.unknown")
        return
    yield knowledge.say("conditions.head")
    yield from _items(text.conditions, knowledge)


def _items(items: Iterable[str], knowledge: Knowledge) -> Lines:
    return (knowledge.say("service.item", text=item) for item in items)


def _cautions(text: PlainText, knowledge: Knowledge) -> Lines:
    return (knowledge.say("cautions.head", text=caution) for caution in text.cautions[:1])


def _fee(service: Service, text: PlainText | None, knowledge: Knowledge) -> Lines:
    say = knowledge.say
    if text and text.fee:
        yield text.fee
    said = {o.method: _fee_words(o.fee, knowledge) for o in service.offers if not o.result_only}
    if len(set(said.values())) > 1:
        yield say("fee.head")
        named = ((say(f"method.{m}").capitalize(), fee) for m, fee in said.items())
        yield from _items((say("fee.by_method", method=m, fee=fee) for m, fee in named), knowledge)
    elif not (text and text.fee):
        yield say("fee.line", fee=_fees(service, knowledge))
    if any(o.fee.kind in (FeeKind.UNKNOWN, FeeKind.PROVINCE) for o in service.offers):
        yield say("fee.unknown.where")
    if service.offer(Method.POST):
        yield say("fee.post")


def _fees(service: Service, knowledge: Knowledge) -> str:
    said = dict.fromkeys(_fee_words(o.fee, knowledge) for o in service.offers if not o.result_only)
    if len(said) <= 1:
        return next(iter(said), knowledge.say("fee.unknown"))
    amounts = {a for o in service.offers for a in o.fee.amounts}
    return _fee_words(Fee(FeeKind.AMOUNT, tuple(sorted(amounts))), knowledge) if amounts else next(iter(said))


def _fee_words(fee: Fee, knowledge: Knowledge) -> str:
    said = (
        _amounts(fee.amounts, knowledge) if fee.kind is FeeKind.AMOUNT else knowledge.say(f"fee.{fee.kind}")
    )
    if fee.rule and fee.kind is FeeKind.UNKNOWN:
        return f"{said}, {knowledge.say('fee.rule', rule=fee.rule)}"
    return said


def _amounts(amounts: tuple[int, ...], knowledge: Knowledge) -> str:
    written = [f"{a:,}".replace(",", ".") for a in amounts]
    if len(written) == 1:
        return knowledge.say("fee.amount", amounts=written[0])
    if len(written) > MANY_AMOUNTS:
        return knowledge.say("fee.range", low=written[0], high=written[-1])
    return knowledge.say("fee.choice", amounts="; ".join(written))


def _time(service: Service, text: PlainText | None, knowledge: Knowledge) -> Lines:
    say = knowledge.say
    if text and text.time:
        yield text.time
        return
    said = {o.method: _times(o.times, knowledge) for o in service.offers if not o.result_only}
    if len(set(said.values())) > 1:
        yield say("time.head")
        named = ((say(f"method.{m}").capitalize(), time) for m, time in said.items())
        yield from _items((say("time.by_method", method=m, time=time) for m, time in named), knowledge)
    else:
        yield say("time.line", time=_all_times(service, knowledge))
    known = any(o.times for o in service.offers)
    yield say("time.from") if known else say("time.unknown.where")


def _all_times(service: Service, knowledge: Knowledge) -> str:
    times = dict.fromkeys(t for o in service.offers if not o.result_only for t in o.times)
    return _times(tuple(times), knowledge)


def _times(times: tuple[Duration, ...], knowledge: Knowledge) -> str:
    if not times:
        return knowledge.say("time.unknown")
    written = [knowledge.say(f"time.value.{t.unit}", value=f"{t.value:g}".replace(".", ",")) for t in times]
    return written[0] if len(written) == 1 else knowledge.say("time.cases", times="; ".join(written))


def _place(service: Service, text: PlainText | None, knowledge: Knowledge) -> Lines:
    say = knowledge.say
    if text and text.place:
        yield say("place.executing", executing=text.place.rstrip("."))
    elif service.executing:
        yield say("place.executing", executing="; ".join(service.executing))
    else:
        yield say("place.executing.unknown")
    if service.offer(Method.COUNTER) and not _own_counter(service, knowledge):
        yield say("place.centre")
    if service.offer(Method.ONLINE):
        yield say("place.online")
    yield say("place.address")


def _own_counter(service: Service, knowledge: Knowledge) -> bool:
    return any(name.startswith(knowledge.content.vocabulary.own_counters) for name in service.executing)


def _steps(service: Service, text: PlainText | None, knowledge: Knowledge) -> Lines:
    ways = [m for m in (Method.ONLINE, Method.COUNTER, Method.POST) if _takes_dossiers(service, m)]
    for method in ways[:1]:
        yield from steps(service, text, method, knowledge)


def _takes_dossiers(service: Service, method: Method) -> bool:
    offer = service.offer(method)
    return offer is not None and not offer.result_only


def steps(service: Service, text: PlainText | None, method: Method, knowledge: Knowledge) -> Lines:
    """List the steps of one method: the service's own, else the general ones."""
    own = text.steps.get(method, ()) if text else ()
    title = knowledge.title(service.code)
    general = (f"steps.{method}.general.{n}" for n in range(1, 5))
    said = own or [knowledge.say(k, title=title) for k in general if k in knowledge.content.answers]
    yield knowledge.say(f"steps.{method}.head")
    for number, step in enumerate(said, 1):
        yield knowledge.say("service.numbered", number=number, text=step)


def _online(service: Service, text: PlainText | None, knowledge: Knowledge) -> Lines:
    if not service.offer(Method.ONLINE):
        yield knowledge.say("online.no")
        return
    yield text.online if text and text.online else knowledge.say("online.yes")
    yield from steps(service, text, Method.ONLINE, knowledge)


def _post(service: Service, text: PlainText | None, knowledge: Knowledge) -> Lines:
    offer = service.offer(Method.POST)
    own = text.post if text else ""
    if offer is None or offer.result_only:
        yield knowledge.say("post.result" if offer else "post.no")
        if own:
            yield own
        return
    yield knowledge.say("post.yes")
    if own:
        yield own
    yield from steps(service, text, Method.POST, knowledge)
    if service.offer(Method.ONLINE):
        yield knowledge.say("post.easy")


def _level(service: Service, text: PlainText | None, knowledge: Knowledge) -> Lines:
    yield level(service, knowledge)
    yield knowledge.say(f"level.{service.level}.old")
    if service.level in (Level.PARTIAL, Level.FULL) and text and text.online:
        yield text.online
    yield methods(service, knowledge)


def _status(service: Service, text: PlainText | None, knowledge: Knowledge) -> Lines:
    yield knowledge.say("status.text")
    yield knowledge.say("time.line", time=_all_times(service, knowledge))


_BODY: Mapping[Aspect, Callable[[Service, PlainText | None, Knowledge], Lines]] = {
    Aspect.OVERVIEW: _overview,
    Aspect.DOCUMENTS: _documents,
    Aspect.FEE: _fee,
    Aspect.TIME: _time,
    Aspect.PLACE: _place,
    Aspect.STEPS: _steps,
    Aspect.ONLINE: _online,
    Aspect.POST: _post,
    Aspect.LEVEL: _level,
    Aspect.STATUS: _status,
    Aspect.CONDITIONS: _conditions,
}
