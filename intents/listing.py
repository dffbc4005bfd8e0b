"""Which services of the catalogue fit a selection, and which of them to name.

What is counted is what the portal publishes: the texts quote it as of the catalogue's date, and an office's
word changes nothing about that. What is named as an example must fit by what is in force as well: nobody is
sent to do online what an office takes on paper only.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Iterator

from content.models import Level, Selection, Service
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
    """Return the services that fit as they are published, in the order of codes."""
    return [s for s in knowledge.content.catalogue.services.values() if _fits(s, selection)]


def _fits(service: Service, selection: Selection) -> bool:
    return (
        (not selection.levels or service.published_level in selection.levels)
        and (selection.tier is None or selection.tier in service.tiers)
        and (not selection.publisher or service.publisher == selection.publisher)
        and (not selection.field or selection.field in service.fields)
    )


def _named(selection: Selection, knowledge: Knowledge) -> list[Service]:
    """Return those to name: what the selection puts first, then others that we explain in plain words."""
    explained = [text.codes[0] for text in knowledge.content.texts if text.summary]
    order = {code: n for n, code in enumerate(dict.fromkeys((*selection.first, *explained)))}
    levels = selection.levels or tuple(Level)
    found = (s for s in select(selection, knowledge) if s.code in order and s.level in levels)
    return sorted(found, key=lambda s: order[s.code])[:NAMED]
