"""The types of what we say: services and their facts, plain-language texts, places, vocabulary.

Frozen data only: no files, no clock, no understanding.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Generic, TypeVar

STRICT = {"extra": "forbid"}
"""Read by whoever turns content files into these types: an unknown key is a mistake."""


class Level(StrEnum):
    """How far a service can be done online, by the national portal."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"
    UNKNOWN = "unknown"


class Method(StrEnum):
    """A way to submit a dossier."""

    ONLINE = "online"
    POST = "post"
    COUNTER = "counter"


class Tier(StrEnum):
    """An authority's tier that handles a service."""

    PROVINCE = "province"
    COMMUNE = "commune"
    MINISTRY = "ministry"
    OTHER = "other"


class Aspect(StrEnum):
    """What a citizen wants to know about one service."""

    OVERVIEW = "overview"
    DOCUMENTS = "documents"
    FEE = "fee"
    TIME = "time"
    PLACE = "place"
    STEPS = "steps"
    ONLINE = "online"
    POST = "post"
    LEVEL = "level"
    STATUS = "status"
    CONDITIONS = "conditions"


class TimeUnit(StrEnum):
    """The unit in which the rule states a time."""

    HOUR = "hour"
    DAY = "day"
    WORKING_DAY = "working_day"
    MONTH = "month"


class FeeKind(StrEnum):
    """What is known of a fee; never a bare zero."""

    AMOUNT = "amount"
    EXEMPT = "exempt"
    PROVINCE = "province"
    UNKNOWN = "unknown"


class Doubt(StrEnum):
    """Why a row of the national data needs a person's eye; the doubtful value is not passed on."""

    CODE = "code"
    FLAGS = "flags"
    FEE = "fee"
    TIME = "time"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Duration:
    """A time as the rule states it, for example 3 working days; due dates are never computed."""

    value: float
    unit: TimeUnit


@dataclass(frozen=True, slots=True)
class Fee:
    """What one method of one service costs."""

    kind: FeeKind
    amounts: tuple[int, ...] = ()
    """Distinct amounts in đồng, ascending; several mean that it depends on the case."""
    rule: str = ""
    """Number of the document that sets the fee (for example 85/2019/TT-BTC), where the portal names one."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One method by which a service is offered."""

    method: Method
    fee: Fee
    times: tuple[Duration, ...] = ()
    """Distinct handling times, ascending; empty when the portal gives none that can be trusted."""
    result_only: bool = False
    """True when the method only returns the result: the post brings the card, it takes no dossier."""


T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Stated(Generic[T_co]):
    """A fact that an office of the province states over what was published."""

    value: T_co
    office: str
    """In words for citizens."""
    on: dt.date


@dataclass(frozen=True, slots=True)
class Overrides:
    """What offices of the province state of one service; None where what was published holds."""

    level: Stated[Level] | None = None
    methods: Stated[frozenset[Method]] | None = None
    """The methods that take dossiers."""
    fee_note: Stated[str] | None = None

    def of(self, method: Method) -> Stated[object] | None:
        """Return who states whether a method takes dossiers: a level says so of the online one."""
        return (self.level if method is Method.ONLINE else None) or self.methods

    def takes(self, method: Method) -> bool | None:
        """Tell whether a method takes dossiers; None when nobody states it."""
        if self.level is not None and method is Method.ONLINE:
            return self.level.value in ONLINE_LEVELS
        return None if self.methods is None else method in self.methods.value


ONLINE_LEVELS = (Level.FULL, Level.PARTIAL)
STATED_LEVELS = (*ONLINE_LEVELS, Level.NONE)
"""What an office can state; who does not know states nothing."""
AS_PUBLISHED = Overrides()


