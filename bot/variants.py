"""The same questions as other people type them: without diacritics, with slips of the finger.

Made on the fly and the same in every run, so that figures can be compared.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Mapping

from intents.text import fold

SEED = 2026
EVERY = 4
"""One word in so many has a slip."""
SHORTEST = 3
"""Letters of a word that can have one."""

_NEIGHBOURS: Mapping[str, str] = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "g": "fh", "h": "gj", "i": "uo", "k": "jl",
    "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et", "s": "ad", "t": "ry",
    "u": "yi", "v": "cb", "x": "zc", "y": "tu",
}  # fmt: skip


def unmarked(text: str) -> str:
    """Return a text without any diacritics."""
    return fold(text)


def slipped(text: str) -> str:
    """Return a text with one slip in every fourth word that is long enough."""
    chance = random.Random(f"{SEED} {text}")  # noqa: S311 - no secret; the same slips in every run
    words = unicodedata.normalize("NFC", text).split(" ")
    long = [n for n, word in enumerate(words) if len(word) >= SHORTEST and word.isalpha()]
    for n in long[EVERY - 1 :: EVERY] or long[-1:]:
        words[n] = _slip(words[n], chance)
    return " ".join(words)


def _slip(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word))
    near = chance.choice(_NEIGHBOURS.get(fold(word[at]), word[at]))
    return chance.choice(
        (
            f"{word[: at - 1]}{word[at]}{word[at - 1]}{word[at + 1 :]}",  # two letters swapped
            f"{word[:at]}{word[at + 1 :]}",  # one left out
            f"{word[:at]}{word[at]}{word[at:]}",  # one typed twice
            f"{word[:at]}{near}{word[at + 1 :]}",  # the key beside it
        )
    )


VARIANTS: Mapping[str, Callable[[str], str]] = {"folded": unmarked, "typos": slipped}
"""Ways to change a question, by name."""
