"""Which services of the catalogue fit a selection, and which of them to name.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Iterator

from content.models import Selection, Service
from intents.knowledge import Knowledge, written
from intents.turn import Button

NAMED = 4


def count(selection: Selection, knowledge: Knowledge) -> str:
    """Return how many services fit."""
    return written(len(select(selection, knowledge)))


def lines(selection: Selection, knowledge: Knowledge) -> Iterator[str]:
    """Yield a few of the services that fit, by name."""
    for service in _named(selection, knowledge):
        yield knowledge.say("service.item", text=knowledge.title(service.code))
    yield knowledge.say("list.more")


def buttons(selection: Selection, knowledge: Knowledge) -> tuple[Button, ...]:
    """Return a button for each service that is named."""
    named = _named(selection, knowledge)
    return tuple(Button(knowledge.title(s.code), f"service:{s.code}") for s in named)


def select(selection: Selection, knowledge: Knowledge) -> list[Service]:
    """Return the services that fit, in the order of codes."""
    return [s for s in knowledge.content.catalogue.services.values() if _fits(s, selection)]


def _fits(service: Service, selection: Selection) -> bool:
    return (
        (not selection.levels or service.level in selection.levels)
        and (selection.tier is None or selection.tier in service.tiers)
        and (not selection.publisher or service.publisher == selection.publisher)
        and (not selection.field or selection.field in service.fields)
    )


def _named(selection: Selection, knowledge: Knowledge) -> list[Service]:
    """Return those to name: what the selection puts first, then others that we explain in plain words."""
    explained = [text.codes[0] for text in knowledge.content.texts if text.summary]
    order = {code: n for n, code in enumerate(dict.fromkeys((*selection.first, *explained)))}
    found = (s for s in select(selection, knowledge) if s.code in order)
    return sorted(found, key=lambda s: order[s.code])[:NAMED]
