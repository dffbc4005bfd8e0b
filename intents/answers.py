"""From decisions to what a citizen reads; every service answer names its source and date.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from content.models import Aspect, Commune, Method, Tier, Topic
from intents import listing, wording
from intents.aspects import About
from intents.knowledge import Knowledge
from intents.places import Mention, in_sentence
from intents.turn import BUTTONS, Button, Reply

NEXT: Mapping[Aspect, tuple[Aspect, ...]] = {
    Aspect.OVERVIEW: (Aspect.DOCUMENTS, Aspect.STEPS, Aspect.POST, Aspect.PLACE),
    Aspect.DOCUMENTS: (Aspect.ONLINE, Aspect.POST, Aspect.PLACE),
    Aspect.FEE: (Aspect.DOCUMENTS, Aspect.TIME, Aspect.STEPS),
    Aspect.TIME: (Aspect.DOCUMENTS, Aspect.FEE, Aspect.STEPS),
    Aspect.PLACE: (Aspect.DOCUMENTS, Aspect.ONLINE, Aspect.POST),
    Aspect.STEPS: (Aspect.DOCUMENTS, Aspect.FEE, Aspect.POST),
    Aspect.ONLINE: (Aspect.DOCUMENTS, Aspect.POST, Aspect.FEE),
    Aspect.POST: (Aspect.DOCUMENTS, Aspect.ONLINE, Aspect.PLACE),
    Aspect.LEVEL: (Aspect.ONLINE, Aspect.POST, Aspect.DOCUMENTS),
    Aspect.STATUS: (Aspect.TIME, Aspect.PLACE),
    Aspect.CONDITIONS: (Aspect.DOCUMENTS, Aspect.STEPS, Aspect.PLACE),
}
"""The next steps offered after each aspect."""
MENU = "menu"
"""The topic whose buttons are offered when nothing else is."""


def subject(code: str, knowledge: Knowledge) -> About:
    """Return a service with its text."""
    return About(knowledge.service(code), knowledge.text(code), knowledge)


def about(subject: About, aspect: Aspect) -> Reply:
    """Answer one aspect of one service, with level, methods, source and date."""
    lines = [_head(subject), *subject.lines(aspect), "", *_footer(subject, aspect)]
    return Reply("\n".join(lines), next_steps(subject, aspect))


def next_steps(subject: About, aspect: Aspect) -> tuple[Button, ...]:
    """Return what can be done after an answer: ask on, say how one will submit, the page, «this is wrong»."""
    service, say = subject.service, subject.knowledge.say
    code, method = service.code, METHOD_OF.get(aspect)
    last = [Button(say("button.page"), service.url), Button(say("button.wrong"), f"{WRONG}:{code}:{aspect}")]
    if method and wording.takes(service, method):
        last = [Button(say(f"intend.{method}"), f"{INTEND}:{code}:{method}"), *last]
    offered = [a for a in NEXT[aspect] if a not in _METHODS or service.offer(Method(a))]
    asking_on = [Button(say(f"button.{a}"), f"service:{code}:{a}") for a in offered]
    return (*asking_on[: BUTTONS - len(last)], *last)


def menu(knowledge: Knowledge) -> tuple[Button, ...]:
    """Return what is offered when nothing else is."""
    topic = knowledge.content.topics.get(MENU)
    return tuple(Button(b.label, b.payload) for b in topic.buttons) if topic else ()


def two(subjects: Sequence[About], aspect: Aspect, question: Reply | None = None) -> Reply:
    """Answer two needs at once, shortly; each has a button that leads on, or a question of its own."""
    knowledge = subjects[0].knowledge
    parts = ["\n".join([_head(s), *s.lines(aspect), *_footer(s, Aspect.OVERVIEW)]) for s in subjects]
    buttons = question.buttons if question else tuple(map(_opening, subjects))
    asked = [question.text] if question else []
    return Reply("\n\n".join([knowledge.say("two.head"), *parts, *asked]), buttons)


def _head(subject: About) -> str:
    return subject.say("service.head", title=subject.knowledge.title(subject.service.code))


def _opening(subject: About) -> Button:
    code = subject.service.code
    return Button(subject.knowledge.title(code), f"service:{code}:{Aspect.DOCUMENTS}")


def communes_to_choose(found: Iterable[Commune], knowledge: Knowledge) -> Reply:
    """Ask which of today's communes is meant by a name that several share."""
    listed = tuple(found)
    lines = [knowledge.say("place.which")]
    lines += [knowledge.say("choose.item", number=n, title=c.name) for n, c in enumerate(listed, 1)]
    return Reply("\n".join(lines), tuple(Button(c.name, f"{LIVES}:{c.code}") for c in listed))


