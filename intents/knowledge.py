"""Content prepared for understanding, once at start.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

from content.models import (
    Content,
    Family,
    Level,
    Method,
    Office,
    PlainText,
    Service,
    Stated,
    Tier,
    Topic,
)
from intents.attached import Attached
from intents.ear import Ear
from intents.index import Document, Index, View
from intents.patterns import Group, Phrasebook
from intents.places import Gazetteer
from intents.ranking import Ranker
from intents.spelling import Speller
from intents.text import Words, accented, fold, tokenize, words
from intents.tone import Tone

TITLE_CHARS = 60
FIRST = "first"
"""The act that official names leave out."""
SMALL_TALK = "small_talk"
Phrases = tuple[str, ...]


class Heard(StrEnum):
    """What a phrase of the vocabulary or of a topic tells."""

    TOPIC = "topic"
    SHORT_TOPIC = "short_topic"
    """Counts when it is most of a message, as all small talk does."""
    MISSING = "missing"
    ASPECT = "aspect"
    SHORT_ASPECT = "short_aspect"
    """Counts when it is most of a message."""
    ACT = "act"
    """What is to be done with a paper: a renewal, a change."""
    CUE = "cue"
    """Picks a service from its siblings."""
    PRONOUN = "pronoun"
    """What a person calls themselves."""
    SYNONYM = "synonym"
    """An everyday word that stands for official ones."""
    JOINT = "joint"
    """Stands between two needs."""
    FOLLOW_UP = "follow_up"
    """Continues the service in hand."""
    NOISE = "noise"
    """Says nothing about what is asked."""
    REJECTION = "rejection"
    """«no, not that one»."""
    TURN = "turn"
    """Says that one thing is done and the next is meant."""
    PLACE = "place"
    """Asks what a commune of before belongs to today."""


NO_TEXT = PlainText(id="", title="", codes=(), everyday=(), examples=(), checked=dt.date.min)


@dataclass(frozen=True, repr=False)
class Knowledge:
    """Content with its index, spelling and patterns."""

    content: Content
    index: Index
    speller: Speller
    retention_days: int
    """How long texts are kept: what people are told is what the settings say."""
    attached: Attached
    """Phrases that staff attached to services."""
    offices: Mapping[str, Stated[Office]] = field(default_factory=dict)
    """Public service centres that their people described, by code of the commune."""
    version: int = 0
    """The newest correction of the staff that is in it."""
    stated_duty: str = ""
    """When staff answer questions that are passed to them, as people are told; empty when nobody said."""
    staffed: bool = False
    """Somebody is there whom questions can be passed to."""

    def over(self, **changes: Any) -> Knowledge:  # noqa: ANN401 - the fields
        """Return this with changes over it that touch no text, pattern or published fact.

        What was worked out from those is shared: it takes milliseconds and next to no memory.
        """
        changed = replace(self, **changes)
        worked_out = {name for name, kind in vars(Knowledge).items() if isinstance(kind, cached_property)}
        vars(changed).update({name: vars(self)[name] for name in worked_out & vars(self).keys()})
        return changed

    @cached_property
    def ranker(self) -> Ranker:
        """What was learnt about which service is meant; raise ValueError when nothing was."""
        if self.content.ranking is None:
            raise ValueError("nothing was learnt yet: run `python -m bot learn`")
        return Ranker(self.content.ranking)

    @cached_property
    def texts(self) -> Mapping[str, PlainText]:
        """Plain text by code; one that explains it comes before one that only lends names and examples.

        Of these, the first that names a code as its main one speaks for it.
        """
        names = [t for t in reversed(self.content.texts) if not t.summary]
        explaining = [t for t in reversed(self.content.texts) if t.summary]
        return {
            code: text
            for texts in (names, explaining)
            for whole in (True, False)
            for text in texts
            for code in (text.codes if whole else text.codes[:1])
        }

    @cached_property
    def families(self) -> Mapping[str, Family]:
        """Family by code of a member."""
        return {m.code: family for family in reversed(self.content.families) for m in family.siblings}

    @cached_property
    def phrasebook(self) -> Phrasebook:
        """Everything that is heard by phrases, by kind and name."""
        vocabulary = self.content.vocabulary
        topics, short = _topic_phrases(self.content.topics.values())
        return Phrasebook(
            topics
            | short
            | {(Heard.MISSING, m.id): m.patterns for m in self.content.missing}
            | {(Heard.ASPECT, aspect): phrases for aspect, phrases in vocabulary.aspects.items()}
            | {(Heard.PRONOUN, pronoun): phrases for pronoun, phrases in vocabulary.pronouns.items()}
            | {(Heard.CUE, s.code): s.cues for f in reversed(self.content.families) for s in f.siblings}
            | {(Heard.ACT, act): phrases.said for act, phrases in vocabulary.acts.items()}
            | {(Heard.SHORT_ASPECT, aspect): phrases for aspect, phrases in vocabulary.short_aspects.items()}
            | {
                Heard.FOLLOW_UP: vocabulary.follow_ups,
                Heard.NOISE: vocabulary.noise,
                Heard.REJECTION: vocabulary.rejections,
                Heard.PLACE: vocabulary.place_questions,
                Heard.JOINT: vocabulary.joints,
                Heard.SYNONYM: tuple(vocabulary.synonyms),
                Heard.TURN: vocabulary.turns,
            }
        )

    @cached_property
    def tone(self) -> Tone:
        """What was learnt about kinds of messages; raise ValueError when nothing was."""
        if self.content.tones is None:
            raise ValueError("nothing was learnt yet: run `python -m bot learn`")
        return Tone(self.content.tones)

    @cached_property
    def gazetteer(self) -> Gazetteer:
        """Names of communes, of today and of before."""
        return Gazetteer(self.content.places)

    @cached_property
    def official(self) -> tuple[Words, ...]:
        """For each everyday word of the vocabulary, the words of official names that it stands for."""
        return tuple(words(" ".join(meant)) for meant in self.content.vocabulary.synonyms.values())

    @property
    def duty(self) -> str:
        """Say when staff answer: as the settings have it, else in general."""
        return self.stated_duty or self.say("handoff.duty")

    @property
    def figures(self) -> Mapping[str, str]:
        """Return what texts may quote."""
        return {**self.counts, "duty": self.duty}

    @cached_property
    def counts(self) -> Mapping[str, str]:
        """Counts of our own catalogue, with its date, for texts that quote what the portal publishes."""
        services = self.content.catalogue.services.values()
        commune = [s for s in services if Tier.COMMUNE in s.tiers]
        counts = {
            "catalogue_total": len(services),
            "catalogue_full": sum(s.published_level is Level.FULL for s in services),
            "catalogue_partial": sum(s.published_level is Level.PARTIAL for s in services),
            "commune_total": len(commune),
            "commune_full": sum(s.published_level is Level.FULL for s in commune),
            "commune_partial": sum(s.published_level is Level.PARTIAL for s in commune),
        }
        state = f"{self.content.catalogue.state:%-d/%-m/%Y}"
        fixed = {"catalogue_date": state, "retention_days": str(self.retention_days)}
        return {name: written(count) for name, count in counts.items()} | fixed

    def warm(self) -> None:
        """Work everything out and compile all patterns now, so that the first who ask wait no longer."""
        self.phrasebook.warm()
        _ = self.tone, self.texts, self.families, self.gazetteer, self.official, self.counts

    def service(self, code: str) -> Service:
        """Return a service of the catalogue by its code."""
        return self.content.catalogue.services[code]

    def text(self, code: str) -> PlainText:
        """Return our text about a service; an empty one where none is written."""
        return self.texts.get(code) or NO_TEXT

    def alike(self, one: str, other: str) -> bool:
        """Tell whether two documents are one thing to a citizen: services that share a text or a name."""
        services = self.content.catalogue.services
        if one == other or one not in services or other not in services:
            return one == other
        return other in self.text(one).codes or services[one].name == services[other].name

    def title(self, code: str) -> str:
        """Return a short name: the plain one, else the official one cut at a word."""
        text = self.texts.get(code)
        if text and text.codes[0] == code:
            return text.title
        name = self.service(code).name
        for opening in self.content.vocabulary.empty_openings:
            if name.startswith(opening):
                name = name.removeprefix(opening)
                name = name[0].upper() + name[1:]
        return shorten(name, TITLE_CHARS)

    def say(self, key: str, **values: object) -> str:
        """Return an answer's text with its variables filled in."""
        return self.content.answers[key].format(**values)

    def topic(self, key: str) -> Topic:
        """Return a topic by its id."""
        return self.content.topics[key]


