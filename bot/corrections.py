"""Corrections as they are stored, and as the core understands them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

import structlog
from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from content.models import AS_PUBLISHED, Level, Method, Office, Overrides, Stated
from intents.attached import Phrase
from intents.overlay import Corrections
from storage.corrections import Correction, CorrectionKind
from storage.days import day_of

log = structlog.get_logger(__name__)

NOTE_CHARS = 300
"""Of a note on a fee: it stands in an answer that fits one screen."""
_VALUES: Mapping[CorrectionKind, TypeAdapter[Any]] = {
    CorrectionKind.PHRASE: TypeAdapter(Literal[True]),
    CorrectionKind.LEVEL: TypeAdapter(Literal[Level.FULL, Level.PARTIAL, Level.NONE]),
    CorrectionKind.METHODS: TypeAdapter(Annotated[frozenset[Method], Field(min_length=1)]),
    CorrectionKind.FEE_NOTE: TypeAdapter(
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NOTE_CHARS)]
    ),
    CorrectionKind.OFFICE: TypeAdapter(Office),
}
_FACTS = (CorrectionKind.LEVEL, CorrectionKind.METHODS, CorrectionKind.FEE_NOTE)


def written(kind: CorrectionKind, value: object) -> str:
    """Return a value as it is stored; raise ValueError for one that its kind does not take."""
    values = _VALUES[kind]
    checked = values.validate_python(value)
    ordered = sorted(checked, key=list(Method).index) if kind is CorrectionKind.METHODS else checked
    return values.dump_json(ordered, warnings=False).decode()


def value_of(correction: Correction) -> Any:  # noqa: ANN401 - of its kind
    """Return what a correction sets; None for one that gives back what was shipped."""
    return None if correction.value is None else _VALUES[correction.kind].validate_json(correction.value)


def line(correction: Correction) -> str:
    """Return a correction in one line, for a terminal."""
    what = correction.item or correction.value
    by = f"{correction.author}, {correction.office}"
    return f"{correction.id}  {day_of(correction.at)}  {correction.kind}  {correction.target}  {what}  ({by})"


def understood(corrections: Iterable[Correction], version: int) -> Corrections:
    """Return corrections as the core takes them; one that cannot be read is left out and logged."""
    services: defaultdict[str, Overrides] = defaultdict(lambda: AS_PUBLISHED)
    offices: dict[str, Stated[Office]] = {}
    phrases: list[Phrase] = []
    for one in corrections:
        try:
            value = value_of(one)
        except ValidationError:
            log.warning("correction cannot be read", correction=one.id, kind=one.kind)
            continue
        stated = Stated(value, one.office, day_of(one.at))
        if one.kind in _FACTS:
            services[one.target] = replace(services[one.target], **{one.kind.value: stated})
        elif one.kind is CorrectionKind.OFFICE:
            offices[one.target] = stated
        else:
            phrases.append(Phrase(one.target, one.item))
    return Corrections(version, services, offices, tuple(phrases))
