"""Phrases as patterns: `word`, `(one|other)`, `[optional]`, `*` for up to five words.

A word of a pattern stands for itself and, in a message typed without diacritics, for its unaccented
form: «ma otp» is «mã OTP»; in a message with diacritics «con» is a child, not «còn».

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from intents.text import MARKED, Words, accented, fold, tokenize

Form = Callable[[str], str]
Group = str | tuple[str, str]
"""A name, or a kind with a name."""
Span = tuple[int, int]


_PART = re.compile(r"[()\[\]|*]|[^()\[\]|*\s]+")
_OPTIONAL = re.compile(r"\[[^\[\]]*\]")
_GROUP = re.compile(r"\(([^()]*)\)")
_NESTED = re.compile(r"\([^()]*\(|\[")
_GAP = r"((?: \S+){0,5}?)"


@dataclass(frozen=True, slots=True)
class Match:
    """Where a phrase was found: positions of words, from and up to."""

    phrase: int
    """Number of the phrase within its group."""
    start: int
    end: int
    tail: int
    """Where the last filled gap ends: in «mất hộ chiếu bao lâu» the passport is the subject."""


@dataclass(frozen=True, slots=True)
class Found:
    """The phrases of a phrasebook that a message holds, by group."""

    matches: Mapping[Group, tuple[Match, ...]]

    def __contains__(self, group: Group) -> bool:
        """Tell whether any phrase of a group was found."""
        return group in self.matches

    def span(self, group: Group) -> Span | None:
        """Return the positions of a group's first match, from and up to; of several there, the longest."""
        spans = ((m.start, m.end) for m in self.matches.get(group, ()))
        return min(spans, key=lambda span: (span[0], -span[1]), default=None)

    def of_kind(self, kind: str) -> list[tuple[tuple[str, str], str]]:
        """Return the groups of one kind that were found, with their names; keys are pairs (kind, name)."""
        return [(key, key[1]) for key in self.matches if isinstance(key, tuple) and key[0] == kind]

    def tails(self, group: Group) -> set[int]:
        """Return the positions of a group's words; what stands before a filled gap is left out."""
        return {at for m in self.matches.get(group, ()) for at in range(m.tail, m.end)}

    def beyond(self, group: Group, taken: frozenset[int]) -> bool:
        """Tell whether a group was found in words that are not all taken by something else."""
        return any(not taken.issuperset(range(m.start, m.end)) for m in self.matches.get(group, ()))

    def phrases(self, group: Group) -> list[int]:
        """Return the numbers of a group's phrases that were found."""
        return sorted({m.phrase for m in self.matches.get(group, ())})


@dataclass(frozen=True, slots=True)
class _Phrase:
    text: str
    owners: tuple[tuple[Group, int], ...]
    """The groups that have it, with its number in each."""


class _Sieve:
    """Tells at once which phrases have all the words they need in a message."""

    def __init__(self, phrases: Sequence[_Phrase], form: Form) -> None:
        self._phrases = phrases
        common = Counter(form(word) for phrase in phrases for word in tokenize(phrase.text))
        owners: list[int] = []
        needed: list[int] = []
        lists: dict[str, list[int]] = defaultdict(list)
        for number, phrase in enumerate(phrases):
            needs = _needs(phrase.text, form, common)
            needed.append(len(needs))
            for choice in needs:
                for word in choice:
                    lists[word].append(len(owners))
                owners.append(number)
        self._owners = np.array(owners, np.int64)
        self._lists = {word: np.array(choices, np.int64) for word, choices in lists.items()}
        self._needed = np.array(needed, np.int64)

    def possible(self, said: Iterable[str]) -> Iterator[_Phrase]:
        """Yield the phrases of each of whose choices a word was said, in their order."""
        known = [self._lists[word] for word in dict.fromkeys(said) if word in self._lists]
        heard = np.zeros(len(self._owners), bool)
        for choices in known:
            heard[choices] = True
        met = np.bincount(self._owners[heard], minlength=len(self._phrases))
        return (self._phrases[number] for number in np.flatnonzero(met == self._needed).tolist())


