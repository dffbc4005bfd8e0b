"""What was found of one thing. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """Works, but not as it should or not for long."""
    PROBLEM = "problem"
    """Does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and what to do about it; no secret and nobody's data."""

    grade: Grade
    name: str
    detail: str
    todo: str = ""


def ok(name: str, detail: str) -> Finding:
    """Return that all is well."""
    return Finding(Grade.OK, name, detail)


def warning(name: str, detail: str, todo: str) -> Finding:
    """Return something to see to before long."""
    return Finding(Grade.WARNING, name, detail, todo)


def problem(name: str, detail: str, todo: str) -> Finding:
    """Return something to mend now."""
    return Finding(Grade.PROBLEM, name, detail, todo)


def line(finding: Finding) -> str:
    """Return a finding as one line."""
    todo = f" → {finding.todo}" if finding.todo else ""
    return f"{finding.grade:8} {finding.name}: {finding.detail}{todo}"
