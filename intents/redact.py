"""Masks personal numbers in what is kept: identity numbers, telephones, cards, one-time codes, addresses.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re

MASK = "[•••]"

_KEPT = re.compile(
    r"(?<![\w.])[1-9]\.\d{6}(?![\w])"  # codes of services
    r"|(?<!\d)\d{1,2}[/.-]\d{1,2}[/.-]\d{4}(?!\d)"  # dates
    r"|\b\d{1,4}/\d{4}/[\wĐ-]+"  # numbers of documents
    r"|(?<![\d.])\d{1,3}(?:\.000)+(?!\d)",  # amounts of money
)
_PERSONAL = re.compile(
    r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"  # e-mail
    r"|(?<!\w)\+?\d(?:[ .\-()]{0,2}\d){7,18}(?!\w)"  # eight or more digits, however they are grouped
    r"|(?<!\w)[A-Za-z]\d{7,8}(?!\w)"  # passports
    r"|(?<!\w)\d{2}[A-Za-zĐđ]{1,2}\d?[ -]?\d{3}\.?\d{1,2}(?!\d)",  # number plates
)
_CODE_WORD = re.compile(
    r"(otp|pin|m[aậ]t kh[aẩ]u|pass(?:word)?|m[aã] x[aá]c (?:nh[aậ]n|th[uự]c))"
    r"((?:\W+\w+){0,2}?\W+)(\d{4,8})(?!\w)",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """Return text with personal numbers masked; codes of services, dates and amounts stay."""
    text = _CODE_WORD.sub(rf"\1\2{MASK}", text)
    parts: list[str] = []
    end = 0
    for kept in _KEPT.finditer(text):
        parts += [_PERSONAL.sub(MASK, text[end : kept.start()]), kept.group()]
        end = kept.end()
    return "".join([*parts, _PERSONAL.sub(MASK, text[end:])])
