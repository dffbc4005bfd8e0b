"""Phrases as patterns: `word`, `(one|other)`, `[optional]`, `*` for up to four words.

A word of a pattern stands for itself and, in a message typed without diacritics, for its unaccented
form: «ma otp» is «mã OTP»; in a message with diacritics «con» is a child, not «còn».

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cached_property

from intents.text import Words, accented, fold, tokenize

Form = Callable[[str], str]

MARKED = 0.4
"""From this share of marked words on, a word without a mark is meant without one."""

_PART = re.compile(r"[()\[\]|*]|[^()\[\]|*\s]+")
_GAP = r"((?:\S+ ){0,4}?)"


class Patterns:
    """Many phrases as one expression, found as whole words."""

    def __init__(self, phrases: Iterable[str]) -> None:
        """Compile the phrases when they are first needed; raise ValueError for one that is malformed."""
        self._phrases = tuple(phrases)

    @cached_property
    def _exact(self) -> re.Pattern[str] | None:
        return self._compile(accented)

    @cached_property
    def _either(self) -> re.Pattern[str] | None:
        return self._compile(accented, fold)

    def _compile(self, *forms: Form) -> re.Pattern[str] | None:
        alternatives = "|".join(_translate(p, forms) for p in self._phrases)
        return re.compile(rf"(?<= )(?:{alternatives})") if alternatives else None

    def _expression(self, said: Words) -> re.Pattern[str] | None:
        return self._exact if said.share_marked >= MARKED else self._either

    def find(self, said: Words) -> str:
        """Return the first words that match, or an empty text."""
        span = self.span(said)
        return " ".join(said.accented[span[0] : span[1]]) if span else ""

    def span(self, said: Words) -> tuple[int, int] | None:
        """Return the positions of the first match, from and up to."""
        line = _line(said)
        expression = self._expression(said)
        found = expression.search(line) if expression else None
        return (line.count(" ", 1, found.start()), line.count(" ", 1, found.end())) if found else None

    def tails(self, said: Words) -> set[int]:
        """Return the positions of the matched words; what stands before a filled gap is left out.

        In «mất bao lâu» all words ask for the time; in «mất hộ chiếu bao lâu» the first is the subject.
        """
        line = _line(said)
        expression = self._expression(said)
        matches = expression.finditer(line) if expression else ()
        tails = ((max([m.start(), *_filled_gaps(m)]), m.end()) for m in matches)
        return {i for start, end in tails for i in range(line.count(" ", 1, start), line.count(" ", 1, end))}


def _filled_gaps(match: re.Match[str]) -> list[int]:
    return [end for start, end in match.regs[1:] if start < end]


def _line(said: Words) -> str:
    return f" {' '.join(said.accented)} "


def _translate(phrase: str, forms: tuple[Form, ...]) -> str:
    return "".join(_part(p, forms) for p in _PART.findall(phrase))


def _part(part: str, forms: tuple[Form, ...]) -> str:
    special = {"(": "(?:", "[": "(?:", ")": ")", "]": ")?", "|": "|", "*": _GAP}
    return special.get(part) or "".join(_word(token, forms) for token in tokenize(part))


def _word(token: str, forms: tuple[Form, ...]) -> str:
    written = dict.fromkeys(re.escape(form(token)) for form in forms)
    return f"(?:{'|'.join(written)}) " if len(written) > 1 else f"{next(iter(written))} "
