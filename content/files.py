"""Reading content files: every problem is a finding with its file and line, all are collected."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")

UNKNOWN_KEY = frozenset(("extra_forbidden", "unexpected_keyword_argument"))
"""What pydantic calls a key that a type does not have."""
ROOT = Path(__file__).parent
"""Where the content lives."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One problem in one file, for the person who writes content."""

    path: str
    problem: str
    line: int = 0

    def __str__(self) -> str:
        """Print as `path:line: problem`, without the line where none is known."""
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.problem}"


class ContentError(Exception):
    """Content that cannot be used; carries all findings."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        """Take the findings, at least one."""
        super().__init__("\n".join(str(f) for f in findings))
        self.findings = tuple(findings)


@dataclass(slots=True)
class Reader:
    """Read the files below one folder and remember what was wrong with them."""

    root: Path
    findings: list[Finding] = dataclasses.field(default_factory=list)
    origins: dict[object, str] = dataclasses.field(default_factory=dict)
    """File of each value read by `all_of`, by identity of its kind and id."""

    def all_of(self, kind: type[T], pattern: str) -> Iterator[T]:
        """Read every value of a kind from files that hold one mapping or a list of them."""
        for path in sorted(self.root.glob(pattern)):
            data = self.data(path)
            listed = isinstance(data, list)
            for number, item in enumerate(data if isinstance(data, list) else [data]):
                value = self.value(kind, item, path, (number,) if listed else ())
                if value is not None:
                    self._remember(kind, value, path, number)
                    yield value

    def _remember(self, kind: type[T], value: T, path: Path, number: int) -> None:
        key = kind, getattr(value, "id", None)
        if key in self.origins:
            self.note(path, f"id stands more than once: {key[1]}", _line(path, (number,)))
        self.origins[key] = self.name(path)

    def merged(self, pattern: str) -> dict[str, object]:
        """Read mappings from several files as one; a key that stands twice is a finding."""
        merged: dict[str, object] = {}
        for path in sorted(self.root.glob(pattern)):
            data = self.data(path)
            if not isinstance(data, dict):
                self.note(path, "must be a mapping of keys")
                continue
            for key in merged.keys() & data.keys():
                self.note(path, f"key stands in another file too: {key}", _line(path, (key,)))
            merged |= data
        return merged

    def data(self, path: Path) -> object:
        """Read one YAML file; a syntax error becomes a finding."""
        try:
            return yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - a safe one
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            self.note(path, f"not valid YAML: {error.problem}", line)
        except (OSError, ValueError, yaml.YAMLError) as error:
            self.note(path, f"cannot be read: {error}")
        return []

    def value(self, kind: type[T], data: object, path: Path, place: tuple[int | str, ...] = ()) -> T | None:
        """Turn plain data into a value of a dataclass; each mistake becomes a finding."""
        if not isinstance(data, Mapping):
            self.note(path, "must be a mapping of keys", _line(path, place))
            return None
        try:
            value: T = _adapter(kind).validate_python(data)  # type: ignore[arg-type] # classes are hashable
        except ValidationError as error:
            for mistake in error.errors():
                where = ".".join(str(p) for p in mistake["loc"])
                unknown = mistake["type"] in UNKNOWN_KEY
                problem = f"unknown key: {where}" if unknown else f"{where}: {mistake['msg']}"
                self.note(path, problem, _line(path, (*place, *mistake["loc"])))
            return None
        return value

    def note(self, path: Path, problem: str, line: int = 0) -> None:
        """Remember a problem."""
        self.findings.append(Finding(self.name(path), problem, line))

    def name(self, path: Path) -> str:
        """Return a file's name as a person writes it."""
        return f"content/{path.relative_to(self.root)}"


class _Loader(yaml.CSafeLoader):
    """Reads plain data and refuses a key that stands twice, which YAML lets the second win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - its signature
        """Read one mapping."""
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            seen: set[str] = set()
            for key, _ in node.value:
                if key.value in seen:
                    raise yaml.MarkedYAMLError(None, None, f"key stands twice: {key.value}", key.start_mark)
                seen.add(key.value)
        return mapping


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    """Return what checks values of a kind; making one costs a thousand times more than using it."""
    return TypeAdapter(kind)


def _line(path: Path, place: Sequence[int | str]) -> int:
    """Find the line of a value; read again, since only mistakes need it."""
    if not path.is_file():
        return 0
    node = yaml.compose(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    for step in place:
        child = _child(node, step)
        if child is None:
            break
        node = child
    return int(node.start_mark.line) + 1 if node else 0


def _child(node: yaml.Node | None, step: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        found: yaml.Node = node.value[step]
        return found
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(step)), None)
    return None