@dataclass(frozen=True, slots=True)
class Office:
    """The public service centre of a commune, as its own people describe it; empty parts are not known."""

    __pydantic_config__ = STRICT

    address: str = ""
    hours: str = ""
    telephone: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """The facts of one administrative procedure, as the National Public Service Portal states them.

    `overrides` lie over them: level and methods are those in force, what is published stays readable.
    """

    code: str
    name: str
    fields: tuple[str, ...]
    publisher: str
    tiers: frozenset[Tier]
    full_process: bool
    """The national flag for toàn trình; see `level`."""
    offers: tuple[Offer, ...]
    executing: tuple[str, ...]
    """Who handles the dossier."""
    audience: tuple[str, ...]
    portal_id: str
    updated: dt.date
    """When the portal last changed the row."""
    doubts: frozenset[Doubt] = frozenset()
    overrides: Overrides = AS_PUBLISHED

    def offer(self, method: Method) -> Offer | None:
        """Return the offer for a method, or None when it is not offered; of a fee nothing is made up."""
        published = self.published(method)
        takes = None if self.overrides is AS_PUBLISHED else self.overrides.takes(method)
        if takes is None:
            return published
        if not takes:
            return None
        return replace(published, result_only=False) if published else Offer(method, Fee(FeeKind.UNKNOWN))

    def published(self, method: Method) -> Offer | None:
        """Return the portal's offer for a method, whatever an office states."""
        return next((o for o in self.offers if o.method is method), None)

    @property
    def level(self) -> Level:
        """Return the level that an office states, else derive it from the methods in force."""
        if self.overrides.level is not None:
            return self.overrides.level.value
        online = self.offer(Method.ONLINE) is not None
        if self.overrides.methods is not None and not online:
            return Level.NONE  # the office leaves no doubt, whatever the national flag says
        return self._derived(online=online)

    @property
    def published_level(self) -> Level:
        """Derive the level from what the portal publishes, whatever an office states."""
        return self._derived(online=self.published(Method.ONLINE) is not None)

    def _derived(self, *, online: bool) -> Level:
        """Derive a level from the national flag and the online method (design, section 1)."""
        if self.full_process:
            return Level.FULL if online else Level.UNKNOWN
        return Level.PARTIAL if online else Level.NONE

    @property
    def level_stated(self) -> Stated[object] | None:
        """Return the office by whose word the level is what it is; None when it is the portal's."""
        by_methods = self.overrides.methods if self.level is Level.NONE else None
        return self.overrides.level or by_methods

    @property
    def methods_stated(self) -> Stated[object] | None:
        """Return the office by whose word the methods are what they are; None when they are the portal's."""
        by_level = self.overrides.level if self.changed(Method.ONLINE) else None
        return self.overrides.methods or by_level

    def changed(self, method: Method) -> bool:
        """Tell whether an office states otherwise than the portal whether a method takes dossiers."""
        published, takes = self.published(method), self.overrides.takes(method)
        return takes is not None and takes != (published is not None and not published.result_only)

    @property
    def url(self) -> str:
        """Return the service's public page on the national portal."""
        return f"https://dichvucong.gov.vn/thu-tuc-hanh-chinh/{self.portal_id}"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One dated snapshot of all services."""

    source: str
    """Who states these facts, in words for citizens."""
    state: dt.date
    """The day of the snapshot."""
    services: Mapping[str, Service]
    """By code, in the order of codes."""


@dataclass(frozen=True, slots=True)
class PlainText:
    """A service (or siblings that share a text) explained in plain words; `codes[0]` is the main one."""

    __pydantic_config__ = STRICT

    id: str
    title: str
    """What we call it, short enough for a button."""
    codes: tuple[str, ...]
    everyday: tuple[str, ...]
    """Names that people use."""
    examples: tuple[str, ...]
    """Questions that must lead here, with and without diacritics."""
    checked: dt.date
    """When a person last compared the text with its source."""
    summary: str = ""
    """One or two sentences; empty for an entry that only lends names and examples."""
    documents: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    steps: Mapping[Method, tuple[str, ...]] = field(default_factory=dict)
    fee: str = ""
    """The rule in words, where amounts alone would mislead."""
    time: str = ""
    place: str = ""
    post: str = ""
    """The service's own condition for the post, said before the general guide."""
    online: str = ""
    """The service's own condition for submitting online."""
    cautions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """Where the facts stand: codes of services on the portal, numbers of documents."""


@dataclass(frozen=True, slots=True)
class Sibling:
    """One service of a family, with the words that tell it from its siblings."""

    __pydantic_config__ = STRICT

    code: str
    label: str
    """Short text for a button, at most 40 characters."""
    cues: tuple[str, ...] = ()
    """Words in a question that pick this one."""