def prepare(content: Content, retention_days: int) -> Knowledge:
    """Build the index and learn the words of the catalogue and of the patterns."""
    vocabulary = content.vocabulary
    stopwords = frozenset(accented(w) for w in vocabulary.stopwords)
    asking = (w for phrases in vocabulary.aspects.values() for p in phrases for w in words(p).accented)
    abbreviations = {t: tuple(tokenize(full)) for t, full in vocabulary.abbreviations.items()}
    plain = stopwords.union(asking)
    speller = Speller(
        abbreviations,
        marked=Ear(marked=True, plain=plain),
        unmarked=Ear(marked=False, plain=plain.union(map(fold, plain))),
    )
    views = list(_views(content, speller))
    for view in views:
        speller.learn(view.said)
    places = [c.name for c in content.places.communes.values()] + [f.name for f in content.places.former]
    for name in places:
        speller.learn(words(name))
    for phrase in _phrases(content):
        speller.known.update(words(phrase).folded)
    speller.settle()
    index = _index(content, views)
    return Knowledge(content, index, speller, retention_days, Attached((), index))


def index_of(content: Content, speller: Speller) -> Index:
    """Build the index of other content, read by a speller that is settled."""
    return _index(content, list(_views(content, speller)))


def _index(content: Content, views: Sequence[View]) -> Index:
    stopwords = frozenset(accented(w) for w in content.vocabulary.stopwords)
    return Index(list(_documents(content)), views, stopwords)


