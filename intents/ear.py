"""Words that only sound right: a pair that never occurs may be a misheard one that does.

«chợ cấp» is «trợ cấp», «sây dựng» is «xây dựng»: what is usual is learnt from the catalogue's own words.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, pairwise

from intents.text import TONES, fold

Pair = tuple[str, str]

USUAL = 3
"""A pair that stands this often in the catalogue is an expression, not an accident."""

_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"^(?:ngh)", "ng"),
        (r"^(?:gh)", "g"),
        (r"^(?:gi|d|r|v)", "z"),
        (r"^(?:tr|ch)", "ch"),
        (r"^(?:s|x)", "s"),
        (r"^(?:l|n(?![gh]))", "n"),
        (r"^(?:qu|q|k)", "k"),
        (r"(?<=[^aeiou])y(?=\W?$)", "i"),
        (r"(?:ch|c|t)(?=\W?$)", "t"),
        ("\u0309$", "\u0303"),
    )
)


_SLURRED = (re.compile(r"(?:nh|ng|n)(?=\W?$)"), "n")
"""Final n, ng and nh sound alike to many; told apart by nothing where the tones are missing as well."""


@dataclass(slots=True)
class Ear:
    """Knows which words go together, in one form: with marks or without."""

    marked: bool
    plain: frozenset[str]
    """Words so common that they are never taken for something misheard."""
    pairs: Counter[Pair] = field(default_factory=Counter)
    """Words in a row."""
    _by_sound: dict[Pair, Pair] = field(default_factory=dict)

    def learn(self, phrases: Iterable[tuple[str, ...]]) -> None:
        """Take the words of phrases as correct, and prepare the look-up by sound."""
        self.pairs.update(chain.from_iterable(map(pairwise, phrases)))
        for pair, count in sorted(self.pairs.items(), key=lambda item: item[1]):
            if count >= USUAL:
                self._by_sound[self._sounds(pair)] = pair

    def together(self, word: str, beside: Pair) -> int:
        """Count how often a word stands after the one word and before the other."""
        count = self.pairs.get  # what a Counter does for a missing key is slow
        return count((beside[0], word), 0) + count((word, beside[1]), 0)

    def correct(self, said: tuple[str, ...]) -> list[str]:
        """Replace pairs that are unusual by usual ones that sound alike; a word that fits on stays."""
        words = list(said)
        for i, pair in enumerate(pairwise(said)):
            meant = self._by_sound.get(self._sounds(pair), pair)
            one_differs = (pair[0] == meant[0]) != (pair[1] == meant[1])
            usual = self.pairs[pair] < USUAL and self.pairs[meant] >= USUAL * (1 + self.pairs[pair])
            if one_differs and usual and not self._fit(words, i, meant):
                words[i : i + 2] = meant
        return words

    def _sounds(self, pair: Pair) -> Pair:
        return _sound(pair[0], slurred=self.marked), _sound(pair[1], slurred=self.marked)

    def _fit(self, words: list[str], i: int, meant: Pair) -> bool:
        """Tell whether a word to be replaced is a plain one or belongs to its neighbour on the other side."""
        before = (words[i - 1], words[i]) if i and words[i] != meant[0] else None
        after = (words[i + 1], words[i + 2]) if i + 2 < len(words) and words[i + 1] != meant[1] else None
        replaced = {old for old, new in zip(words[i : i + 2], meant, strict=True) if old != new}
        usual = any(pair is not None and self.pairs[pair] >= USUAL for pair in (before, after))
        return usual or not self.plain.isdisjoint(replaced)


@lru_cache(maxsize=20_000)
def _sound(word: str, *, slurred: bool) -> str:
    """Return how a word sounds to an ear of any region: vowels without marks, the tone at the end."""
    sound = fold(word) + (word[-1] if word[-1] in TONES else "")
    if word.startswith("đ"):
        sound = f"đ{sound[1:]}"  # no ear takes it for d, gi or r
    for pattern, heard in _SOUNDS:
        sound = pattern.sub(heard, sound)
    return _SLURRED[0].sub(_SLURRED[1], sound) if slurred else sound
