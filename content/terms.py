"""Words drawn from the papers, conditions and results of each procedure: single words, never sentences.

They tell a specialist's question about one paper from the names of a hundred like procedures.
"""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from content.procedure import Raw
from content.wording import clean, fold

Terms = Mapping[str, tuple[str, ...]]
"""Folded words of each procedure by its code."""

KEPT = 80
"""Words kept of a procedure: those that tell it best from others."""

_WORD = re.compile(r"[^\W\d_]{2,}")
_TAG = re.compile(r"<[^>]+>")


def count_words(raw: Raw) -> Counter[str]:
    """Count the folded words of a procedure's papers, cases, conditions, results and fee notes."""
    return Counter(word for text in _texts(raw) for word in _WORD.findall(fold(_TAG.sub(" ", clean(text)))))


def most_telling(counted: Mapping[str, Mapping[str, int]]) -> dict[str, tuple[str, ...]]:
    """Keep the words of each procedure that tell it best from the others (tf-idf)."""
    spread = Counter(word for words in counted.values() for word in words)
    return {code: _telling(words, spread, len(counted)) for code, words in counted.items()}


def write_terms(terms: Terms, path: Path) -> None:
    """Write one procedure a line: its code, a tab, its words."""
    lines = (f"{code}\t{' '.join(sorted(words))}\n" for code, words in sorted(terms.items()))
    path.write_text("".join(lines), "utf-8", newline="\n")


def read_terms(path: Path) -> dict[str, tuple[str, ...]]:
    """Read what `write_terms` wrote; raise ValueError with the line that is malformed."""
    terms = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        code, tab, words = line.partition("\t")
        if not tab or not code:
            raise ValueError(f"line {number}: a code and its words are parted by a tab")
        terms[code] = tuple(map(sys.intern, words.split()))
    return terms


def _telling(words: Mapping[str, int], spread: Mapping[str, int], total: int) -> tuple[str, ...]:
    worth = {word: (1 + math.log(n)) * math.log(total / spread[word]) for word, n in words.items()}
    return tuple(sorted(sorted(words, key=lambda word: (-worth[word], word))[:KEPT]))


def _texts(raw: Raw) -> Iterator[str | None]:
    for case in raw.get("executionCases") or ():
        yield case.get("name")
        yield from (paper.get("name") for paper in case.get("profileComponents") or ())
    yield from (case.get("name") for case in raw.get("cases") or ())
    yield raw.get("requirementsAndConditions")
    yield from (result.get("name") for result in raw.get("resultsDetails") or ())
    for method in raw["executionMethods"] or ():
        yield from (fee.get("description") for fee in method.get("fees") or ())
    yield raw.get("keywords")
