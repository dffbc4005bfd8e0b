"""The one way from a message to a decision.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from content.models import Aspect, Commune, Missing, Topic
from intents import answers, survey
from intents.address import addressed
from intents.answers import OTHER, menu
from intents.aspects import About
from intents.choose import (
    CERTAIN,
    NAMED,
    POSSIBLE,
    SHOWN,
    Ambiguous,
    Answered,
    NotUnderstood,
    choose,
    prefer_usual,
    sure,
)
from intents.facts import WORRY, learnt
from intents.handoffs import BY_THEM, back, ended, from_desk, passed_on
from intents.index import EXACT
from intents.knowledge import Knowledge, shorten
from intents.places import in_sentence
from intents.presence import before_the_edit, behind_the_human, noted, remembered
from intents.redact import redact
from intents.retrieve import KEPT, Retrieved, query_of, retrieve, siblings
from intents.text import Words, folded, label
from intents.tone import ASKED
from intents.turn import (
    BUTTONS,
    HEARD,
    Button,
    Candidate,
    Decision,
    DialogueState,
    Inbound,
    Kind,
    Outcome,
    Reply,
    TraceLine,
)
from intents.understand import Understanding, parts, understand

SILENCE = dt.timedelta(hours=12)
"""After this the service in hand is forgotten: the next question starts afresh."""
STRONG = 0.55
"""A service this near is meant rather than a general topic."""
CLEARER = 0.1
"""A topic that no phrase of was heard must be so much nearer than any service."""
ALIKE = 0.3
"""A topic this near is told when no phrase of it was heard."""
IN_PASSING = (Outcome.EMERGENCY, Outcome.WARNING)
"""What may be told in passing, in a story about something else."""
STORY, CLEAR_STORY = 12, 0.75
"""Words of a story, and how near a service must be that it asks for."""
ROUND = 0.1
"""Confidence that is left over is not divided by less."""
CLEAR = 0.45
"""A part of a message that names a service in full means it from here on."""
PAIR = 2
"""Needs that are served at once, and telling words that each takes at least."""
NEXT = 3
"""Telling words that a next need is named with, at least."""
FEW, MANY = 5, 8
"""Telling words of a message that goes on about the service in hand, and of one that hardly does."""
SWITCH_NAMED = 0.45
"""A service named in full is meant even by a short message, from here on."""
SWITCH_SHORT, SWITCH, SWITCH_LONG = 0.75, 0.6, 0.35
"""A service this near is meant rather than the one in hand: the shorter the message, the nearer."""
NO_DOUBT = 0.5
"""From here on a message is about a service, unless it clearly sounds like something else."""
SOUNDS, CLEARLY = 0.5, 0.8
"""How likely a kind must sound to be met without any phrase: where no service is near, and where one is."""
BOTH = 0.1
"""How likely a kind must sound at least where an example of it is near."""
SURELY_ASKED = 0.8
"""A message that sounds this much like a question about services is one."""
ERASED = "erased"
"""The topic that is told while everything about the person is erased."""
PERSON = "person"
"""The topic that leads to a human."""
USUAL: Mapping[Outcome, str] = {
    Outcome.EMERGENCY: "emergency",
    Outcome.WARNING: "scam",
    Outcome.INJECTION: "injection",
    Outcome.CANNOT_ACT: "cannot-act",
    Outcome.OUT_OF_SCOPE: "out-of-scope",
}
"""The topics that are told where a kind is heard and no example of it is near."""
QUESTION_CHARS = 300
SHOWN_CHARS = 70


def decide(inbound: Inbound, state: DialogueState, knowledge: Knowledge, now: dt.datetime) -> Decision:
    """Decide what one message means and what to reply; the shell stores and sends it."""
    if state.at is not None and now - state.at > SILENCE:
        state = _afresh(state)
    if signal := noted(inbound, state, knowledge, now) or from_desk(inbound, state, knowledge):
        return signal
    if inbound.kind is Kind.FOLLOW_UP:
        return _spoken_to(survey.follow_up(state, knowledge, now))
    if inbound.kind is Kind.EDITED:
        state = before_the_edit(state)
    if state.service not in knowledge.content.catalogue.services:
        state = replace(state, service="")  # none, or one that has left the catalogue since
    decision = learnt(inbound, _Turn(knowledge, state).taken(inbound), knowledge)
    decision = survey.asking(survey.expecting(decision, now), knowledge, now)
    decision = behind_the_human(inbound, decision, state, knowledge, now)
    spoken = _spoken_to(replace(decision, state=remembered(inbound, state, decision.state, now)))
    return _introduced(spoken, state, knowledge)


def _afresh(state: DialogueState) -> DialogueState:
    """Begin a new conversation; a question of ours may be answered later, by its number too."""
    return DialogueState(
        introduced=state.introduced,
        pointed=state.pointed,
        handoff=state.handoff,
        survey=state.survey.afresh(),
        offered=state.offered if state.survey.waits else (),
    )


def greeting(knowledge: Knowledge) -> Reply:
    """Return what an empty conversation shows."""
    return _Turn(knowledge, DialogueState()).plain(Outcome.SMALL_TALK, "greeting").replies[0]


class _Turn:
    """One message against one state."""

    def __init__(self, knowledge: Knowledge, state: DialogueState) -> None:
        self.knowledge = knowledge
        self.state = state
        self.trace: list[TraceLine] = []
        self.goes_on_asking = state.turns > 0 and not self.choices_wait
        """Still the question for which choices wait."""

    def taken(self, inbound: Inbound) -> Decision:
        """Decide, and count how many turns the question has taken."""
        waiting = self.state.turns
        decision = self.take(inbound)
        turns = waiting + 1 if waiting and self.goes_on_asking else 1
        left = turns if decision.outcome is Outcome.CHOICES else 0
        return replace(decision, turns=turns, state=replace(decision.state, turns=left))

    def take(self, inbound: Inbound) -> Decision:
        match inbound.kind:
            case Kind.START if not inbound.payload:
                return self.plain(Outcome.SMALL_TALK, "greeting")
            case Kind.START:
                return self.started(inbound.payload)
            case Kind.BUTTON:
                self.goes_on_asking = any(b.payload == inbound.payload for b in self.state.offered)
                return self.tapped(inbound.payload) or self.plain(Outcome.SMALL_TALK, "stale_button")
            case Kind.UNREADABLE if not inbound.text.strip():
                return self.without_words("unreadable")
            case Kind.WITHHELD:
                return self.without_words("withheld")
        return self.said(redact(inbound.text))

    def without_words(self, key: str) -> Decision:
        """Say that there is nothing to read; offer what can be tapped, and a person."""
        decision = self.plain(Outcome.NOT_UNDERSTOOD, key)
        buttons = decision.replies[0].buttons[: BUTTONS - 1]
        person = self.knowledge.content.topics.get(PERSON)
        if person:
            buttons = (*buttons, Button(person.title, f"topic:{PERSON}"))
        reply = replace(decision.replies[0], buttons=buttons)
        return replace(decision, replies=(reply,), state=replace(decision.state, offered=buttons))

    def started(self, payload: str) -> Decision:
        """Open with what the link was about: the code of a service or the id of a topic."""
        topic = "" if payload == ERASED else payload  # no link of somebody else's may erase
        decision = self.tapped(f"service:{payload}") or self.tapped(f"topic:{topic}")
        return decision or self.plain(Outcome.SMALL_TALK, "greeting")

    def said(self, text: str) -> Decision:
        typed = folded(text)
        if not typed:
            return self.plain(Outcome.NOT_UNDERSTOOD, "empty")
        payload = self.offered(typed)
        self.goes_on_asking = self.goes_on_asking or bool(payload)
        if payload.startswith("https://"):
            return self.page(payload)
        if not payload and typed.isdecimal():
            return self.plain(Outcome.NOT_UNDERSTOOD, "not_understood")
        return (self.tapped(payload) if payload else None) or self.asked(text)

    def offered(self, typed: str) -> str:
        """Return the payload of the offered button whose number or folded words were typed."""
        if typed.isdecimal() and 0 < int(typed) <= len(self.state.offered):
            return self.state.offered[int(typed) - 1].payload
        with_staff = back(self.knowledge) if self.state.handoff else ()
        shown = (*self.state.offered, *with_staff)
        return next((b.payload for b in shown if label(b.label) == typed), "")

    def page(self, url: str) -> Decision:
        """Tell the address of an offered page; what else was offered can still be chosen."""
        reply = Reply(self.knowledge.say("open_page", url=url))
        decision = self.decision(Outcome.ANSWERED, reply, self.state, topic="page")
        return replace(decision, state=self.state)

    def tapped(self, payload: str) -> Decision | None:
        """Act on a button; a payload is input from the public and maps to known things or to nothing."""
        kind, _, rest = payload.partition(":")
        code, _, name = rest.partition(":")
        decision: Decision | None = None
        match kind:
            case "service" if code in self.knowledge.content.catalogue.services:
                self.state = replace(self.state, question=self.knowledge.title(code))
                decision = self.answer(
                    Candidate(code, 1.0, ("button",)), aspect_named(name) or Aspect.OVERVIEW
                )
            case "topic" if rest in self.knowledge.content.topics:
                decision = self.tell(self.knowledge.topic(rest))
            case "ask" if aspect := aspect_named(rest):
                decision = self.about_service_in_hand(aspect)
            case answers.LIVES if rest in self.knowledge.content.places.communes:
                decision = self.lives(self.knowledge.gazetteer.commune(rest))
            case "say" if rest:
                decision = self.asked(redact(rest))
            case "other" if self.state.question:
                decision = self.other()
            case "assistant":
                self.state = replace(self.state, human_until=None)
                decision = ended(self.plain(Outcome.SMALL_TALK, "human.gone"), BY_THEM)
            case _:
                decision = survey.taken(payload, self.state, self.knowledge)
        return decision

    def about_service_in_hand(self, aspect: Aspect) -> Decision:
        if not self.state.service:
            return self.plain(Outcome.CHOICES, "which_service")
        return self.answer(Candidate(self.state.service, 1.0, ("in hand",)), aspect)

    def asked(self, text: str) -> Decision:
        u = understand(text, self.knowledge)
        self.remember(u)
        self.note("read", f"{' '.join(u.said.folded)} | about: {' '.join(u.subject.folded)}")
        self.note("aspect", f"{u.aspect or '-'}; follow-up: {u.follow_up}; rejection: {u.rejection}")
        if u.guard and not self.told_in_passing(u.guard, u):
            return self.guarded(u.guard, u)
        if u.rejection and self.state.question and not self.knowledge.index.tells(u.subject):
            return self.other()
        decision = self.whereabouts(u) or self.served(u, text)
        notes = [f"passing.{u.guard.outcome}"] if u.guard and u.guard.outcome in IN_PASSING else []
        notes += ["masked"] if u.masked else []
        for note in notes:
            decision = _with_note(decision, self.knowledge.say(note))
        return decision

    def told_in_passing(self, guard: Topic, u: Understanding) -> bool:
        """Tell whether a danger is part of a story whose need is clearly a service: a note will do.

        «Cháy nhà, mất hết giấy tờ» asks for papers; a short cry for help never does.
        """
        worded = self.knowledge.index.worded(u.written)
        if not worded and (guard.outcome not in IN_PASSING or len(u.said) < STORY):
            return False
        found = retrieve(query_of(u, self.knowledge), self.knowledge)
        best = found.services[0].score if found.services else 0.0
        if worded:
            return best >= EXACT
        grave = any(c.score >= ALIKE and self.outcome_of(c.code) == guard.outcome for c in found.others)
        return best >= CLEAR_STORY and not grave

    def sounded(self, u: Understanding, found: Retrieved, heard: Mapping[str, float]) -> Decision | None:
        """Meet what no phrase gives away but the words sound like: a scam told, a wish to be served."""
        kind = max(HEARD, key=lambda kind: heard.get(kind, 0.0))
        near = bool(found.services) and found.services[0].score >= NO_DOUBT
        grave = kind is Outcome.EMERGENCY
        goes_on = bool(self.state.service and u.aspect)
        told = kind is not Outcome.WARNING and bool(u.topic or u.missing or u.asks_place)
        if goes_on or told or heard.get(kind, 0.0) < (CLEARLY if near or grave else SOUNDS):
            return None
        self.note(
            "sounds like",
            f"{kind} {heard[kind]:.2f} by: {', '.join(self.knowledge.tone.because(u.said, kind))}",
        )
        alike = [c.code for c in found.others if self.outcome_of(c.code) == kind]
        if kind is Outcome.NOT_IN_CATALOGUE:
            return self.about_other(alike[0]) if alike else None
        return self.guarded(self.knowledge.topic(alike[0].partition(":")[2] if alike else USUAL[kind]), u)

    def outcome_of(self, document: str) -> str:
        """Return the outcome of a topic that was found by its examples."""
        kind, _, name = document.partition(":")
        return self.knowledge.topic(name).outcome if kind == "topic" else Outcome.NOT_IN_CATALOGUE

    def remember(self, u: Understanding) -> None:
        """Keep what the person said about themselves."""
        here = [c for mention in u.communes for c in self.knowledge.gazetteer.communes_of(mention)]
        commune = here[0].code if len(here) == 1 and not u.asks_place else self.state.commune
        pronoun = u.pronoun or self.state.pronoun
        if (pronoun, commune) != (self.state.pronoun, self.state.commune):
            self.state = replace(self.state, pronoun=pronoun, commune=commune)

    def whereabouts(self, u: Understanding) -> Decision | None:
        """Take the name of a commune as the answer to where the person lives."""
        if not self.state.commune_asked:
            return None
        gazetteer, index = self.knowledge.gazetteer, self.knowledge.index
        mention = gazetteer.named(u.said) or gazetteer.named(index.telling(u.said))
        if mention is None and u.communes and index.tells(u.subject) < PAIR:
            mention = u.communes[0]
        if mention is None:
            return None
        found = gazetteer.communes_of(mention)
        if len(found) == 1:
            return self.lives(found[0])
        reply = answers.communes_to_choose(found[:SHOWN], self.knowledge)
        return self.decision(Outcome.CHOICES, reply, self.state, topic="commune")

    def lives(self, commune: Commune) -> Decision:
        """Remember where the person lives and say where to go."""
        self.state = replace(self.state, commune=commune.code)
        if self.state.service:
            return self.about_service_in_hand(Aspect.PLACE)
        reply = answers.centre(commune, self.knowledge)
        return self.decision(Outcome.ANSWERED, reply, self.state, topic="commune")

    def guarded(self, topic: Topic, u: Understanding) -> Decision:
        """Meet a warning or a limit; who wants something done for them is shown how to do it."""
        decision = self.tell(topic)
        if topic.outcome != Outcome.CANNOT_ACT:
            return decision
        found = prefer_usual(self.retrieved(u).services, u.cued, self.knowledge)
        candidates = tuple(c for c in found if c.score >= POSSIBLE)
        if not candidates:
            return decision
        code = candidates[0].code
        how = Button(self.knowledge.title(code), f"service:{code}:{Aspect.ONLINE}")
        reply = replace(decision.replies[0], buttons=(how, *decision.replies[0].buttons))
        state = replace(decision.state, offered=reply.buttons)
        return replace(decision, replies=(reply,), state=state, services=candidates)

    def served(self, u: Understanding, text: str) -> Decision:
        named = next((w for w in u.said.folded if w in self.knowledge.content.catalogue.services), None)
        if named:
            return self.answer(Candidate(named, 1.0, ("code",)), u.aspect or Aspect.OVERVIEW)
        if attached := self.attached(u, text):
            return attached
        if u.joint and (both := self.two_needs(u)):
            return both
        if self.knowledge.index.worded(u.written):
            return self.written_down(u, text, self.found(u, text))
        if self.names_nothing(u):
            return self.plain(Outcome.CHOICES, "which_service")
        heard = self.knowledge.tone.heard(u.said)
        return self.unsearched(u, heard) or self.searched(u, text, heard)

    def attached(self, u: Understanding, text: str) -> Decision | None:
        """Answer by a phrase of the staff, unless only near to it and a danger, or another service nearer."""
        meant = self.knowledge.attached.meant(query_of(u, self.knowledge))
        if meant is None:
            return None
        if not meant.word_for_word and self.sounds_dangerous(u):
            return None
        found = self.found(u, text).services
        if not found or found[0].code != meant.phrase.code:
            return None
        self.note("phrase", f"{meant.phrase.code} {meant.likeness:.2f} by: «{meant.phrase.text}»")
        self.state = replace(self.state, question=text[:QUESTION_CHARS])
        return self.answer(found[0], u.aspect or Aspect.OVERVIEW, found)

    def sounds_dangerous(self, u: Understanding) -> bool:
        """Tell whether a message clearly sounds like an emergency or a scam."""
        heard = self.knowledge.tone.heard(u.said)
        return any(heard.get(kind, 0.0) >= CLEARLY for kind in IN_PASSING)

    def unsearched(self, u: Understanding, heard: Mapping[str, float]) -> Decision | None:
        """Answer what no service can be found for, nor need be: «nộp ở đâu?» of the one in hand, thanks."""
        if u.aspect and not (u.rejection or u.missing or self.knowledge.index.tells(u.matter)):
            if self.choices_wait and not u.topic:
                return self.first_choice(u.aspect)
            if self.state.service and not (self.choices_wait or _told_instead(u)):
                return self.about_service_in_hand(u.aspect)
        goes_on = self.state.service and not _told_instead(u)
        danger = heard.get(Outcome.WARNING, 0.0) >= SOUNDS
        if u.topic and u.nothing_else and not (goes_on or danger or u.missing or u.asks_place):
            return self.tell(u.topic)
        return None

    def searched(self, u: Understanding, text: str, heard: Mapping[str, float]) -> Decision:
        """Answer by what is found."""
        found = self.found(u, text)
        sounded = None if u.guard else self.sounded(u, found, heard)
        return sounded or self.meant(u, text, found, heard)

    def found(self, u: Understanding, text: str) -> Retrieved:
        """Return what may be meant, by «no, the other one» too."""
        return self.corrected(text, self.retrieved(u)) if u.rejection else self.retrieved(u)

    def written_down(self, u: Understanding, text: str, found: Retrieved) -> Decision:
        """Answer what we wrote down word for word, whatever else it sounds like."""
        if not found.services or found.services[0].score < EXACT:
            return self.meant(u, text, found, {})
        return self.goes_on(u, text, found) or self.choose(found.services, u, text)

    def meant(self, u: Understanding, text: str, found: Retrieved, heard: Mapping[str, float]) -> Decision:
        """Answer for the service in hand, by a topic, or by what was found."""
        best = found.services[0].score if found.services else 0.0
        told = self.goes_on(u, text, found) or self.general(u, found) or self.alike(found, best, heard)
        return told or self.choose(found.services, u, text)

    def goes_on(self, u: Understanding, text: str, found: Retrieved) -> Decision | None:
        """Take the message as more of what went before: of choices that wait, of the service in hand."""
        best = found.services[0].score if found.services else 0.0
        if self.choices_wait and best < STRONG and not u.topic:
            return self.narrowed(u, text)
        if self.stays(u, found, text):
            return self.about_service_in_hand(u.aspect or self.usual_aspect())
        return None

    def names_nothing(self, u: Understanding) -> bool:
        """Tell whether something is asked («mấy ngày xong») and nothing says of what."""
        known = self.state.service or self.state.question or u.topic or u.missing or u.guard or u.communes
        return not known and not self.knowledge.index.tells(u.subject)

    def two_needs(self, u: Understanding) -> Decision | None:
        """Serve both needs of one message, when each is clear and neither is a case of the other."""
        meant = [self.need(part, u) for part in parts(u)]
        needs = [need for need in meant if need is not None]
        clear = [need.candidate for need in needs if isinstance(need, Answered)]
        if len(meant) < PAIR or None in meant or not clear:
            return None
        asked = next((need for need in needs if isinstance(need, Ambiguous)), None)
        other = asked.candidates[0] if asked else clear[1]
        if not self.apart(clear[0], other):
            return None
        self.note("needs", f"{clear[0].code} and {other.code}")
        return self.both(tuple(clear), asked, u.aspect or Aspect.OVERVIEW)

    def both(self, clear: tuple[Candidate, ...], asked: Ambiguous | None, aspect: Aspect) -> Decision:
        """Answer what is clear; where the other need is a family, ask its question below."""
        subjects = [answers.subject(c.code, self.knowledge) for c in clear]
        among = tuple(c.code for c in asked.candidates) if asked else ()
        question = answers.choices(among, None, asked.question, self.knowledge) if asked else None
        reply = answers.two(subjects, aspect, question)
        passed = (*(c.code for c in clear), *among)
        state = replace(self.state, service=clear[0].code, aspect=aspect, passed_over=passed)
        return self.decision(Outcome.ANSWERED, reply, state, aspect=aspect, services=clear)

    def apart(self, one: Candidate, other: Candidate) -> bool:
        """Tell whether two needs are two: siblings are when each is named in full."""
        if self.knowledge.alike(one.code, other.code):
            return False
        kin = self.knowledge.families.get(one.code)
        related = kin is not None and kin is self.knowledge.families.get(other.code)
        return not related or all(c.score >= EXACT and c.named >= NAMED for c in (one, other))

    def need(self, part: Words, u: Understanding) -> Answered | Ambiguous | None:
        """Return the one service that a part of a message means, or a family that it names."""
        if self.knowledge.index.tells(part) < PAIR:
            return None
        alone = replace(u, subject=part, written=part.folded)
        found = retrieve(query_of(alone, self.knowledge), self.knowledge)
        chosen = choose(found.services, u.cued, self.knowledge)
        if isinstance(chosen, Answered) or (isinstance(chosen, Ambiguous) and chosen.question):
            return chosen
        best = found.services[0] if found.services else None
        return Answered(best) if best and best.score >= CLEAR and best.named >= NAMED else None

    def general(self, u: Understanding, found: Retrieved) -> Decision | None:
        """Answer what is not about one service: a place, something that is missing, a topic."""
        best, bar = 0.0, _bar(u)
        if found.services:
            best, bar = found.services[0].score, max(bar, sure(found.services[0], self.knowledge))
        if u.asks_place and best < CERTAIN:
            return self.located(u)
        if u.missing and best < CERTAIN:
            return self.lacking(u.missing)
        if u.topic and (u.nothing_else or best < bar):
            return self.tell(u.topic)
        return None

    def alike(self, found: Retrieved, best: float, heard: Mapping[str, float]) -> Decision | None:
        """Answer what was said in other words than the phrases of a topic, when no service is nearer."""
        other = found.others[0] if found.others else None
        if other is None or other.score < max(best + CLEARER, ALIKE):
            return None
        kind = self.outcome_of(other.code)
        unlike = kind in HEARD and heard.get(kind, 1.0) < BOTH
        if unlike or heard.get(ASKED, 0.0) >= SURELY_ASKED:
            return None
        return self.about_other(other.code)

    def about_other(self, document: str) -> Decision | None:
        """Tell a topic that was found by its examples, or that the catalogue lacks a matter."""
        kind, _, name = document.partition(":")
        if kind == "topic":
            return None if name == ERASED else self.tell(self.knowledge.topic(name))
        return self.lacking(next(m for m in self.knowledge.content.missing if m.id == name))

    def corrected(self, text: str, found: Retrieved) -> Retrieved:
        """Return what «no, it is lost» means: anything but what is in hand, which may need the question."""
        alone = self.but_what_is_in_hand(found.services)
        if self.state.question and (not alone or alone[0].score < STRONG):
            alone = self.but_what_is_in_hand(self.with_question(text).services)
        return replace(found, services=alone)

    def but_what_is_in_hand(self, services: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        """Leave out the service in hand: what spoke for it now speaks for the others."""
        hand = self.state.service
        own = [c for c in services if hand and self.knowledge.alike(c.code, hand)]
        left = 1 - max((c.score for c in own), default=0.0)
        others = (c for c in services if c not in own)
        return tuple(replace(c, score=min(1.0, c.score / max(left, c.score, ROUND))) for c in others)

    @property
    def choices_wait(self) -> bool:
        return any(button.payload == OTHER for button in self.state.offered)

    def narrowed(self, u: Understanding, text: str) -> Decision:
        """Take words that name none of the choices outright as more of the question that led to them."""
        self.goes_on_asking = True
        if u.aspect and not self.knowledge.index.tells(u.subject):
            return self.first_choice(u.aspect)
        whole = f"{self.state.question}. {text}"
        both = understand(whole, self.knowledge)
        return self.choose(
            self.retrieved(both).services, replace(both, aspect=u.aspect or both.aspect), whole
        )

    def first_choice(self, aspect: Aspect) -> Decision:
        """Answer an aspect for the first of the choices that wait; the others stay a tap away."""
        self.goes_on_asking = True
        codes = [b.payload.split(":")[1] for b in self.state.offered if b.payload.startswith("service:")]
        decision = self.answer(Candidate(codes[0], 1.0, ("first choice",)), aspect)
        others = answers.choices(codes[1:], aspect, "", self.knowledge).buttons[:-1]
        buttons = (*others, decision.replies[0].buttons[-1])
        reply = replace(decision.replies[0], buttons=buttons)
        state = replace(decision.state, offered=buttons)
        return _with_note(
            replace(decision, replies=(reply,), state=state), self.knowledge.say("choose.first")
        )

    def retrieved(self, u: Understanding) -> Retrieved:
        hand = self.state.service
        if hand and self.knowledge.index.tells(u.next_need) >= NEXT:
            u = replace(u, subject=u.next_need)
        query = query_of(u, self.knowledge)
        found = retrieve(query, self.knowledge)
        if u.follow_up and hand:
            near = siblings(query, hand, found.services, self.knowledge)
            found = replace(found, services=near)
        self.note("acts", " ".join(sorted(u.acts)) or "-")
        for c in (*found.services[:5], *found.others):
            self.note("candidate", _explained(c, self.knowledge))
        return found

    def stays(self, u: Understanding, found: Retrieved, text: str) -> bool:
        """Tell whether the message goes on about the service in hand."""
        hand, telling = self.state.service, self.knowledge.index.tells(u.matter)
        if not hand or u.rejection or u.missing or _told_instead(u):
            return False
        best = found.services[0] if telling and found.services else None
        if best is None or self.knowledge.alike(best.code, hand):
            return u.aspect is not None
        if _names_another(best, telling) or (u.aspect is None and telling > FEW):
            return False
        both = self.with_question(text).services
        return self.knowledge.alike(both[0].code, hand)

    def with_question(self, text: str) -> Retrieved:
        """Return what the message means as more of the question in hand."""
        both = understand(f"{self.state.question}. {text}", self.knowledge)
        return retrieve(query_of(both, self.knowledge), self.knowledge)

    def usual_aspect(self) -> Aspect:
        """Return what answers «must both of us come?» best: the conditions, where we wrote them down."""
        return Aspect.CONDITIONS if self.knowledge.text(self.state.service).conditions else Aspect.OVERVIEW

    def choose(self, candidates: tuple[Candidate, ...], u: Understanding, text: str) -> Decision:
        chosen = choose(candidates, u.cued, self.knowledge, self.telling(u))
        self.note("choice", type(chosen).__name__)
        if isinstance(chosen, NotUnderstood):
            return self.plain(Outcome.NOT_UNDERSTOOD, "not_understood")
        self.state = replace(self.state, question=text[:QUESTION_CHARS])
        if isinstance(chosen, Answered):
            return self.answer(chosen.candidate, u.aspect or Aspect.OVERVIEW, candidates)
        return self.ask_back(chosen.candidates, chosen.question, u.aspect)

    def telling(self, u: Understanding) -> int:
        return len(set(self.knowledge.index.telling(u.subject).folded))

    def other(self) -> Decision:
        """Offer the next best for the question in hand."""
        self.goes_on_asking = True
        u = understand(self.state.question, self.knowledge)
        passed = {*self.state.passed_over, self.state.service}
        left = tuple(c for c in self.retrieved(u).services if c.code not in passed)[:SHOWN]
        if not left:
            return self.plain(Outcome.NOT_UNDERSTOOD, "not_understood.again")
        return self.ask_back(left, self.knowledge.say("choose.again"), u.aspect)

    def answer(self, candidate: Candidate, aspect: Aspect, ranked: tuple[Candidate, ...] = ()) -> Decision:
        subject = self.subject(candidate.code, aspect)
        reply = answers.about(subject, aspect)
        state = replace(
            self.state,
            service=candidate.code,
            topic="",
            aspect=aspect,
            passed_over=(candidate.code,),
            commune_asked=self.state.commune_asked or subject.ask_commune,
        )
        rest = tuple(c for c in ranked if c.code != candidate.code)
        return self.decision(Outcome.ANSWERED, reply, state, aspect=aspect, services=(candidate, *rest))

    def subject(self, code: str, aspect: Aspect) -> About:
        """Return a service as seen from where the person lives; who did not say is asked, once."""
        subject = answers.subject(code, self.knowledge)
        if aspect is not Aspect.PLACE or not subject.near_home:
            return subject
        if self.state.commune:
            commune = self.knowledge.gazetteer.commune(self.state.commune)
            office = self.knowledge.offices.get(commune.code)
            return replace(subject, commune=in_sentence(commune), office=office)
        return replace(subject, ask_commune=not self.state.commune_asked)

    def ask_back(self, among: tuple[Candidate, ...], question: str, aspect: Aspect | None) -> Decision:
        head = question or self.knowledge.say("choose.head")
        reply = answers.choices((c.code for c in among), aspect, head, self.knowledge)
        passed = (*self.state.passed_over, *(c.code for c in among))[-20:]
        state = replace(self.state, aspect=aspect, topic="", passed_over=passed)
        return self.decision(Outcome.CHOICES, reply, state, aspect=aspect, services=among)

    def tell(self, topic: Topic) -> Decision:
        self.note("topic", topic.id)
        reply = answers.topic(topic, self.knowledge)
        state, about = replace(self.state, topic=topic.id), topic.report_as or topic.id
        decision = self.decision(Outcome(topic.outcome), reply, state, topic=about)
        if topic.id == PERSON:
            return passed_on(decision, self.knowledge)
        return replace(decision, erase=True) if topic.id == ERASED else decision

    def located(self, u: Understanding) -> Decision:
        reply = answers.communes(u.communes, self.knowledge)
        return self.decision(Outcome.ANSWERED, reply, self.state, topic="commune")

    def lacking(self, missing: Missing) -> Decision:
        self.note("missing", missing.id)
        text = missing.text.format(**self.knowledge.figures).strip()
        state = replace(self.state, topic="")
        return self.decision(Outcome.NOT_IN_CATALOGUE, Reply(text), state, topic=missing.id)

    def plain(self, outcome: Outcome, key: str) -> Decision:
        reply = Reply(self.knowledge.say(key), menu(self.knowledge))
        return self.decision(outcome, reply, self.state)

    def decision(
        self,
        outcome: Outcome,
        reply: Reply,
        state: DialogueState,
        *,
        topic: str | None = None,
        aspect: Aspect | None = None,
        services: tuple[Candidate, ...] = (),
    ) -> Decision:
        state = replace(state, offered=reply.buttons)
        trace = tuple(self.trace)
        return Decision(outcome, (reply,), state, topic, aspect, services[:KEPT], trace=trace)

    def note(self, stage: str, detail: str) -> None:
        self.trace.append(TraceLine(stage, detail))


def _explained(candidate: Candidate, knowledge: Knowledge) -> str:
    """Say why a candidate is one: its confidence, its nearest wording, the words that it shares."""
    known = candidate.code in knowledge.content.catalogue.services
    title = f" {knowledge.title(candidate.code)}" if known else ""
    near = f"near «{shorten(candidate.wording, SHOWN_CHARS)}» by: {' '.join(candidate.shared) or '-'}"
    return f"{candidate.code} {candidate.score:.2f}{title} | {near}"


def _told_instead(u: Understanding) -> bool:
    """Tell whether a topic is meant: one that is not just the same aspect in general, nor an «ờ, ở đâu»."""
    if u.topic is None:
        return False
    if u.topic.outcome == Outcome.SMALL_TALK and u.aspect:
        return False
    return u.topic.aspect is None or u.topic.aspect is not u.aspect


def _names_another(best: Candidate, telling: int) -> bool:
    """Tell whether a message means another service: the shorter it is, the clearer it must name it."""
    if best.named >= NAMED and best.score >= SWITCH_NAMED:
        return True
    return best.score >= (SWITCH_SHORT if telling <= FEW else SWITCH_LONG if telling >= MANY else SWITCH)


def _bar(u: Understanding) -> float:
    """Return how near a service must be to be meant rather than the topic that was heard."""
    if u.topic is None or u.topic.report_as == WORRY:
        return 1.0
    if u.topic.outcome == Outcome.OUT_OF_SCOPE:
        return CLEAR_STORY
    return CLEAR if u.topic.aspect and u.topic.aspect is u.aspect else STRONG


def aspect_named(name: str) -> Aspect | None:
    """Return the aspect of a payload, None for anything else."""
    return Aspect(name) if name in set(Aspect) else None


def _spoken_to(decision: Decision) -> Decision:
    pronoun = decision.state.pronoun
    replies = (replace(reply, text=addressed(reply.text, pronoun)) for reply in decision.replies)
    return replace(decision, replies=tuple(replies)) if pronoun else decision


def _introduced(decision: Decision, before: DialogueState, knowledge: Knowledge) -> Decision:
    """Add the line about the assistant and about data below the first reply: the answer comes first."""
    if before.introduced or not decision.replies:
        return decision
    introduced = _with_note(decision, knowledge.say("intro", **knowledge.figures))
    return replace(introduced, state=replace(introduced.state, introduced=True))


def _with_note(decision: Decision, note: str) -> Decision:
    first, *rest = decision.replies
    return replace(decision, replies=(replace(first, text=f"{first.text}\n\n{note}"), *rest))
