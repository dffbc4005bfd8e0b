"""What was counted before in this process, until a day of it is made anew."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

MOST = 96
"""Counts that are remembered; the largest take a few hundred kilobytes."""


@dataclass(slots=True)
class Remembered:
    """Counts with how far rolling up had come."""

    _counts: OrderedDict[Hashable, tuple[int, Any]] = field(default_factory=OrderedDict)

    def find(self, what: Hashable, version: int | None) -> Any:  # noqa: ANN401 - whoever asks knows what was kept
        """Return what was counted; None when it was not, or when a day of it was made anew since."""
        known, count = self._counts.get(what, (None, None))
        if what in self._counts:
            self._counts.move_to_end(what)
        return count if known == version else None

    def keep(self, what: Hashable, version: int | None, count: object) -> None:
        """Remember a count, and forget the one that nobody asked for longest."""
        if version is not None:
            self._counts[what] = version, count
            self._counts.move_to_end(what)
            if len(self._counts) > MOST:
                self._counts.popitem(last=False)
