"""Chat spelling, keyboards without Vietnamese, and words that only sound right, read as what is meant.

Corrections come from the catalogue's own words: a pair of words that never stands in it may be a
misheard pair that does («chợ cấp» for «trợ cấp», «sây dựng» for «xây dựng»).

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from rapidfuzz import process
from rapidfuzz.distance import OSA

from intents.text import Words, accented, fold, tokenize

MIN_LENGTH = 4
"""Shorter words have too many neighbours one letter away to be corrected alone."""

_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"^(?:ngh)", "ng"),
        (r"^(?:gh)", "g"),
        (r"^(?:gi|d|r|v)", "z"),
        (r"^(?:tr|ch)", "c"),
        (r"^(?:s|x)", "s"),
        (r"^(?:l|n(?![gh]))", "n"),
        (r"^(?:qu|q|k)", "k"),
        (r"y", "i"),
        (r"(?<=[aeiou])(?:nh|ng|n)$", "n"),
        (r"(?<=[aeiou])(?:ch|c|t)$", "t"),
    )
)
_TELEX_TONES = {"s": "\u0301", "f": "\u0300", "r": "\u0309", "x": "\u0303", "j": "\u0323"}
_TELEX_LETTERS = (
    ("dd", "đ"),
    ("aa", "â"),
    ("ee", "ê"),
    ("oo", "ô"),
    ("aw", "ă"),
    ("ow", "ơ"),
    ("uw", "ư"),
    ("w", "ư"),
)


@dataclass(slots=True)
class Speller:
    """Read words as meant; learns the words and pairs of the catalogue while it is built."""

    abbreviations: Mapping[str, tuple[str, ...]]
    """Token as typed to the words it stands for."""
    known: Counter[str] = field(default_factory=Counter)
    """Folded words of the catalogue with their frequency."""
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    _by_sound: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    _by_length: dict[int, list[str]] = field(default_factory=dict)

    def learn(self, folded: Iterable[str]) -> None:
        """Take the words of one name or phrase as correct."""
        row = tuple(folded)
        self.known.update(row)
        self.pairs.update(pairwise(row))

    def settle(self) -> None:
        """Prepare look-ups once everything is learnt."""
        for pair, _ in sorted(self.pairs.items(), key=lambda item: item[1]):
            self._by_sound[_sound(pair[0]), _sound(pair[1])] = pair
        for word in self.known:
            if word.isalpha():
                self._by_length.setdefault(len(word), []).append(word)

    def read(self, text: str) -> Words:
        """Return the words of a message as meant."""
        typed = [w for token in tokenize(text) for w in self._expand(token)]
        corrected = self._by_ear([self._single(t) for t in typed])
        return Words(tuple(accented(t) for t in corrected), tuple(fold(t) for t in corrected))

    def _expand(self, token: str) -> tuple[str, ...]:
        return self.abbreviations.get(token) or (token,)

    def _single(self, token: str) -> str:
        bare = fold(token)
        if bare in self.known or not bare.isalpha():
            return token
        telex = _from_telex(token)
        if telex and fold(telex) in self.known:
            return telex
        return self._nearest(bare) or token if len(bare) >= MIN_LENGTH else token

    def _nearest(self, bare: str) -> str:
        near = [w for n in (len(bare) - 1, len(bare), len(bare) + 1) for w in self._by_length.get(n, ())]
        found = process.extract(bare, near, scorer=OSA.distance, score_cutoff=1, limit=8)
        return max((w for w, _, _ in found), key=lambda w: (w[0] == bare[0], self.known[w]), default="")

    def _by_ear(self, tokens: list[str]) -> list[str]:
        bare = [fold(t) for t in tokens]
        for i, pair in enumerate(pairwise(bare)):
            meant = None if pair in self.pairs else self._by_sound.get((_sound(pair[0]), _sound(pair[1])))
            if meant:
                for offset in (0, 1):
                    if bare[i + offset] != meant[offset]:
                        tokens[i + offset] = bare[i + offset] = meant[offset]
        return tokens


@lru_cache(maxsize=20_000)
def _sound(folded: str) -> str:
    for pattern, sound in _SOUNDS:
        folded = pattern.sub(sound, folded)
    return folded


def _from_telex(token: str) -> str:
    """Return a word typed in Telex without the keyboard («ddangs» is «đáng»), or an empty text."""
    if not token.isascii() or len(token) < 2:  # noqa: PLR2004 - one letter carries no keystroke for a mark
        return ""
    body, tone = (token[:-1], _TELEX_TONES[token[-1]]) if token[-1] in _TELEX_TONES else (token, "")
    for keys, letter in _TELEX_LETTERS:
        body = body.replace(keys, letter)
    return accented(body) + tone if body + tone != token else ""