@dataclass(frozen=True, slots=True)
class Family:
    """Sibling services: the same act for other cases or at another tier."""

    __pydantic_config__ = STRICT

    id: str
    question: str
    """The one short question that separates them."""
    siblings: tuple[Sibling, ...]
    """At most four; the first is the usual case."""
    default: bool = False
    """True when the first sibling may be answered directly unless a cue picks another."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Something citizens ask for that the catalogue does not hold, with the official place to go."""

    __pydantic_config__ = STRICT

    id: str
    patterns: tuple[str, ...]
    text: str
    examples: tuple[str, ...] = ()
    """Messages that should lead here, in other words than the patterns'."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A button as written in content."""

    __pydantic_config__ = STRICT

    label: str
    payload: str
    """`topic:<id>`, `ask:<aspect>`, `service:<code>`, `say:<text>` or an https address of *.gov.vn."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Services of the catalogue that a topic counts and shows examples of; empty parts select all."""

    __pydantic_config__ = STRICT

    levels: tuple[Level, ...] = ()
    tier: Tier | None = None
    publisher: str = ""
    field: str = ""
    first: tuple[str, ...] = ()
    """Codes to name before others, as far as they fit."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A plain-language guide on something that is not one service: levels, online, post, scams."""

    __pydantic_config__ = STRICT

    id: str
    title: str
    text: str
    """What the citizen reads; may use the variables of `Knowledge` (counts and dates)."""
    patterns: tuple[str, ...] = ()
    """Phrases that lead here."""
    short_patterns: tuple[str, ...] = ()
    """Phrases that lead here when they are most of what was said."""
    buttons: tuple[Choice, ...] = ()
    checked: dt.date = dt.date.min
    sources: tuple[str, ...] = ()
    outcome: str = "answered"
    """Outcome of the turn: `answered`, or `warning`, `cannot_act`, `injection`, `emergency`, `small_talk`,
    `out_of_scope`, `handoff`."""
    selection: Selection | None = None
    """Services named below the text, with their number."""
    examples: tuple[str, ...] = ()
    """Messages that should lead here, in other words than the patterns'."""
    aspect: Aspect | None = None
    """What it tells in general: with a service in hand, the service's own answer is given instead."""
    report_as: str = ""
    """Name of the topic in the journal and in `ask --json`; the id when empty."""


@dataclass(frozen=True, slots=True)
class Commune:
    """One of today's communes (xã, phường)."""

    code: str
    name: str
    """With its kind: «Xã Sơn Dương», «Phường Hà Giang 1»."""


@dataclass(frozen=True, slots=True)
class FormerCommune:
    """A commune abolished on 1/7/2025 and where its people belong today."""

    name: str
    district: str
    province: str
    now: tuple[str, ...]
    """Codes of today's communes; several when it was split and the citizen must be asked."""


@dataclass(frozen=True, slots=True)
class Places:
    """Communes of today and names of before."""

    communes: Mapping[str, Commune]
    former: tuple[FormerCommune, ...]


