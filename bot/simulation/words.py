"""What made-up people say: examples and names of the content, and templates around them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from bot.variants import slipped, unmarked
from content.models import Aspect, PlainText, Tier
from content.simulation import COMMUNE, NAME, Talk
from intents.knowledge import Knowledge

WRITTEN = 0.8
"""Share of questions about what is described in full; the rest is spread over everything that has a name."""
EXAMPLES = 0.4
"""Share of questions that are examples of the content; the others are names in templates."""
COMMUNES_FIRST = 3.0
"""How much likelier a service of the communes is asked about than another."""
SLIPS = 0.08
"""Share of messages with slips of the finger."""
ASPECTS = {
    Aspect.OVERVIEW: 30,
    Aspect.DOCUMENTS: 18,
    Aspect.STEPS: 8,
    Aspect.ONLINE: 12,
    Aspect.PLACE: 10,
    Aspect.FEE: 8,
    Aspect.TIME: 6,
    Aspect.POST: 4,
    Aspect.LEVEL: 2,
    Aspect.CONDITIONS: 2,
}
KINDS = {
    "service": 72,
    "topic": 11,
    "worry": 5,
    "missing": 4,
    "unclear": 10,
    "outside": 1,
    "greeting": 2,
    "person": 1,
}
"""What a visit begins with."""
WORRY = "post_worry"
ANSWERED = "answered"


@dataclass(slots=True)
class Words:
    """Draws wordings."""

    talk: Talk
    knowledge: Knowledge
    seed: int
    _written: _Ranked = field(init=False)
    _named: _Ranked = field(init=False)
    _lists: dict[str, Sequence[str]] = field(init=False)

    def __post_init__(self) -> None:
        """Put what can be said in order, the likeliest first."""
        content = self.knowledge.content
        self._written = self._ranked([text for text in content.texts if text.summary])
        self._named = self._ranked([text for text in content.texts if not text.summary])
        topics = content.topics.values()
        self._lists = {
            "topic": [
                e for t in topics if t.outcome == ANSWERED and t.report_as != WORRY for e in t.examples
            ],
            "worry": [e for t in topics if t.report_as == WORRY for e in t.examples],
            "missing": [e for one in content.missing for e in one.examples],
            "unclear": self.talk.unclear,
            "outside": self.talk.outside,
            "greeting": self.talk.greetings,
            "person": self.talk.persons,
            "further": self.talk.further,
            "thanks": self.talk.thanks,
        }

    def opening(self, chance: random.Random) -> str:
        """Return what a visit begins with."""
        kind = chance.choices([*KINDS], [*KINDS.values()])[0]
        return self.question(chance) if kind == "service" else self.one("", kind, chance)

    def one(self, otherwise: str, kind: str, chance: random.Random) -> str:
        """Return something of a kind."""
        lines = self._lists[kind]
        return chance.choice(lines) if lines else otherwise

    def question(self, chance: random.Random) -> str:
        """Return a question about a service."""
        ranked = self._written if chance.random() < WRITTEN else self._named
        text = ranked.draw(chance)
        if text.examples and chance.random() < EXAMPLES:
            return chance.choice(text.examples)
        aspect = chance.choices([*ASPECTS], [*ASPECTS.values()])[0]
        templates = self.talk.asked.get(aspect) or self.talk.asked[Aspect.OVERVIEW]
        title = f"{text.title[:1].lower()}{text.title[1:]}"
        name = chance.choice([title, *text.everyday])
        return f"{chance.choice(self.talk.openings)}{chance.choice(templates).replace(NAME, name)}"

    def home(self, commune: str, chance: random.Random) -> str:
        """Return where somebody lives."""
        return chance.choice(self.talk.homes).replace(COMMUNE, commune)

    def from_home(self, commune: str, chance: random.Random) -> str:
        """Return a question of somebody who says where they live along with it."""
        return f"{self.talk.homes[0].replace(COMMUNE, commune)}, {self.question(chance)}"

    def _ranked(self, texts: Sequence[PlainText]) -> _Ranked:
        order = list(texts)
        random.Random(f"{self.seed} services").shuffle(order)  # noqa: S311 - no secret; the same in every run
        services = self.knowledge.content.catalogue.services
        weights = []
        for rank, text in enumerate(order):
            tiers = {tier for code in text.codes if code in services for tier in services[code].tiers}
            weights.append((COMMUNES_FIRST if Tier.COMMUNE in tiers else 1.0) / (rank + 5))
        return _Ranked(order, list(accumulate(weights)))


@dataclass(frozen=True, slots=True)
class _Ranked:
    texts: Sequence[PlainText]
    weights: Sequence[float]

    def draw(self, chance: random.Random) -> PlainText:
        return chance.choices(self.texts, cum_weights=self.weights)[0]


def typed(text: str, *, plain: bool, chance: random.Random) -> str:
    """Return a text as fingers type it."""
    if chance.random() < SLIPS:
        text = slipped(text)
    return unmarked(text) if plain else text
