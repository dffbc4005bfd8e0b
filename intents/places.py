"""Communes named in a message, by today's name or by one of before.

A name counts only behind its kind («xã», «phường», «thị trấn»): many are everyday words.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from content.models import Commune, FormerCommune, Places
from intents.text import Words, words

KINDS = frozenset((("xa",), ("phuong",), ("thi", "tran"), ("tt",)))
SHORT: dict[tuple[str, ...], tuple[str, ...]] = {("tt",): ("thi", "tran")}
LONGEST = 4
"""Words of the longest name without its kind."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A commune that somebody named."""

    start: int
    end: int
    """Positions of the words, from and up to, with the kind."""
    today: tuple[Commune, ...]
    former: tuple[FormerCommune, ...]
    """Communes of that name before 1/7/2025; several districts may have had one."""


class Gazetteer:
    """Finds names of communes."""

    def __init__(self, places: Places) -> None:
        """Index the names without their kinds, folded."""
        self._places = places
        self._today: dict[tuple[str, ...], list[Commune]] = defaultdict(list)
        self._former: dict[tuple[str, ...], list[FormerCommune]] = defaultdict(list)
        for commune in places.communes.values():
            self._today[_bare(commune.name)].append(commune)
        for former in places.former:
            self._former[_bare(former.name)].append(former)

    def mentions(self, said: Words) -> Iterator[Mention]:
        """Yield the communes named, from the left; the longest name wins."""
        for start, end in _kinds(said.folded):
            for length in range(LONGEST, 0, -1):
                name = said.folded[end : end + length]
                if len(name) == length and (name in self._today or name in self._former):
                    yield self._mention(said.folded[start:end], name, start)
                    break

    def named(self, said: Words) -> Mention | None:
        """Return the commune that is all that was said, with its kind or without."""
        whole = _bare_words(said.folded)
        if whole not in self._today and whole not in self._former:
            return None
        kind = said.folded[: len(said) - len(whole)]
        return self._mention(kind, whole, 0)

    def _mention(self, kind: tuple[str, ...], name: tuple[str, ...], start: int) -> Mention:
        """Prefer communes of the kind that was said; people mix kinds up, so any will do otherwise."""
        today, former = self._today.get(name, []), self._former.get(name, [])
        end = start + len(kind) + len(name)
        kind = SHORT.get(kind, kind)
        alike = [c for c in today if _kind(c.name) == kind], [f for f in former if _kind(f.name) == kind]
        chosen = alike if any(alike) else (today, former)
        return Mention(start, end, tuple(chosen[0]), tuple(chosen[1]))

    def communes_of(self, mention: Mention) -> tuple[Commune, ...]:
        """Return today's communes that a mention may stand for."""
        codes = [c.code for c in mention.today] + [code for f in mention.former for code in f.now]
        return tuple(self._places.communes[code] for code in dict.fromkeys(codes))

    def commune(self, code: str) -> Commune:
        """Return a commune of today by its code."""
        return self._places.communes[code]


def in_sentence(commune: Commune) -> str:
    """Return the name of a commune as it stands within a sentence: «xã Sơn Dương»."""
    return commune.name[0].lower() + commune.name[1:]


def _kinds(folded: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    for at in range(len(folded)):
        for length in (1, 2):
            if folded[at : at + length] in KINDS:
                yield at, at + length


def _kind(name: str) -> tuple[str, ...]:
    folded = words(name).folded
    return next((folded[:n] for n in (2, 1) if folded[:n] in KINDS), ())


def _bare(name: str) -> tuple[str, ...]:
    return _bare_words(words(name).folded)


def _bare_words(folded: tuple[str, ...]) -> tuple[str, ...]:
    """Return a name without its kind."""
    kind = next((n for n in (2, 1) if folded[:n] in KINDS and len(folded) > n), 0)
    return folded[kind:]
