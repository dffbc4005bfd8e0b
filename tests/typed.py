"""How people type."""

from __future__ import annotations

import unicodedata


def unmarked(text: str) -> str:
    """Return a text as typed without diacritics; the core's own folding is not used."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return bare.replace("đ", "d").replace("Đ", "D")
