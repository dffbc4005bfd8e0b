"""What the product gets wrong today: cases in `known_failures.yaml` must fail until they are taken out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

LISTED = Path(__file__).with_name("known_failures.yaml")


@cache
def known_failures() -> Mapping[str, Mapping[str, str]]:
    read: dict[str, dict[str, str]] = yaml.safe_load(LISTED.read_text("utf-8"))
    return read or {}


def cases(section: str, named: Mapping[str, Any]) -> list[Any]:
    """Return the named cases for `parametrize`, those that are known to fail marked so."""
    listed = known_failures().get(section, {})
    gone = listed.keys() - named.keys()
    assert not gone, f"{LISTED.name}, {section}: no such case: {', '.join(sorted(gone))}"
    return [
        pytest.param(value, id=name, marks=[_must_fail(listed[name])] if name in listed else [])
        for name, value in named.items()
    ]


def texts(section: str, *listed: str) -> list[Any]:
    """Return texts as cases that are named by themselves."""
    return cases(section, {text: text for text in listed})


def _must_fail(reason: str) -> pytest.MarkDecorator:
    return pytest.mark.xfail(reason=reason, strict=True)
