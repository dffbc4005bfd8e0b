"""What is said about one aspect of one service: our plain text where there is one, else the facts.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from content.models import Aspect, FeeKind, Level, Method, Office, PlainText, Service, Stated
from intents import wording
from intents.knowledge import Knowledge

Lines = Iterator[str]

WAYS = (Method.ONLINE, Method.COUNTER, Method.POST)
"""Whose steps are shown when no method was asked for: the first that takes dossiers."""
GENERAL_STEPS = 4
OPEN = frozenset((FeeKind.UNKNOWN, FeeKind.PROVINCE))
"""Kinds of fees that name no amount."""


@dataclass(frozen=True, slots=True)
class About:
    """One service with its plain text."""

    service: Service
    text: PlainText
    """Our text; an empty one where none is written."""
    knowledge: Knowledge
    commune: str = ""
    """Name of the commune where the person lives, where known."""
    office: Stated[Office] | None = None
    """The centre there, where its people described it."""
    ask_commune: bool = False
    """The person is asked for it below the place."""

    def lines(self, aspect: Aspect) -> Lines:
        """Yield the lines of one aspect."""
        return _LINES[aspect](self)

    def say(self, key: str, **values: object) -> str:
        """Return an answer's text."""
        return self.knowledge.say(key, **values)

    def overview(self) -> Lines:
        """Say what it is, how far online, how to submit, what it costs, how long it takes."""
        if self.text.summary:
            yield self.text.summary
        elif self.knowledge.title(self.service.code) != self.service.name:
            yield self.say("service.official", name=self.service.name)
        yield wording.level(self.service, self.knowledge)
        yield wording.methods(self.service, self.knowledge)
        yield from self.fee_noted() or [
            self.text.fee or self.say("fee.line", fee=wording.fee(self.service, self.knowledge))
        ]
        yield self.text.time or self.say("time.line", time=wording.time(self.service, self.knowledge))

    def documents(self) -> Lines:
        """List the papers."""
        if not self.text.documents:
            yield self.say("documents.unknown")
            return
        yield self.say("documents.head")
        yield from self.items(self.text.documents)
        yield from (self.say("cautions.head", text=caution) for caution in self.text.cautions)

    def conditions(self) -> Lines:
        """List who may, who must, and what else to know."""
        if not self.text.conditions:
            yield self.text.summary or self.say("conditions.unknown")
            return
        yield self.say("conditions.head")
        yield from self.items(self.text.conditions)

    def fee(self) -> Lines:
        """Name the fee, by method where it differs."""
        offers = wording.published(self.service)
        said = {o.method: wording.fee_words(o.fee, self.knowledge) for o in offers}
        noted = self.fee_noted()
        if noted:
            yield from noted
        elif self.text.fee:
            yield self.text.fee
        elif len(set(said.values())) > 1:
            yield self.say("fee.head")
            yield from self.by_method("fee.by_method", said)
        else:
            yield self.say("fee.line", fee=wording.fee(self.service, self.knowledge))
        if OPEN.intersection(o.fee.kind for o in offers) and not (noted or self.text.fee):
            yield self.say("fee.unknown.where")
        if self.service.offer(Method.POST):
            yield self.say("fee.post" if wording.takes(self.service, Method.POST) else "fee.post.result")

    def fee_noted(self) -> list[str]:
        """Return what an office states of the fee, and below it what the portal knows; else nothing."""
        note = self.service.overrides.fee_note
        if note is None:
            return []
        said = self.say("fee.note", note=note.value.rstrip("."), **wording.by(note))
        known = [o for o in wording.published(self.service) if o.fee.kind not in OPEN]
        fee = wording.fee(self.service, self.knowledge)
        return [said, self.say("fee.published", fee=fee)] if known else [said]

    def time(self) -> Lines:
        """Name the time, by method where it differs."""
        if self.text.time:
            yield self.text.time
            return
        offers = wording.published(self.service)
        said = {o.method: wording.time_words(o.times, self.knowledge) for o in offers}
        if len(set(said.values())) > 1:
            yield self.say("time.head")
            yield from self.by_method("time.by_method", said)
        else:
            yield self.say("time.line", time=wording.time(self.service, self.knowledge))
        known = any(o.times for o in self.service.offers)
        yield self.say("time.from" if known else "time.unknown.where")
        if known and wording.takes(self.service, Method.POST):
            yield self.say("time.post")

    def place(self) -> Lines:
        """Say who handles it and where a dossier can be handed in."""
        executing = "; ".join(self._executing())
        on_paper = wording.takes(self.service, Method.COUNTER) or wording.takes(self.service, Method.POST)
        if self.text.place:
            key = "place.submit" if on_paper else "place.executing"
            yield self.say(key, executing=self.text.place.rstrip("."))
        else:
            yield self.say("place.executing", executing=executing) if executing else self.say("place.unknown")
        if self.at_centre:
            yield self.say("place.centre")
        if self.commune:
            yield self.say("place.yours", commune=self.commune)
            yield from wording.office(self.office, self.knowledge)
        if self.service.offer(Method.ONLINE):
            yield self.say("place.online" if on_paper else "place.online.only")
        if self.office is None or not (self.office.value.address or self.office.value.telephone):
            yield self.say("place.address")
        if self.ask_commune:
            yield self.say("place.ask")

    def steps(self) -> Lines:
        """List the steps of the first method that takes dossiers."""
        method = next((m for m in WAYS if wording.takes(self.service, m)), None)
        if method:
            yield from self.steps_of(method)

    def steps_of(self, method: Method) -> Lines:
        """List the steps of one method: the service's own, else the general ones."""
        title = self.knowledge.title(self.service.code)
        numbers = range(1, GENERAL_STEPS + (method is not Method.COUNTER))
        general = (self.say(f"steps.{method}.general.{n}", title=title) for n in numbers)
        yield self.say(f"steps.{method}.head")
        for number, step in enumerate(self.text.steps.get(method, ()) or general, 1):
            yield self.say("service.numbered", number=number, text=step)

    def online(self) -> Lines:
        """Say whether and how it is submitted online."""
        condition = self.condition(Method.ONLINE)
        if not self.service.offer(Method.ONLINE):
            unclear = self.service.level is Level.UNKNOWN
            no = self.say("online.unclear" if unclear else "online.no")
            yield self.stated("online.no", Method.ONLINE) or no
            yield from filter(None, [condition])
            yield from self.steps()
            return
        said = [line for line in (self.stated("online.yes", Method.ONLINE), condition) if line]
        yield from said or [self.say("online.yes")]
        yield from self.steps_of(Method.ONLINE)

    def post(self) -> Lines:
        """Say whether and how it goes by post, the service's own condition first."""
        condition = self.condition(Method.POST)
        if not wording.takes(self.service, Method.POST):
            no = self.say("post.result" if self.service.offer(Method.POST) else "post.no")
            yield self.stated("post.no", Method.POST) or no
            yield from filter(None, [condition])
            yield from self.steps()
            return
        yield self.stated("post.yes", Method.POST) or self.say("post.yes")
        yield from filter(None, [condition])
        yield from self.steps_of(Method.POST)
        if self.service.level is Level.FULL and not condition:  # elsewhere somebody may have to come
            yield self.say("post.easy")

    def stated(self, key: str, method: Method) -> str:
        """Return an answer about a method as an office states it; nothing when none does."""
        stated = self.service.overrides.of(method)
        return self.say(f"{key}.stated", **wording.by(stated)) if stated else ""

    def condition(self, method: Method) -> str:
        """Return our own words about a method; nothing where an office contradicts what they rest on."""
        own = {Method.ONLINE: self.text.online, Method.POST: self.text.post}
        return "" if self.service.changed(method) else own.get(method, "")

    def level(self) -> Lines:
        """Say the level in today's words and in those of before."""
        yield wording.level(self.service, self.knowledge)
        plain = self.service.level_stated or wording.name_agrees(self.service, self.knowledge)
        yield self.say(f"level.{self.service.level if plain else Level.UNKNOWN}.old")
        if self.service.level in (Level.PARTIAL, Level.FULL):
            yield from filter(None, [self.condition(Method.ONLINE)])
        yield wording.methods(self.service, self.knowledge)

    def status(self) -> Lines:
        """Say where a dossier's progress is seen; we cannot see it."""
        yield self.say("status.text")
        yield self.text.time or self.say("time.line", time=wording.time(self.service, self.knowledge))

    def items(self, texts: Iterable[str]) -> Lines:
        """Yield texts as a list."""
        return (self.say("service.item", text=text) for text in texts)

    def by_method(self, key: str, said: Mapping[Method, str]) -> Lines:
        """Yield one line for each method."""
        named = ((self.say(f"method.{m}").capitalize(), words) for m, words in said.items())
        return self.items(self.say(key, method=method, what=words) for method, words in named)

    def _executing(self) -> list[str]:
        """Return the authorities that are of this province and of today."""
        vocabulary = self.knowledge.content.vocabulary
        gone = [name.lower() for name in vocabulary.abolished]
        return [
            name
            for name in self.service.executing
            if not any(place in name for place in vocabulary.elsewhere)
            and not any(body in name.lower() for body in gone)
        ]

    def _handled(self) -> list[str]:
        return [self.text.place.rstrip(".")] if self.text.place else self._executing()

    @property
    def near_home(self) -> bool:
        """Tell whether it matters where the person lives: a centre of their commune takes it."""
        centre = self.knowledge.content.vocabulary.centre
        return self.at_centre or any(name.startswith(centre) for name in self._handled())

    @property
    def at_centre(self) -> bool:
        """Tell whether dossiers are taken at the centres: everybody who handles it has them taken there."""
        handled = self._handled()
        if not self.service.offer(Method.COUNTER):
            return False
        beginnings = self.knowledge.content.vocabulary.centre_takes
        everybody = [*handled, *self.service.executing]
        return bool(handled) and all(name.startswith(beginnings) for name in everybody)


_LINES: Mapping[Aspect, Callable[[About], Lines]] = {
    Aspect.OVERVIEW: About.overview,
    Aspect.DOCUMENTS: About.documents,
    Aspect.FEE: About.fee,
    Aspect.TIME: About.time,
    Aspect.PLACE: About.place,
    Aspect.STEPS: About.steps,
    Aspect.ONLINE: About.online,
    Aspect.POST: About.post,
    Aspect.LEVEL: About.level,
    Aspect.STATUS: About.status,
    Aspect.CONDITIONS: About.conditions,
}
