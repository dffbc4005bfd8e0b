"""Clean and fold the portal's texts, so that every rule reads one spelling."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_SENTENCE = re.compile(r";|\.(?!\d)|(?:^|(?<=\s))[-+*•](?=\s)")
_CLAUSE = re.compile(r"[()]")
_RULE = re.compile(r"\d[\d.]*/\d{4}/(?:TTLT|TT|NĐ|NQ)-[A-ZĐ]+(?:-[A-ZĐ]+)*")


def clean(text: str | None) -> str:
    """Return the text composed, without invisible characters, with single spaces."""
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFC", text or "")).split())


def fold(text: str) -> str:
    """Return the text in lower case and without diacritics; letters keep their places."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return plain.replace("đ", "d").replace("Đ", "d").lower()


def sentences(text: str) -> list[str]:
    """Split at full stops, semicolons and bullets, never inside a number."""
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def clauses(sentence: str) -> list[str]:
    """Split at parentheses, since a note often dates an amount inside them."""
    return [part.strip() for part in _CLAUSE.split(sentence) if part.strip()]


def rule_in(text: str) -> str:
    """Return the number of the first circular, decree or resolution that the text cites, or nothing."""
    found = _RULE.search(text)
    return found.group() if found else ""
