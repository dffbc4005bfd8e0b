"""What simulated people say; its types and its loader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from content.files import ROOT, ContentError, Reader
from content.models import Aspect

FILE = "simulation.yaml"
NAME, COMMUNE = "{name}", "{commune}"


@dataclass(frozen=True, slots=True)
class Talk:
    """Wordings that have no service of their own."""

    openings: tuple[str, ...]
    """Before a question; some are empty."""
    asked: Mapping[Aspect, tuple[str, ...]]
    """Each holds `{name}`."""
    further: tuple[str, ...]
    """About what was just answered."""
    homes: tuple[str, ...]
    """Each holds `{commune}`."""
    thanks: tuple[str, ...]
    greetings: tuple[str, ...]
    persons: tuple[str, ...]
    """Ask for a person."""
    unclear: tuple[str, ...]
    outside: tuple[str, ...]
    """About nothing that is ours."""
    staff: tuple[str, ...]
    """Answers of staff."""
    office: str
    """Of the staff."""

    def __post_init__(self) -> None:
        """Refuse a list that is empty and a template without its place."""
        empty = [
            name for name in ("further", "homes", "thanks", "unclear", "staff") if not getattr(self, name)
        ]
        if empty or not self.asked:
            raise ValueError(f"nothing to say for {', '.join(empty) or 'asked'}")
        lines = [(NAME, line) for lines in self.asked.values() for line in lines]
        lines += [(COMMUNE, line) for line in self.homes]
        lost = [line for place, line in lines if place not in line]
        if lost:
            raise ValueError(f"no place for what is asked about: {lost[0]}")


def read_talk(reader: Reader) -> Talk | None:
    """Read the file; None where it is broken, which the reader then knows."""
    path = reader.root / FILE
    return reader.value(Talk, reader.data(path), path)


def load_talk(root: Path = ROOT) -> Talk:
    """Load the file; raise ContentError with every finding when it is broken."""
    reader = Reader(root)
    talk = read_talk(reader)
    if talk is None:
        raise ContentError(sorted(reader.findings))
    return talk
