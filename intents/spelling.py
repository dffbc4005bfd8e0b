"""Chat spelling, acronyms, keyboards without Vietnamese and slips of the finger, read as what is meant.

Corrections come from the catalogue's own words.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from rapidfuzz import process
from rapidfuzz.distance import OSA

from intents.ear import Ear
from intents.keyboard import meanings
from intents.text import MARKED, Words, accented, fold, tokenize

SHORTEST_ABBREVIATION = 3
"""Letters of an abbreviation that official names and our own texts use."""
MAX_TOKENS = 120
"""In a longer message acronyms are not looked up, which costs a look through all names for each."""
MIN_LENGTH = 4
"""Shorter words have too many neighbours one letter away to be corrected alone."""

_ACRONYM = re.compile("[b-df-hj-np-tv-xz]{3,6}")


@dataclass(slots=True)
class Speller:
    """Read words as meant; learns the words and pairs of the catalogue while it is built."""

    abbreviations: Mapping[str, tuple[str, ...]]
    """Token as typed to the words it stands for."""
    marked: Ear
    """Hears messages with diacritics."""
    unmarked: Ear
    """Hears messages without."""
    known: Counter[str] = field(default_factory=Counter)
    """Folded words of the catalogue with their frequency."""
    _by_length: dict[int, list[str]] = field(default_factory=dict)
    _initials: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """First letters of the words of each phrase, with the words."""
    _letters: str = ""
    """The same letters one phrase after the other, to be searched at once."""
    _begins: list[int] = field(default_factory=list)
    """Where each phrase begins in them."""

    def written(self, text: str) -> Words:
        """Return the words of a text that is spelt right, its abbreviations written out."""
        tokens = [w for t in tokenize(text) for w in self._full(t)]
        return Words(tuple(map(accented, tokens)), tuple(map(fold, tokens)))

    def learn(self, said: Words) -> None:
        """Take the words of one name or phrase as correct."""
        self.known.update(said.folded)
        self.unmarked.learn(said.folded)
        if said.marked:
            self.marked.learn(said.accented)
        self._initials.append(("".join(word[0] for word in said.folded), said.accented))

    def settle(self) -> None:
        """Prepare look-ups once everything is learnt."""
        self._letters = "\n".join(initials for initials, _ in self._initials)
        self._begins = list(accumulate((len(i) + 1 for i, _ in self._initials), initial=0))
        self.marked.settle()
        self.unmarked.settle()
        for word in self.known:
            if word.isalpha():
                self._by_length.setdefault(len(word), []).append(word)

    def read(self, text: str) -> Words:
        """Return the words of a message as meant."""
        tokens = tokenize(text)
        expand = self._expand if len(tokens) <= MAX_TOKENS else self._short
        typed = [self._single(w) for token in tokens for w in expand(token)]
        said = Words(tuple(map(accented, typed)), tuple(map(fold, typed)))
        marked = said.share_marked >= MARKED
        forms = said.accented if marked else said.folded
        meant = (self.marked if marked else self.unmarked).correct(forms)
        heard = tuple(
            new if new != old else kept for new, old, kept in zip(meant, forms, said.accented, strict=True)
        )
        return Words(heard, tuple(map(fold, heard)))

    def _full(self, token: str) -> tuple[str, ...]:
        # Shorter ones are chat spelling: in an official name «K» is a name.
        return self.abbreviations.get(token, (token,)) if len(token) >= SHORTEST_ABBREVIATION else (token,)

    def _expand(self, token: str) -> tuple[str, ...]:
        return self.abbreviations.get(token) or self._acronym(token) or (token,)

    def _short(self, token: str) -> tuple[str, ...]:
        return self.abbreviations.get(token) or (token,)

    def _acronym(self, token: str) -> tuple[str, ...]:
        """Return the words of the catalogue that a token without vowels abbreviates («gplhx»)."""
        if not _ACRONYM.fullmatch(token) or token in self.known:
            return ()
        found: Counter[tuple[str, ...]] = Counter()
        at = self._letters.find(token)
        while at >= 0:
            number = bisect_right(self._begins, at) - 1
            begin = at - self._begins[number]
            found[self._initials[number][1][begin : begin + len(token)]] += 1
            at = self._letters.find(token, self._begins[number + 1])
        return max(found, key=lambda words: found[words], default=())

    def _single(self, token: str) -> str:
        bare = fold(token)
        if bare in self.known or bare.isdecimal():
            return token
        meant = next((word for word in meanings(token) if fold(word) in self.known), "")
        if meant or not bare.isalpha() or len(bare) < MIN_LENGTH:
            return meant or token
        return self._nearest(bare) or token

    def _nearest(self, bare: str) -> str:
        near = [w for n in (len(bare) - 1, len(bare), len(bare) + 1) for w in self._by_length.get(n, ())]
        found = process.extract(bare, near, scorer=OSA.distance, score_cutoff=1, limit=8)
        return max((w for w, _, _ in found), key=lambda w: (w[0] == bare[0], self.known[w]), default="")
