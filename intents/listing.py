"""Which services of the catalogue fit a selection, and which of them to name.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Iterator

from content.models import Selection, Service
from intents.knowledge import Knowledge
from intents.turn import Button

NAMED = 4


def lines(selection: Selection, knowledge: Knowledge) -> Iterator[str]:
    """Yield how many services fit, and a few of them by name."""
    found = select(selection, knowledge)
    state = knowledge.figures["catalogue_date"]
    yield knowledge.say("list.head", count=f"{len(found):,}".replace(",", "."), state=state)
    yield from (knowledge.say("service.item", text=knowledge.title(s.code)) for s in _named(found, knowledge))
    yield knowledge.say("list.more")


def buttons(selection: Selection, knowledge: Knowledge) -> tuple[Button, ...]:
    """Return a button for each service that is named."""
    named = _named(select(selection, knowledge), knowledge)
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


def _named(found: list[Service], knowledge: Knowledge) -> list[Service]:
    """Return those that people ask for: the ones we explain, in the order of our texts."""
    order = {text.codes[0]: n for n, text in enumerate(knowledge.content.texts) if text.summary}
    return sorted((s for s in found if s.code in order), key=lambda s: order[s.code])[:NAMED]
