"""Cutting a long text where a reader would pause."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_PAUSES = tuple(re.compile(p) for p in (r"\n\n+", r"\n", r"(?<=[.!?…]) ", r" "))


def split(text: str, limit: int, length: Callable[[str], int] = len) -> Iterator[str]:
    """Yield pieces no longer than the limit: at paragraphs, else lines, sentences, words, anywhere."""
    while length(text) > limit:
        cut = _cut(text, limit, length)
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    if text:
        yield text


def _cut(text: str, limit: int, length: Callable[[str], int]) -> int:
    end = limit
    while length(text[:end]) > limit:
        end -= max(1, (length(text[:end]) - limit) // 2)
    for pause in _PAUSES:
        ends = [m.end() for m in pause.finditer(text, 0, end)]
        if ends and ends[-1] > end // 3:
            return ends[-1]
    return end
