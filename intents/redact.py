"""Masks personal numbers in what is kept: identity numbers, telephones, cards, one-time codes, addresses.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re

from intents.text import clean

MASK = "[•••]"

_NUMBER_OR_AT = re.compile(r"[\d@]")
"""What all personal data but passwords have."""
_KEPT = re.compile(
    r"(?<![\w.])[1-9]\.\d{6}(?!\w)"  # codes of services
    r"|(?<!\d)\d{1,2}[/.-]\d{1,2}[/.-]\d{4}(?!\d)"  # dates
    r"|(?<!\d)(?:19|20)\d{2}[ -](?:19|20)\d{2}(?!\d)"  # years
    r"|\b\d{1,4}/\d{4}/[\wĐ-]+"  # numbers of documents
    r"|(?<![\d.])\d{1,3}(?:\.000)+(?!\d)"  # amounts of money
    r"|(?<![\d.])\d{4,12}(?= ?(?:đồng|dong|đ|vnđ|vnd)\b)"
    r"|(?<!\d)1[89]00(?:[ .]?\d){4,6}(?!\d)",  # service lines, which belong to nobody
    re.IGNORECASE,
)
_PERSONAL = re.compile(
    r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"  # e-mail
    r"|\+?\d(?:[ .\-()]{0,2}\d){7,}"  # eight or more digits, however they are grouped
    r"|(?<!\w)[A-Za-zĐđ]{1,3}\d{7,}"  # passports, health insurance cards
    r"|(?<!\w)\d{2}[ -]?[A-Za-zĐđ]{1,2}\d?[ -]?\d{3}\.?\d{1,2}(?!\d)",  # number plates
)
_NAMES = r"otp|pin|m[aậ]t kh[aẩ]u|pass(?:word)?|m[aã] x[aá]c (?:nh[aậ]n|th[uự]c)"
_AFTER_ITS_NAME = re.compile(rf"((?:{_NAMES})(?:\W+\w+){{0,4}}?\W+)(\d(?: ?\d){{3,7}})(?!\w)", re.IGNORECASE)
_BEFORE_ITS_NAME = re.compile(rf"(?<!\w)\d{{4,8}}(?=\W+(?:\w+\W+){{0,3}}?(?:{_NAMES})\b)", re.IGNORECASE)

_PASSWORD = re.compile(
    r"((?:m[aậ]t kh[aẩ]u|pass(?:word)?|mk)(?:\W+\w+){0,5}?\s*(?:\bl[aà]\b|[:=])\s*)(\S+)", re.IGNORECASE
)


def redact(text: str) -> str:
    """Return text, cleaned, with personal numbers masked; codes of services, dates and amounts stay."""
    text = clean(text)
    if _NUMBER_OR_AT.search(text):
        text = _masked(text)
    return _PASSWORD.sub(rf"\1{MASK}", text)


def _masked(text: str) -> str:
    parts: list[str] = []
    end = 0
    for kept in _KEPT.finditer(text):
        parts += [_PERSONAL.sub(MASK, text[end : kept.start()]), kept.group()]
        end = kept.end()
    text = "".join([*parts, _PERSONAL.sub(MASK, text[end:])])
    return _BEFORE_ITS_NAME.sub(MASK, _AFTER_ITS_NAME.sub(rf"\1{MASK}", text))