class Phrasebook:
    """Groups of phrases, looked up in one pass: a phrase is tried only where all its words were said."""

    def __init__(self, groups: Mapping[Group, Iterable[str]]) -> None:
        """Take the phrases; each is compiled when it is first tried."""
        self._groups = {group: tuple(phrases) for group, phrases in groups.items()}

    @cached_property
    def _phrases(self) -> list[_Phrase]:
        owners: dict[str, list[tuple[Group, int]]] = defaultdict(list)
        for group, listed in self._groups.items():
            for number, phrase in enumerate(listed):
                owners[phrase].append((group, number))
        return [_Phrase(text, tuple(held)) for text, held in owners.items()]

    @cached_property
    def _marked(self) -> _Sieve:
        return _Sieve(self._phrases, accented)

    @cached_property
    def _unmarked(self) -> _Sieve:
        return _Sieve(self._phrases, fold)

    def warm(self) -> None:
        """Compile all phrases now, so that nobody waits for it later."""
        for phrase in self._phrases:
            _compile(phrase.text, marked=True)
            _compile(phrase.text, marked=False)
        _ = self._marked, self._unmarked

    def read(self, said: Words) -> Found:
        """Find all phrases in a message."""
        marked, line = said.share_marked >= MARKED, said.line
        found: dict[Group, dict[Match, None]] = defaultdict(dict)
        possible = self._marked.possible(said.accented) if marked else self._unmarked.possible(said.folded)
        for phrase in possible:
            for match in _compile(phrase.text, marked=marked).finditer(line):
                start, end, tail = _position(match, line)
                for group, number in phrase.owners:
                    found[group][Match(number, start, end, tail)] = None
        return Found({group: tuple(matches) for group, matches in found.items()})


def _position(match: re.Match[str], line: str) -> tuple[int, int, int]:
    """Return the positions of words where a match starts and ends, and where its last filled gap ends."""
    start, end = line.count(" ", 0, match.start()), line.count(" ", 0, match.end())
    filled = [line.count(" ", 0, upto) for begin, upto in match.regs[1:] if begin < upto]
    return start, end, max([start, *filled])


@lru_cache(maxsize=100_000)
def _compile(phrase: str, *, marked: bool) -> re.Pattern[str]:
    forms: tuple[Form, ...] = (accented,) if marked else (accented, fold)
    return re.compile("".join(_part(p, forms) for p in _PART.findall(phrase)) + "(?= )")


def _part(part: str, forms: tuple[Form, ...]) -> str:
    special = {"(": "(?:", "[": "(?:", ")": ")", "]": ")?", "|": "|", "*": _GAP}
    return special.get(part) or "".join(_word(token, forms) for token in tokenize(part))


def _word(token: str, forms: tuple[Form, ...]) -> str:
    written = dict.fromkeys(re.escape(form(token)) for form in forms)
    return f" (?:{'|'.join(written)})" if len(written) > 1 else f" {next(iter(written))}"


def problem(phrase: str) -> str:
    """Return what is wrong with a phrase, or an empty text."""
    try:
        for marked in (True, False):
            _compile(phrase, marked=marked)
    except re.error as error:
        return f"{error.msg}: {phrase}"
    return ""


def _needs(phrase: str, form: Form, common: Mapping[str, int]) -> tuple[frozenset[str], ...]:
    """Return sets of words, one of each of which must be said: certain words, and those of groups."""
    needed = _OPTIONAL.sub(" ", phrase)
    if _NESTED.search(needed):
        return ()
    certain = (frozenset({form(word)}) for word in tokenize(_GROUP.sub(" ", needed)))
    groups = (
        frozenset(_rarest(words, form, common) for words in group.split("|"))
        for group in _GROUP.findall(needed)
    )
    return tuple(dict.fromkeys((*certain, *(group for group in groups if "" not in group))))


def _rarest(alternative: str, form: Form, common: Mapping[str, int]) -> str:
    """Return the word of an alternative that the fewest phrases have."""
    return min(map(form, tokenize(alternative)), key=lambda word: common[word], default="")
