"""What somebody made up does next, seeing what the assistant said."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum

from bot.simulation.people import Person
from bot.simulation.words import Words, typed
from intents.turn import Button, Decision, Inbound, Kind, Outcome

MOST = 9
"""Messages of one visit."""
PAGE = "https"
"""A button that opens a page, and sends nothing."""
TASTE = {
    "service": 3.0,
    "ask": 1.5,
    "topic": 1.0,
    "lives": 3.0,
    "say": 1.0,
    "other": 0.4,
    "intend": 1.2,
    "wrong": 0.03,
    "assistant": 0.1,
    PAGE: 1.0,
    "knew:knew": 2.5,
    "knew:new": 4.5,
    "helpful:yes": 5.0,
    "helpful:no": 1.3,
    "done:alone": 2.5,
    "done:guided": 2.0,
    "done:for_me": 1.5,
    "done:not_yet": 3.5,
    "why:no_need": 1.5,
}
"""How tempting a button is, by the first words of its payload."""
ASKS = 3.0
"""The same of any other: it answers a question of the assistant."""
BY_NUMBER = frozenset({"zalo_bot"})
"""Channels that show no buttons: people send the number."""
UNREADABLE, LEAVES = 0.01, 0.006
"""How many begin with something without words; how many block the assistant after a visit."""
HOME_FIRST = 0.3
"""How many of those who say where they live begin with it."""
STAY = {
    Outcome.ANSWERED: 0.55,
    Outcome.CHOICES: 0.9,
    Outcome.NOT_UNDERSTOOD: 0.6,
    Outcome.NOT_IN_CATALOGUE: 0.25,
    Outcome.SMALL_TALK: 0.75,
    Outcome.HANDOFF: 0.05,
    Outcome.NOTED: 0.5,
}
"""How likely somebody goes on after an outcome."""
OTHERWISE = 0.2
TAP, TYPE = 0.7, 0.85
"""Who goes on after an answer taps a button, else types something further, else asks something new."""
THANKS = 0.25
"""How many thank at the end."""


class Opened(Enum):
    """What sends nothing."""

    PAGE = "page"
    """An official page was opened by a button."""


@dataclass(slots=True, eq=False)
class Visit:
    """One visit of a person, message after message."""

    person: Person
    words: Words
    at: dt.datetime
    """When they do what they do next."""
    said: int = 0
    over: bool = False

    def next(self, heard: Decision | None) -> Inbound | Opened | None:
        """Return what they do after what they heard; None when they go."""
        if self.over or self.said >= MOST:
            return None
        chance = self.person.chance
        if heard is None:
            return self._begin()
        self.at += dt.timedelta(seconds=chance.uniform(8, 90))
        if chance.random() >= STAY.get(heard.outcome, OTHERWISE):
            return self._end(heard)
        return self._go_on(heard)

    def _begin(self) -> Inbound:
        chance = self.person.chance
        self.said += 1
        if self.person.channel == "telegram" and self.at == self.person.writes_at[0]:
            return Inbound(Kind.START)
        if chance.random() < UNREADABLE:
            return Inbound(Kind.UNREADABLE)
        if self.person.tells_home and chance.random() < HOME_FIRST:
            return self._typed(self.words.from_home(self.person.home.name, chance))
        return self._typed(self.words.opening(chance))

    def _go_on(self, heard: Decision) -> Inbound | Opened:
        chance, state = self.person.chance, heard.state
        self.said += 1
        if state.commune_asked and not state.commune and self.person.tells_home:
            return self._typed(self.words.home(self.person.home.name, chance))
        buttons = heard.replies[-1].buttons if heard.replies else ()
        if buttons and chance.random() < TAP and heard.outcome is not Outcome.SMALL_TALK:
            return self._tapped(self._chosen(buttons), heard)
        if heard.outcome is Outcome.ANSWERED and chance.random() < TYPE:
            return self._typed(self.words.one("", "further", chance))
        if heard.outcome is Outcome.NOT_UNDERSTOOD and chance.random() < STAY[Outcome.HANDOFF]:
            return self._typed(self.words.one("", "person", chance))
        return self._typed(self.words.question(chance))

    def _end(self, heard: Decision) -> Inbound | None:
        self.over = True
        chance = self.person.chance
        if heard.outcome is Outcome.ANSWERED and chance.random() < THANKS:
            return self._typed(self.words.one("", "thanks", chance))
        if self.person.channel in {"telegram", "zalo_oa"} and chance.random() < LEAVES:
            return Inbound(Kind.LEFT)
        return None

    def _chosen(self, buttons: tuple[Button, ...]) -> Button:
        weights = [_taste(button) for button in buttons]
        return self.person.chance.choices(buttons, weights)[0]

    def _tapped(self, button: Button, heard: Decision) -> Inbound | Opened:
        if _kind(button) == PAGE:
            return Opened.PAGE
        if self.person.channel in BY_NUMBER:
            return Inbound(Kind.TEXT, str(heard.replies[-1].buttons.index(button) + 1))
        return Inbound(Kind.BUTTON, button.label, button.payload)

    def _typed(self, text: str) -> Inbound:
        return Inbound(Kind.TEXT, typed(text, plain=self.person.unmarked, chance=self.person.chance))


def _kind(button: Button) -> str:
    return button.payload.partition(":")[0]


def _taste(button: Button) -> float:
    kind, _, rest = button.payload.partition(":")
    answer = rest.partition(":")[0]
    return TASTE.get(f"{kind}:{answer}", TASTE.get(kind, ASKS))
