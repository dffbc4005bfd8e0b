"""Structure of the content: references, lengths, forms, words of a world that is gone.

Everything is collected; a finding is for the person who writes content.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from urllib.parse import urlsplit

from content.files import Finding, Reader
from content.loader import read
from content.models import Aspect, Choice, Content, Family, Missing, PlainText, Topic

LABEL_CHARS = 40
"""What a button shows on a narrow telephone."""
PAYLOAD_BYTES = 64
"""Telegram's limit for `callback_data`, the narrowest of all channels."""
TOPIC_CHARS = 700
"""One screen of a telephone."""
SIBLINGS = range(2, 5)
SENTENCE_WORDS = 28
"""What somebody who left school early reads without going back."""
_SENTENCE = re.compile(r"[.!?:;\n]")
FIGURES = frozenset(
    f"{whose}_{what}" for whose in ("catalogue", "commune") for what in ("total", "full", "partial")
) | {"catalogue_date", "retention_days", "count", "duty"}
"""Variables that texts of topics may use."""
VARIABLES = FIGURES.union(
    (
        "address",
        "amounts",
        "commune",
        "checked",
        "date",
        "district",
        "executing",
        "fee",
        "high",
        "hours",
        "limit",
        "low",
        "method",
        "methods",
        "name",
        "number",
    ),
    ("note", "now", "office", "rule", "state", "telephone", "text", "tier", "time", "times", "title"),
    ("updated", "url", "value", "what"),
)
"""Variables that answers may use; which one stands where is seen when all are rendered."""
OUTCOMES = frozenset(
    ("answered", "warning", "cannot_act", "injection", "emergency", "small_talk", "out_of_scope", "handoff")
)

_ADDRESS = re.compile(
    r"https?://[^\s)»\"]*[^\s)»\".,;:!?]"
    r"|\b[\w-]+(?:\.[\w-]+)*\.(?:vn|com|net|org|ly|me|to|gl|cc|info|io|app|xyz|top|site|online|link|shop|asia)\b"
)
_TELEPHONE = re.compile(
    r"(?<![\d./-])(?:1[89]00(?:[ .]?\d){4,6}|(?:\+84[ .]?|\(?0)\d(?:[ .)-]{0,2}\d){7,9})(?![\d/-])"
)

Item = PlainText | Family | Topic | Missing


def check(reader: Reader, today: dt.date) -> tuple[Content | None, list[Finding]]:
    """Read all content and return it with every finding."""
    content = read(reader)
    if content is None:
        return None, sorted(reader.findings)
    checks = (_ids, _references, _lengths, _texts, _dates, _answers, _abolished)
    found = [finding for one in checks for finding in one(content, reader, today)]
    return content, sorted([*reader.findings, *found])


def items(content: Content) -> Iterator[Item]:
    """Yield everything that has an id and texts."""
    yield from content.texts
    yield from content.families
    yield from content.topics.values()
    yield from content.missing


def place(item: Item, reader: Reader) -> str:
    """Return the file of an item and its id."""
    return f"{reader.origins.get((type(item), item.id), 'content')}: {item.id}"


HEARD = frozenset(("examples", "patterns", "short_patterns"))
"""Fields that hold what people write to us; the rules are for what we say."""


def texts(item: object) -> Iterator[str]:
    """Yield every text of ours within an item."""
    if isinstance(item, str):
        yield item
    elif isinstance(item, Mapping):
        for value in item.values():
            yield from texts(value)
    elif isinstance(item, tuple):
        for value in item:
            yield from texts(value)
    elif dataclasses.is_dataclass(item) and not isinstance(item, type):
        ours = (field.name for field in dataclasses.fields(item) if field.name not in HEARD)
        for name in ours:
            yield from texts(getattr(item, name))


def _ids(content: Content, reader: Reader, _today: dt.date) -> Iterator[Finding]:
    owners = Counter(text.codes[0] for text in content.texts if text.codes)
    for text in content.texts:
        if text.codes and owners[text.codes[0]] > 1:
            yield Finding(place(text, reader), f"another text speaks for {text.codes[0]} too")


def _references(content: Content, reader: Reader, _today: dt.date) -> Iterator[Finding]:
    services = content.catalogue.services
    for text in content.texts:
        yield from _unknown_codes(text, text.codes, content, reader)
        offered = {offer.method for code in text.codes if code in services for offer in services[code].offers}
        for method in text.steps.keys() - offered:
            yield Finding(place(text, reader), f"steps for a method that is not offered: {method}")
    for family in content.families:
        yield from _unknown_codes(family, [m.code for m in family.siblings], content, reader)
    for topic in content.topics.values():
        for choice in topic.buttons:
            if problem := _payload_problem(choice, content):
                yield Finding(place(topic, reader), f"button «{choice.label}»: {problem}")


def _unknown_codes(item: Item, codes: Iterable[str], content: Content, reader: Reader) -> Iterator[Finding]:
    for code in codes:
        if code not in content.catalogue.services:
            yield Finding(place(item, reader), f"no such service: {code}")


def _payload_problem(choice: Choice, content: Content) -> str:
    kind, _, rest = choice.payload.partition(":")
    known = {
        "topic": rest in content.topics,
        "ask": rest in set(Aspect),
        "service": rest.partition(":")[0] in content.catalogue.services,
        "say": bool(rest),
        "https": _official(choice.payload),
    }
    return "" if known.get(kind) else f"leads nowhere: {choice.payload}"


def _official(address: str) -> bool:
    host = urlsplit(address if "//" in address else f"https://{address}").hostname or ""
    return host == "gov.vn" or host.endswith(".gov.vn")