def written(number: int) -> str:
    """Write a number as people here do: 1.161."""
    return f"{number:,}".replace(",", ".")


def shorten(text: str, limit: int) -> str:
    """Cut a text at a word, with an ellipsis when something is left out."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;(") + "…"


def offers(service: Service) -> tuple[Method, ...]:
    """Return the methods of a service in the order in which we name them."""
    return tuple(m for m in Method if service.offer(m))


TOPIC, MISSING = "topic:", "missing:"
"""Beginnings of the ids of documents that are no services."""


def _documents(content: Content) -> Iterator[Document]:
    explained = {text.codes[0] for text in content.texts if text.summary}
    usual = {s.code: -1 for f in content.families for s in f.siblings}
    usual |= {f.siblings[0].code: 1 for f in content.families}
    acts = Phrasebook({act: phrases.names for act, phrases in content.vocabulary.acts.items()})
    for service in content.catalogue.services.values():
        yield Document(
            service.code,
            explained=service.code in explained,
            acts=_acts_of(service, acts),
            papers=content.terms.get(service.code, ()),
            usual=usual.get(service.code, 0),
        )
    for topic in content.topics.values():
        if topic.examples:
            yield Document(f"{TOPIC}{topic.id}", service=False)
    for missing in content.missing:
        if missing.examples:
            yield Document(f"{MISSING}{missing.id}", service=False)


def _acts_of(service: Service, acts: Phrasebook) -> frozenset[str]:
    """Return what an official name does; a first issue goes without saying."""
    found = frozenset(str(act) for act in acts.read(words(service.name)).matches)
    return frozenset() if FIRST in found else found


def _views(content: Content, speller: Speller) -> Iterator[View]:
    for service in content.catalogue.services.values():
        yield View(service.code, speller.written(service.name), name=True)
    for text in content.texts:
        for wording in (text.title, *text.everyday, *text.examples):
            yield View(text.codes[0], speller.written(wording), text=wording)
    for kind, items in ((TOPIC, content.topics.values()), (MISSING, content.missing)):
        for item in items:
            for example in item.examples:
                yield View(f"{kind}{item.id}", speller.written(example), text=example)


def _topic_phrases(topics: Iterable[Topic]) -> tuple[dict[Group, Phrases], dict[Group, Phrases]]:
    whole: dict[Group, Phrases] = {}
    short: dict[Group, Phrases] = {}
    for topic in topics:
        small = topic.outcome == SMALL_TALK
        whole[Heard.TOPIC, topic.id] = () if small else topic.patterns
        short[Heard.SHORT_TOPIC, topic.id] = (*topic.short_patterns, *(topic.patterns if small else ()))
    return whole, short


def _phrases(content: Content) -> Iterator[str]:
    for topic in content.topics.values():
        yield from (*topic.patterns, *topic.short_patterns)
    for missing in content.missing:
        yield from missing.patterns
    for phrases in content.vocabulary.aspects.values():
        yield from phrases
