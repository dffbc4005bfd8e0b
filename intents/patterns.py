"""Phrases as patterns: `word`, `(one|other)`, `[optional]`, `*` for up to five words.

A word of a pattern stands for itself and, in a message typed without diacritics, for its unaccented
form: «ma otp» is «mã OTP»; in a message with diacritics «con» is a child, not «còn».

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache

from intents.text import MARKED, Words, accented, fold, tokenize

Form = Callable[[str], str]


_PART = re.compile(r"[()\[\]|*]|[^()\[\]|*\s]+")
_OPTIONAL = re.compile(r"\[[^\[\]]*\]")
_GROUP = re.compile(r"\(([^()]*)\)")
_NESTED = re.compile(r"\([^()]*\(|\[")
_GAP = r"((?:\S+ ){0,5}?)"


class Patterns:
    """Many phrases, found as whole words; each is tried only where one of its words was said."""

    def __init__(self, phrases: Iterable[str]) -> None:
        """Take the phrases; each is compiled when it is first tried."""
        self._phrases = tuple(phrases)

    @cached_property
    def _by_anchor(self) -> dict[str, list[int]]:
        """Phrases by a word, folded, without which they cannot match; "" for those without one."""
        phrases: dict[str, list[int]] = defaultdict(list)
        for number, phrase in enumerate(self._phrases):
            for word in _anchors(phrase):
                phrases[word].append(number)
        return dict(phrases)

    def warm(self) -> None:
        """Compile all phrases now, so that nobody waits for it later."""
        for phrase in self._phrases:
            _compile(phrase, marked=True)
            _compile(phrase, marked=False)

    def find(self, said: Words) -> str:
        """Return the first words that match, or an empty text."""
        span = self.span(said)
        return " ".join(said.accented[span[0] : span[1]]) if span else ""

    def span(self, said: Words) -> tuple[int, int] | None:
        """Return the positions of the first match, from and up to; of several there, the longest."""
        found = (expression.search(said.line) for _, expression in self._expressions(said))
        spans = [_positions(said.line, m.start(), m.end()) for m in found if m]
        return min(spans, key=lambda span: (span[0], -span[1]), default=None)

    def matching(self, said: Words) -> list[int]:
        """Return the numbers of the phrases that match."""
        return [n for n, expression in self._expressions(said) if expression.search(said.line)]

    def tails(self, said: Words) -> set[int]:
        """Return the positions of the matched words; what stands before a filled gap is left out.

        In «mất bao lâu» all words ask for the time; in «mất hộ chiếu bao lâu» the first is the subject.
        """
        matches = (m for _, expression in self._expressions(said) for m in expression.finditer(said.line))
        tails = (_positions(said.line, max([m.start(), *_filled_gaps(m)]), m.end()) for m in matches)
        return {position for start, end in tails for position in range(start, end)}

    def _expressions(self, said: Words) -> Iterator[tuple[int, re.Pattern[str]]]:
        anchors = self._by_anchor
        numbers = {n for word in {"", *said.folded} for n in anchors.get(word, ())}
        marked = said.share_marked >= MARKED
        return ((n, _compile(self._phrases[n], marked=marked)) for n in sorted(numbers))


def _positions(line: str, start: int, end: int) -> tuple[int, int]:
    return line.count(" ", 1, start), line.count(" ", 1, end)


def _filled_gaps(match: re.Match[str]) -> list[int]:
    return [end for start, end in match.regs[1:] if start < end]


@lru_cache(maxsize=10_000)
def _compile(phrase: str, *, marked: bool) -> re.Pattern[str]:
    forms: tuple[Form, ...] = (accented,) if marked else (accented, fold)
    return re.compile("(?<= )" + "".join(_part(p, forms) for p in _PART.findall(phrase)))


def _part(part: str, forms: tuple[Form, ...]) -> str:
    special = {"(": "(?:", "[": "(?:", ")": ")", "]": ")?", "|": "|", "*": _GAP}
    return special.get(part) or "".join(_word(token, forms) for token in tokenize(part))


def _word(token: str, forms: tuple[Form, ...]) -> str:
    written = dict.fromkeys(re.escape(form(token)) for form in forms)
    return f"(?:{'|'.join(written)}) " if len(written) > 1 else f"{next(iter(written))} "


def problem(phrase: str) -> str:
    """Return what is wrong with a phrase, or an empty text."""
    try:
        for marked in (True, False):
            _compile(phrase, marked=marked)
    except re.error as error:
        return f"{error.msg}: {phrase}"
    return ""


def _anchors(phrase: str) -> set[str]:
    """Return folded words of which one must be said: the longest certain word, else one of a group's."""
    needed = _OPTIONAL.sub(" ", phrase)
    if _NESTED.search(needed):
        return {""}
    certain = tokenize(_GROUP.sub(" ", needed))
    if certain:
        return {fold(max(certain, key=len))}
    groups = [{_first(alternative) for alternative in group.split("|")} for group in _GROUP.findall(needed)]
    return min((group for group in groups if "" not in group), key=len, default={""})


def _first(alternative: str) -> str:
    return fold(next(iter(tokenize(alternative)), ""))
