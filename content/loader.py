"""From the folder of content files to one `Content`; refuses anything that is not whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from content.communes import read_places
from content.files import ROOT, ContentError, Finding, Reader
from content.models import (
    Content,
    Family,
    FoundingFigure,
    Missing,
    PlainText,
    Ranking,
    Tones,
    Topic,
    Vocabulary,
)
from content.snapshot import SnapshotError, read_snapshot
from content.terms import read_terms

T = TypeVar("T")


def load(root: Path = ROOT) -> Content:
    """Load all content; raise ContentError with every finding when a file is broken."""
    reader = Reader(root)
    content = read(reader)
    if content is None or reader.findings:
        raise ContentError(sorted(reader.findings))
    return content


def read(reader: Reader) -> Content | None:
    """Read all files, noting what is wrong; None when the parts that all else rests on are missing."""
    catalogue = _guarded(reader, "catalogue/national.jsonl", read_snapshot)
    terms = _guarded(reader, "catalogue/terms.tsv", read_terms)
    places = _guarded(reader, "places", read_places)
    vocabulary = reader.value(Vocabulary, reader.merged("vocabulary/*.yaml"), reader.root / "vocabulary")
    texts = [*reader.all_of(PlainText, "services/*.yaml"), *reader.all_of(PlainText, "names/*.yaml")]
    topics = {t.id: t for t in reader.all_of(Topic, "topics/*.yaml")}
    families = tuple(reader.all_of(Family, "families/*.yaml"))
    missing = tuple(reader.all_of(Missing, "missing.yaml"))
    founding = tuple(reader.all_of(FoundingFigure, "report/founding.yaml"))
    answers = {key: str(text) for key, text in reader.merged("answers/*.yaml").items()}
    if catalogue is None or places is None or vocabulary is None:
        return None
    return Content(
        catalogue,
        tuple(texts),
        families,
        topics,
        missing,
        places,
        answers,
        vocabulary,
        founding,
        terms or {},
        _learnt(reader, "ranking.json", Ranking),
        _learnt(reader, "tones.json", Tones),
        {key: str(text) for key, text in reader.merged("desk/*.yaml").items()},
    )


def _learnt(reader: Reader, name: str, kind: type[T]) -> T | None:
    """Read what was learnt; a folder without it can still be learnt from."""
    path = reader.root / name
    if not path.exists():
        return None
    try:
        return TypeAdapter(kind).validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        reader.note(path, f"cannot be read: {error}")
    return None


def _guarded(reader: Reader, name: str, read_part: Callable[[Path], T]) -> T | None:
    try:
        return read_part(reader.root / name)
    except SnapshotError as error:
        reader.findings += [Finding("content", line) for line in str(error).splitlines()]
    except (OSError, ValueError) as error:
        reader.note(reader.root / name, f"cannot be read: {error}")
    return None