def centre(commune: Commune, knowledge: Knowledge) -> Reply:
    """Note where somebody lives, with what is known of the centre there."""
    noted = knowledge.say("commune.noted", commune=in_sentence(commune))
    return Reply("\n".join([noted, *wording.office(knowledge.offices.get(commune.code), knowledge)]))


INTEND = "intend"
"""Payload of «I will submit it this way»."""
WRONG = "wrong"
"""Payload of «this is wrong»."""
LIVES = "commune"
"""Payload of «I live there»."""
OTHER = "other"
"""Payload of «none of these»."""
METHOD_OF: Mapping[Aspect, Method] = {
    Aspect.ONLINE: Method.ONLINE,
    Aspect.POST: Method.POST,
    Aspect.PLACE: Method.COUNTER,
}
"""The method that an aspect shows the way of."""
_METHODS = (Aspect.ONLINE, Aspect.POST)


def _footer(subject: About, aspect: Aspect) -> Iterator[str]:
    service, text, knowledge = subject.service, subject.text, subject.knowledge
    if aspect not in (Aspect.OVERVIEW, Aspect.LEVEL):
        yield wording.level(service, knowledge)
        yield wording.methods(service, knowledge)
    updated = f"{service.updated:%-d/%-m/%Y}"
    if text.summary:
        yield knowledge.say("service.plain_source", updated=updated, checked=f"{text.checked:%-d/%-m/%Y}")
    else:
        yield knowledge.say("service.source", updated=updated, state=knowledge.figures["catalogue_date"])


def choices(codes: Iterable[str], aspect: Aspect | None, head: str, knowledge: Knowledge) -> Reply:
    """Offer services to choose from, each a button and a number."""
    labels = _labels(tuple(codes), knowledge)
    suffix = f":{aspect}" if aspect else ""
    say = knowledge.say
    listed = [say("choose.item", number=n, title=t) for n, t in enumerate(labels.values(), 1)]
    buttons = [Button(label, f"service:{code}{suffix}") for code, label in labels.items()]
    return Reply("\n".join([head, *listed]), (*buttons, Button(say("choose.none"), OTHER)))


def topic(topic: Topic, knowledge: Knowledge) -> Reply:
    """Tell a topic, with services of the catalogue where it shows some."""
    count = listing.count(topic.selection, knowledge) if topic.selection else ""
    lines = [topic.text.format(**knowledge.figures, count=count).strip()]
    buttons = [Button(b.label, b.payload) for b in topic.buttons]
    if topic.selection:
        lines += listing.lines(topic.selection, knowledge)
        buttons = [*listing.buttons(topic.selection, knowledge), *buttons]
    return Reply("\n".join(filter(None, lines)), tuple(buttons))


def communes(mentions: Iterable[Mention], knowledge: Knowledge) -> Reply:
    """Say where communes of before belong today; a split one is said to be split."""
    say = knowledge.say
    lines = [line for mention in mentions for line in _commune(mention, knowledge)]
    where = Button(say("button.place"), "topic:counter-where")
    return Reply("\n".join([*dict.fromkeys(lines), say("place.anywhere"), say("place.source")]), (where,))


def _commune(mention: Mention, knowledge: Knowledge) -> Iterator[str]:
    say = knowledge.say
    for former in mention.former:
        now = [knowledge.gazetteer.commune(code).name for code in former.now]
        key = "place.split" if len(now) > 1 else "place.now"
        yield say(key, name=former.name, district=former.district, now=say("place.between").join(now))
    for commune in mention.today:
        yield say("place.same", name=commune.name)


def _labels(codes: tuple[str, ...], knowledge: Knowledge) -> dict[str, str]:
    labels = {c: _label(c, knowledge) for c in codes}
    doubled = {c for c in codes if list(labels.values()).count(labels[c]) > 1}
    return {c: _with_tier(c, label, knowledge) if c in doubled else label for c, label in labels.items()}


def _label(code: str, knowledge: Knowledge) -> str:
    family = knowledge.families.get(code)
    if knowledge.text(code).codes[:1] != (code,) and family:
        return next(m.label for m in family.siblings if m.code == code)
    return knowledge.title(code)


def _with_tier(code: str, label: str, knowledge: Knowledge) -> str:
    tiers = knowledge.service(code).tiers
    tier = Tier.COMMUNE if Tier.COMMUNE in tiers else Tier.PROVINCE
    return knowledge.say("choose.tier", title=label, tier=knowledge.say(f"tier.{tier}"))
