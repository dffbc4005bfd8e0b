"""Normalisation, once and for both sides: every comparison uses these functions.

A word has two forms. The *accented* form holds its letters with đ, ă, â, ê, ô, ơ, ư and its tone mark
moved to the end, so that «hòa» and «hoà» are one word. The *folded* form has no marks at all.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache

MARKED = 0.4
"""From this share of marked words on, a message is typed with diacritics: a word without is meant so."""
MAX_CHARS = 2_400
"""What is read of one message; a longer one is read from both ends, where the need stands."""

TONES = "\u0300\u0301\u0303\u0309\u0323"
_TOKEN = re.compile(r"[^\W_]+(?:[./-](?=\d)[^\W_]+)*")
_REPEATED = re.compile(r"(?<=\w)([^\W\d])\1{2,}")
_IGNORABLE = re.compile(
    r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0e\ufe0f\ufeff\x00-\x08\x0e-\x1f\x7f]"
)


@dataclass(frozen=True)
class Words:
    """A text as words, in both forms, position by position."""

    accented: tuple[str, ...]
    folded: tuple[str, ...]

    @property
    def marked(self) -> bool:
        """Tell whether any word carries a mark, so that the accented forms mean something."""
        return self.accented != self.folded

    @cached_property
    def share_marked(self) -> float:
        """Return the share of words that carry a mark; about three quarters in ordinary Vietnamese."""
        marked = sum(a != f for a, f in zip(self.accented, self.folded, strict=True))
        return marked / len(self) if len(self) else 0.0

    @cached_property
    def line(self) -> str:
        """Return the accented words with a space around each, to be searched for whole words."""
        return f" {' '.join(self.accented)} "

    def __len__(self) -> int:
        """Count the words."""
        return len(self.folded)


_ETH = str.maketrans("Ðð", "Đđ")
"""Old Vietnamese keyboards write the eth of Iceland, which looks the same."""


def clean(text: str) -> str:
    """Return text in one Unicode form, without invisible characters, cut to what is read."""
    text = _IGNORABLE.sub("", unicodedata.normalize("NFKC", text)).translate(_ETH)
    if len(text) > MAX_CHARS:
        half = MAX_CHARS // 2
        text = f"{text[:half]} {text[-half:]}"
    return text.strip()


def words(text: str) -> Words:
    """Split text into lower-case words without punctuation."""
    tokens = tokenize(text)
    return Words(tuple(accented(t) for t in tokens), tuple(fold(t) for t in tokens))


@lru_cache(maxsize=1)  # one message is split several times on its way
def tokenize(text: str) -> tuple[str, ...]:
    """Return the words as typed, in lower case; letters held down («ơiiii») count once."""
    return tuple(_TOKEN.findall(_REPEATED.sub(r"\1", clean(text).lower())))


@lru_cache(maxsize=20_000)
def accented(word: str) -> str:
    """Return a word with its tone mark moved to the end."""
    tone = ""
    letters = []
    for char in unicodedata.normalize("NFD", word):
        if char in TONES:
            tone = char
        else:
            letters.append(char)
    return unicodedata.normalize("NFC", "".join(letters)) + tone


@lru_cache(maxsize=20_000)
def fold(text: str) -> str:
    """Return text in lower case without any mark; đ becomes d, which Unicode does not do."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return bare.replace("đ", "d")


def folded(text: str) -> str:
    """Return the folded words of a text, joined by single spaces."""
    return " ".join(words(text).folded)


@lru_cache(maxsize=20_000)
def label(text: str) -> str:
    """Return the folded words of a text of ours that is compared again and again."""
    return folded(text)
