"""Chat spelling, acronyms, keyboards without Vietnamese and slips of the finger, read as what is meant.

Corrections come from the catalogue's own words.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, chain
from math import log1p

from rapidfuzz.distance import OSA

from intents.ear import Ear, Pair
from intents.keyboard import meanings
from intents.text import MARKED, Words, accented, fold, tokenize

SHORTEST_ABBREVIATION = 3
"""Letters of an abbreviation that official names and our own texts use."""
MAX_TOKENS = 120
"""In a longer message acronyms are not looked up, which costs a look through all names for each."""
MAX_SLIPS = 24
"""So many words of a message are looked at for slips; nobody makes more, and each look takes its time."""
SHORTEST = 3
"""Letters of an unknown word that is corrected."""
ALONE = 4
"""From so many letters on a word is corrected alone; a shorter one has too many neighbours, and is only
where the words beside it go with what is meant."""
OFTEN = 30
"""With marks, a word that goes with nothing beside it is a slip where another goes with it so often."""
TOGETHER = 2.0
"""How much it counts, against how common a word is, that it goes with the words beside it."""
APART = 1.5
"""How much each letter or mark that differs speaks against a word."""

REMEMBERED = 20_000
"""Words whose reading is not worked out again."""

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
    _learnt: list[Words] = field(default_factory=list)
    """What is to be counted."""
    _forms: dict[str, dict[str, int]] = field(default_factory=dict)
    """Words with marks and their frequency, by their folded word."""
    _by_part: dict[str, list[str]] = field(default_factory=dict)
    """Known words by what is left of them without one letter, and by themselves: near ones share a part."""
    _initials: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """First letters of the words of each phrase, with the words."""
    _letters: str = ""
    """The same letters one phrase after the other, to be searched at once."""
    _begins: list[int] = field(default_factory=list)
    """Where each phrase begins in them."""
    _typed: Callable[[str], tuple[str, ...]] = field(init=False)
    _near: Callable[[str], tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        """Remember readings of single words, as most are typed again and again."""
        self._typed = lru_cache(REMEMBERED)(self._as_typed)
        self._near = lru_cache(REMEMBERED)(self._one_away)

    def written(self, text: str) -> Words:
        """Return the words of a text that is spelt right, its abbreviations written out."""
        tokens = [w for t in tokenize(text) for w in self._full(t)]
        return Words(tuple(map(accented, tokens)), tuple(map(fold, tokens)))

    def learn(self, said: Words) -> None:
        """Take the words of one name or phrase as correct."""
        self._learnt.append(said)
        self._initials.append(("".join(word[0] for word in said.folded), said.accented))

    def settle(self) -> None:
        """Prepare look-ups once everything is learnt."""
        self._letters = "\n".join(initials for initials, _ in self._initials)
        self._begins = list(accumulate((len(i) + 1 for i, _ in self._initials), initial=0))
        folded = [said.folded for said in self._learnt]
        marked = [said.accented for said in self._learnt if said.marked]
        self._learnt.clear()
        self.known.update(chain.from_iterable(folded))
        self.unmarked.learn(folded)
        self.marked.learn(marked)
        for word, often in Counter(chain.from_iterable(marked)).items():
            self._forms.setdefault(fold(word), {})[word] = often
        for word in self.known:
            if word.isalpha():
                for part in _shortened(word):
                    self._by_part.setdefault(part, []).append(word)

    def read(self, text: str) -> Words:
        """Return the words of a message as meant."""
        tokens = tokenize(text)
        read = self._typed if len(tokens) <= MAX_TOKENS else self._short
        typed = [word for token in tokens for word in read(token)]
        said = Words(tuple(map(accented, typed)), tuple(map(fold, typed)))
        marked = said.share_marked >= MARKED
        ear = self.marked if marked else self.unmarked
        forms = self._put_right(said, ear)
        meant = ear.correct(tuple(forms))
        heard = tuple(
            new if new != old else kept
            for new, old, kept in zip(
                meant, said.accented if marked else said.folded, said.accented, strict=True
            )
        )
        return Words(heard, tuple(map(fold, heard)))

    def _put_right(self, said: Words, ear: Ear) -> list[str]:
        """Return the words in the form that the ear knows, slips of the finger put right."""
        forms = list(said.accented if ear.marked else said.folded)
        left = MAX_SLIPS
        for i, bare in enumerate(said.folded):
            beside = forms[i - 1] if i else "", forms[i + 1] if i + 1 < len(forms) else ""
            least = self._least(forms[i], bare, ear, beside) if left and bare.isalpha() else None
            if least is not None:
                left -= 1
                forms[i] = self._nearest(forms[i], bare, ear, beside, least) or forms[i]
        return forms

    def _least(self, form: str, bare: str, ear: Ear, beside: Pair) -> int | None:
        """Return how often another word must go with those beside it to be meant; None where none can."""
        if bare not in self.known:
            return 0 if len(bare) >= ALONE else 1 if len(bare) >= SHORTEST else None
        fits = not ear.marked or form in ear.plain or bare in ear.plain or ear.together(form, beside)
        return None if fits else OFTEN

    def _nearest(self, form: str, bare: str, ear: Ear, beside: Pair, least: int) -> str:
        """Return the word one letter away that goes best with the words beside it."""
        best, most = "", float("-inf")
        for word in self._near(bare):
            for meant, often in self._written(word, ear):
                together = ear.together(meant, beside)
                if word == bare or together < least:
                    continue
                worth = log1p(often) + TOGETHER * log1p(together) - APART * OSA.distance(form, meant)
                if worth > most:
                    best, most = meant, worth
        return best

    def _one_away(self, bare: str) -> tuple[str, ...]:
        near = {word for part in _shortened(bare) for word in self._by_part.get(part, ())}
        return tuple(word for word in sorted(near) if OSA.distance(bare, word, score_cutoff=1) <= 1)

    def _written(self, word: str, ear: Ear) -> Iterable[tuple[str, int]]:
        """Return the forms of a folded word that an ear knows, with their frequency."""
        return (
            self._forms[word].items() if ear.marked and word in self._forms else ((word, self.known[word]),)
        )

    def _full(self, token: str) -> tuple[str, ...]:
        # Shorter ones are chat spelling: in an official name «K» is a name.
        return self.abbreviations.get(token, (token,)) if len(token) >= SHORTEST_ABBREVIATION else (token,)

    def _as_typed(self, token: str) -> tuple[str, ...]:
        words = self.abbreviations.get(token) or self._acronym(token) or (token,)
        return tuple(map(self._keyed, words))

    def _short(self, token: str) -> tuple[str, ...]:
        return tuple(map(self._keyed, self.abbreviations.get(token) or (token,)))

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

    def _keyed(self, token: str) -> str:
        """Return the word that a token means on a keyboard without Vietnamese, or the token."""
        bare = fold(token)
        if bare in self.known or bare.isdecimal():
            return token
        return next((word for word in meanings(token) if fold(word) in self.known), token)


def _shortened(word: str) -> set[str]:
    """Return a word, and the word without each of its letters."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}
