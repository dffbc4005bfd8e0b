"""Facts of a service in words: level, methods, fees, times.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Iterator

from content.models import Duration, Fee, FeeKind, Level, Method, Offer, Office, Service, Stated
from intents.knowledge import Knowledge, offers, written

MANY_AMOUNTS = 4
"""More amounts than this are named by the lowest and the highest."""


def level(service: Service, knowledge: Knowledge) -> str:
    """Say how far a service can be done online, as design.md words each level; a name may say otherwise."""
    if stated := service.level_stated:
        return knowledge.say(f"level.{service.level}.stated", **by(stated))
    key = f"level.{service.level}" if name_agrees(service, knowledge) else f"level.{service.level}.named"
    return knowledge.say(key, date=knowledge.figures["catalogue_date"])


def by(stated: Stated[object]) -> dict[str, str]:
    """Return the variables that tell who states a fact, and when."""
    return {"office": stated.office, "date": f"{stated.on:%-d/%-m/%Y}"}


def name_agrees(service: Service, knowledge: Knowledge) -> bool:
    """Tell whether the official name claims no higher level than the portal's flag and methods give."""
    named = knowledge.content.vocabulary.named_levels
    claimed = {level for level, phrases in named.items() if any(p in service.name for p in phrases)}
    return not claimed or service.level in {*claimed, Level.FULL, Level.UNKNOWN}


def methods(service: Service, knowledge: Knowledge) -> str:
    """Name the ways to submit."""
    names = [_method(offer, knowledge) for offer in _named(service)]
    if not names:
        return knowledge.say("methods.none")
    if stated := service.methods_stated:
        return knowledge.say("methods.line.stated", methods=", ".join(names), **by(stated))
    return knowledge.say("methods.line", methods=", ".join(names))


def fee(service: Service, knowledge: Knowledge) -> str:
    """Name what a service costs, over all methods."""
    said = dict.fromkeys(fee_words(offer.fee, knowledge) for offer in published(service))
    if len(said) <= 1:
        return next(iter(said), knowledge.say("fee.unknown"))
    amounts = {amount for offer in published(service) for amount in offer.fee.amounts}
    return fee_words(Fee(FeeKind.AMOUNT, tuple(sorted(amounts))), knowledge) if amounts else next(iter(said))


def fee_words(fee: Fee, knowledge: Knowledge) -> str:
    """Name one fee: amounts, exempt, set by the province, or unknown."""
    if fee.kind is FeeKind.AMOUNT:
        return _amounts(fee.amounts, knowledge)
    said = knowledge.say(f"fee.{fee.kind}")
    if fee.rule and fee.kind is FeeKind.UNKNOWN:
        return f"{said}, {knowledge.say('fee.rule', rule=fee.rule)}"
    return said


def time(service: Service, knowledge: Knowledge) -> str:
    """Name how long a service takes, over all methods."""
    return time_words(tuple(dict.fromkeys(t for offer in published(service) for t in offer.times)), knowledge)


def time_words(times: tuple[Duration, ...], knowledge: Knowledge) -> str:
    """Name times as the rule states them."""
    if not times:
        return knowledge.say("time.unknown")
    said = [knowledge.say(f"time.value.{t.unit}", value=f"{t.value:g}".replace(".", ",")) for t in times]
    return said[0] if len(said) == 1 else knowledge.say("time.cases", times="; ".join(said))


def office(stated: Stated[Office] | None, knowledge: Knowledge) -> Iterator[str]:
    """Yield where a centre is, when it is open and how it is called, as far as its people stated it."""
    if stated is None:
        return
    parts = (
        ("address", stated.value.address),
        ("hours", stated.value.hours),
        ("telephone", stated.value.telephone),
    )
    known = [(name, said.rstrip(".")) for name, said in parts if said]
    yield from (knowledge.say(f"place.office.{name}", **{name: said}) for name, said in known)
    if known:
        yield knowledge.say("place.office.stated", **by(stated))


def taking(service: Service) -> list[Offer]:
    """Return the offers that take dossiers."""
    return [offer for offer in _named(service) if not offer.result_only]


def published(service: Service) -> list[Offer]:
    """Return the offers that take dossiers and that the portal lists; all that do where it lists none."""
    offered = taking(service)
    return [offer for offer in offered if service.published(offer.method)] or offered


def takes(service: Service, method: Method) -> bool:
    """Tell whether a dossier can be submitted by a method."""
    return any(offer.method is method for offer in taking(service))


def _named(service: Service) -> list[Offer]:
    return [offer for method in offers(service) if (offer := service.offer(method))]


def _method(offer: Offer, knowledge: Knowledge) -> str:
    return knowledge.say("method.post.result" if offer.result_only else f"method.{offer.method}")


def _amounts(amounts: tuple[int, ...], knowledge: Knowledge) -> str:
    amounts_written = [written(a) for a in amounts]
    if len(amounts_written) == 1:
        return knowledge.say("fee.amount", amounts=amounts_written[0])
    if len(amounts_written) > MANY_AMOUNTS:
        return knowledge.say("fee.range", low=amounts_written[0], high=amounts_written[-1])
    return knowledge.say("fee.choice", amounts="; ".join(amounts_written))