@dataclass(frozen=True, slots=True)
class Act:
    """What is done with a paper: a first issue, a renewal, a change."""

    __pydantic_config__ = STRICT

    names: tuple[str, ...]
    """Phrases of official names."""
    said: tuple[str, ...]
    """Phrases of what people say."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words that understanding needs; every list is written with diacritics and folded by the core."""

    __pydantic_config__ = STRICT

    abbreviations: Mapping[str, str]
    """Chat spelling and abbreviations to full words, whole tokens only (`dk` to `đăng ký`)."""
    synonyms: Mapping[str, tuple[str, ...]]
    """Everyday word to the words of official names (`sổ đỏ` to `giấy chứng nhận quyền sử dụng đất`)."""
    stopwords: frozenset[str]
    """Words that say nothing about which service is meant."""
    noise: tuple[str, ...]
    """Phrases of politeness and of asking that say nothing about what is asked."""
    aspects: Mapping[Aspect, tuple[str, ...]]
    follow_ups: tuple[str, ...]
    """Openings that continue the service in hand: `thế còn`, `vậy`."""
    rejections: tuple[str, ...]
    """«no, not that one»."""
    centre_takes: tuple[str, ...]
    """Beginnings of the names of authorities whose dossiers the public service centres take."""
    centre: str
    """Beginning of the name of a public service centre."""
    elsewhere: tuple[str, ...]
    """Places outside the province: an authority there is never named as the one to go to."""
    telephones: frozenset[str]
    """Confirmed numbers, digits only; texts may show no other."""
    abolished: tuple[str, ...]
    """Papers and bodies that no longer exist; texts may not send anybody to them."""
    explained: tuple[str, ...]
    """Words of a sentence that says that something no longer exists."""
    place_questions: tuple[str, ...] = ()
    """Ways to ask what a commune of before is called or belongs to today."""
    turns: tuple[str, ...] = ()
    """Ways to say that one thing is done and the next is meant: `xong rồi, giờ …`."""
    short_aspects: Mapping[Aspect, tuple[str, ...]] = field(default_factory=dict)
    """Words that ask for an aspect when they are most of what was said: «phí», «giấy tờ»."""
    empty_openings: tuple[str, ...] = ()
    """Beginnings of official names that say nothing; left out where a name is shortened."""
    pronouns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What people call themselves, with the phrases in which they do."""
    joints: tuple[str, ...] = ()
    """Words between two needs: `với lại`, `sẵn tiện`."""
    acts: Mapping[str, Act] = field(default_factory=dict)
    """Acts by name; `first` is the one that names leave out, since it goes without saying."""
    named_levels: Mapping[Level, tuple[str, ...]] = field(default_factory=dict)
    """Words of official names that claim a level."""
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Messages by kind (an outcome) from which their tone is learnt; never searched."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """What was learnt from our own wordings about which service is meant: a small network and its trust.

    Made by `python -m bot learn`; nobody writes it by hand.
    """

    __pydantic_config__ = STRICT

    features: tuple[str, ...]
    """What is known of a candidate, in the order of the numbers below."""
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    hidden: tuple[tuple[float, ...], ...]
    """Weights by hidden unit: of each feature, then of its distance to the best candidate's."""
    bias: tuple[float, ...]
    output: tuple[float, ...]
    confidence: Mapping[str, float]
    """Weights of the logistic function that turns scores into confidence."""


@dataclass(frozen=True, slots=True)
class Tones:
    """What was learnt about kinds of messages: a logistic regression over words and pairs of words.

    Made by `python -m bot learn`; nobody writes it by hand.
    """

    __pydantic_config__ = STRICT

    kinds: tuple[str, ...]
    """Outcomes; the empty one is a question about services."""
    bias: tuple[float, ...]
    """By kind."""
    weights: Mapping[str, tuple[int, ...]]
    """By term, then by kind; in tenths."""


@dataclass(frozen=True, slots=True)
class FoundingFigure:
    """One figure of the founding report 98/BC-STTTT of 23/5/2022."""

    __pydantic_config__ = STRICT

    id: str
    value: float
    unit: str
    as_of: str
    note: str = ""
    """An inconsistency of the report that this figure is part of."""


@dataclass(frozen=True, slots=True)
class Content:
    """Everything we can say, loaded and checked."""

    catalogue: Catalogue
    texts: tuple[PlainText, ...]
    families: tuple[Family, ...]
    topics: Mapping[str, Topic]
    missing: tuple[Missing, ...]
    places: Places
    answers: Mapping[str, str]
    """Templates by key, with `{variables}`."""
    vocabulary: Vocabulary
    founding: tuple[FoundingFigure, ...] = ()
    terms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Folded words of each service's papers and conditions, by code."""
    ranking: Ranking | None = None
    """What was learnt about which service is meant; None only while it is being learnt."""
    tones: Tones | None = None
    """What was learnt about kinds of messages; None only while it is being learnt."""
    desk: Mapping[str, str] = field(default_factory=dict)
    """Words of the staff desk by key."""


CODE = re.compile(r"[1-9]\.\d{6}")
"""A well-formed code of a procedure on the national portal."""