def _lengths(content: Content, reader: Reader, _today: dt.date) -> Iterator[Finding]:
    for item in items(content):
        where = place(item, reader)
        match item:
            case PlainText():
                yield from _long(item.title, LABEL_CHARS, where)
                yield from _incomplete(item, where)
            case Family():
                yield from _siblings(item, where)
            case Topic():
                yield from _long(item.title, LABEL_CHARS, where)
                yield from _long(item.text, TOPIC_CHARS, where)
                yield from _buttons(item, where)


def _incomplete(text: PlainText, where: str) -> Iterator[Finding]:
    if not text.examples or not text.codes:
        yield Finding(where, "needs at least one code and one example question")
    if text.summary and not text.sources:
        yield Finding(where, "a text needs its sources")


def _siblings(family: Family, where: str) -> Iterator[Finding]:
    if len(family.siblings) not in SIBLINGS:
        yield Finding(where, "needs two to four siblings")
    for sibling in family.siblings:
        yield from _long(sibling.label, LABEL_CHARS, where)


def _buttons(topic: Topic, where: str) -> Iterator[Finding]:
    for choice in topic.buttons:
        yield from _long(choice.label, LABEL_CHARS, where)
        if not choice.payload.startswith("https:") and len(choice.payload.encode()) > PAYLOAD_BYTES:
            yield Finding(where, f"payload over {PAYLOAD_BYTES} bytes: {choice.payload}")


def _long(text: str, limit: int, where: str) -> Iterator[Finding]:
    if len(text) > limit:
        yield Finding(where, f"longer than {limit} characters: {text[:50]}…")


def _texts(content: Content, reader: Reader, _today: dt.date) -> Iterator[Finding]:
    for item in items(content):
        named = set(item.sources) if isinstance(item, PlainText | Topic) else set()
        for text in texts(item):
            if text not in named:
                yield from _text_problems(text, place(item, reader), content)
    for key, text in content.answers.items():
        yield from _text_problems(text, f"content/answers: {key}", content)


def _text_problems(text: str, where: str, content: Content) -> Iterator[Finding]:
    yield from _letters(text, where)
    for address in _ADDRESS.findall(text):
        if not _official(address):
            yield Finding(where, f"not an official address: {address}")
    for sentence in _SENTENCE.split(text):
        if len(sentence.split()) > SENTENCE_WORDS:
            yield Finding(where, f"a sentence of more than {SENTENCE_WORDS} words: {sentence.strip()[:50]}…")
    for number in _TELEPHONE.findall(text):
        if re.sub(r"\D", "", number) not in content.vocabulary.telephones:
            yield Finding(where, f"not a confirmed telephone number: {number}")


def _letters(text: str, where: str) -> Iterator[Finding]:
    if unicodedata.normalize("NFC", text) != text:
        yield Finding(where, f"letters and marks are apart (not NFC): {text[:40]}")
    foreign = {c for c in text if c.isalpha() and not unicodedata.name(c, "").startswith("LATIN")}
    if foreign:
        yield Finding(where, f"letters of another alphabet: {' '.join(sorted(foreign))}")


def _dates(content: Content, reader: Reader, today: dt.date) -> Iterator[Finding]:
    dated: tuple[PlainText | Topic, ...] = (*content.texts, *content.topics.values())
    for item in dated:
        if not dt.date(2022, 1, 1) <= item.checked <= today:
            yield Finding(place(item, reader), f"checked on an impossible day: {item.checked}")


def _answers(content: Content, reader: Reader, _today: dt.date) -> Iterator[Finding]:
    for key, text in content.answers.items():
        yield from _unknown_variables(text, f"content/answers: {key}", VARIABLES)
    for topic in content.topics.values():
        yield from _unknown_variables(topic.text, place(topic, reader))
        if topic.outcome not in OUTCOMES:
            yield Finding(place(topic, reader), f"unknown outcome: {topic.outcome}")
    for missing in content.missing:
        yield from _unknown_variables(missing.text, place(missing, reader))


def _unknown_variables(template: str, where: str, known: AbstractSet[str] = FIGURES) -> Iterator[Finding]:
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    except ValueError as error:
        yield Finding(where, f"not a template: {error}")
        return
    for name in names - known:
        yield Finding(where, f"unknown variable: {{{name}}}")


def _abolished(content: Content, reader: Reader, _today: dt.date) -> Iterator[Finding]:
    vocabulary = content.vocabulary
    explained = re.compile("|".join(map(re.escape, vocabulary.explained)), re.IGNORECASE)
    gone = re.compile("|".join(map(re.escape, vocabulary.abolished)), re.IGNORECASE)
    for item in items(content):
        for text in _told(item):
            for sentence in re.split(r"(?<=[.!?])\s|\n", text):
                found = gone.search(sentence)
                if found and not explained.search(sentence):
                    yield Finding(
                        place(item, reader), f"no longer exists: «{found.group()}» in: {sentence[:80]}"
                    )


def _told(item: Item) -> Iterator[str]:
    """Yield what citizens read: not the words in which they ask, which may be old."""
    match item:
        case PlainText():
            lists = (item.documents, item.conditions, item.steps, item.cautions)
            yield from texts((item.summary, item.fee, item.time, item.place, item.post, item.online, *lists))
        case Topic() | Missing():
            yield item.text
        case Family():
            yield item.question


def aged(content: Content, reader: Reader, before: dt.date) -> Iterator[str]:
    """Yield the texts and topics that nobody has compared with their sources since a day."""
    dated: tuple[PlainText | Topic, ...] = (*content.texts, *content.topics.values())
    for item in sorted(dated, key=lambda item: item.checked):
        if item.checked < before:
            yield f"{place(item, reader)}: last compared with its sources on {item.checked}"
