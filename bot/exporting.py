"""Corrections written back into content: phrases as examples, facts as a file for whoever writes texts."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.checking import check_all
from content.check import LABEL_CHARS
from content.files import ROOT, Finding, Reader
from content.loader import load, read
from content.models import Content, PlainText
from intents.knowledge import shorten
from storage.corrections import Correction, CorrectionKind
from storage.days import day_of

ADDED = "names/staff.yaml"
"""Takes the phrases of services that no text of ours is about."""
FACTS = "facts.yaml"
_HEAD = "# Phrases that staff attached to services which no other text is about; texts without a summary.\n"
_FACTS_HEAD = (
    "# What staff stated over the published facts; to be compared with its source before it enters a text.\n"
)


class ExportError(Exception):
    """The folder cannot take the files; the message says why."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    phrases: int
    facts: int
    findings: tuple[Finding, ...]
    """Problems of the content with the phrases in it: what a person has to settle."""


def export(corrections: Sequence[Correction], folder: Path, shipped: Path = ROOT) -> Exported:
    """Write a copy of the content with the phrases in it, and the facts beside it; takes some ten seconds.

    The folder must be new or empty, else ExportError.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ExportError(f"{folder} is not empty")
    content = load(shipped)
    copy = folder / "content"
    shutil.copytree(shipped, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    known = content.catalogue.services
    phrases = [c for c in corrections if c.kind is CorrectionKind.PHRASE and c.target in known]
    facts = [c for c in corrections if c.kind is not CorrectionKind.PHRASE]
    _add(phrases, copy, content)
    (folder / FACTS).write_text(_FACTS_HEAD + _dumped(list(_facts(facts, content))), "utf-8")
    return Exported(len(phrases), len(facts), tuple(check_all(copy)))


def _add(phrases: Sequence[Correction], copy: Path, content: Content) -> None:
    """Add each phrase to the examples of the text about its service; make one where there is none."""
    reader = Reader(copy)
    read(reader)
    about = {text.codes[0]: text for text in reversed(content.texts)}
    new: defaultdict[str, list[Correction]] = defaultdict(list)
    for correction in phrases:
        text = about.get(correction.target)
        if text is None:
            new[correction.target].append(correction)
        elif correction.item not in text.examples:
            path = copy / reader.origins[PlainText, text.id].removeprefix("content/")
            path.write_text(with_example(path.read_text("utf-8"), text.id, correction.item), "utf-8")
    if new:
        entries = [_entry(code, those, content) for code, those in sorted(new.items())]
        (copy / ADDED).write_text(_HEAD + _dumped(entries), "utf-8")


def _entry(code: str, phrases: Sequence[Correction], content: Content) -> Mapping[str, object]:
    return {
        "id": f"staff-{code}",
        "title": shorten(content.catalogue.services[code].name, LABEL_CHARS),
        "codes": [code],
        "everyday": [],
        "examples": [one.item for one in phrases],
        "checked": max(day_of(one.at) for one in phrases),
    }


def with_example(source: str, text_id: str, example: str) -> str:
    """Return a YAML file with one more example in the text of an id; every other line stays as it is."""
    examples = _examples(source, text_id)
    written = json.dumps(example, ensure_ascii=False)
    lines = source.splitlines(keepends=True)
    if examples.flow_style:
        line, column = examples.end_mark.line, examples.end_mark.column - 1
        lines[line] = f"{lines[line][:column]}, {written}{lines[line][column:]}"
    else:
        last = examples.value[-1].end_mark
        lines.insert(last.line + 1, f"{' ' * examples.start_mark.column}- {written}\n")
    return "".join(lines)


def _examples(source: str, text_id: str) -> yaml.SequenceNode:
    root: Any = yaml.compose(source, Loader=yaml.CSafeLoader)
    items = root.value if isinstance(root, yaml.SequenceNode) else [root]
    for item in items:
        values = {key.value: value for key, value in item.value}
        if values["id"].value == text_id:
            found: yaml.SequenceNode = values["examples"]
            return found
    raise KeyError(text_id)


def _facts(corrections: Iterable[Correction], content: Content) -> Iterator[Mapping[str, object]]:
    communes = content.places.communes
    for one in corrections:
        office = one.kind is CorrectionKind.OFFICE
        named: Mapping[str, Any] = communes if office else content.catalogue.services
        yield {
            "target": one.target,
            "name": named[one.target].name if one.target in named else "",
            one.kind.value: json.loads(one.value or "null"),
            "office": one.office,
            "author": one.author,
            "date": day_of(one.at),
            "reason": one.reason,
        }


def _dumped(data: Sequence[Mapping[str, object]]) -> str:
    return yaml.safe_dump(list(data), allow_unicode=True, sort_keys=False, width=110) if data else ""
