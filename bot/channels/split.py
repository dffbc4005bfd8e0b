"""Cutting a long text where a reader would pause."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_PAUSES = tuple(re.compile(p) for p in (r"\n\s*\n", r"\n", r"(?<=[^\d\s][.!?…])\s", r"(?<!\d[.)])\s"))
"""Best first; a number with its full stop belongs to what it counts."""


def split(text: str, limit: int, length: Callable[[str], int] = len) -> Iterator[str]:
    """Yield pieces no longer than the limit: at paragraphs, else lines, sentences, words, anywhere."""
    text = text.strip()
    while length(text) > limit:
        cut = _cut(text, limit, length)
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    if text:
        yield text


def _cut(text: str, limit: int, length: Callable[[str], int]) -> int:
    end = min(limit, len(text))
    while (excess := length(text[:end]) - limit) > 0 and end > 1:
        end -= max(1, excess // 2)  # a character counts for two at most
    for pause in _PAUSES:
        ends = [m.end() for m in pause.finditer(text, 0, end)]
        if ends and ends[-1] > end // 3:
            return ends[-1]
    return end


def utf16_units(text: str) -> int:
    """Return the length as services count it that grew up with UTF-16: an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
