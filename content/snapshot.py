"""The snapshot of the catalogue: one JSON object a line, a header first; defaults are left out.

Free texts stand in lists; words of a closed list stand in one string.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from content.models import (
    Catalogue,
    Doubt,
    Duration,
    Fee,
    FeeKind,
    Method,
    Offer,
    Service,
    Tier,
    TimeUnit,
)

T = TypeVar("T")
Row = Mapping[str, Any]

_HEADER = frozenset({"source", "state", "rows"})
_NEEDED = frozenset({"code", "name", "publisher", "tiers", "offers", "id", "updated"})
_KEYS = _NEEDED | {"fields", "full", "executing", "audience", "doubts"}
_OFFER_KEYS = frozenset({"times", "fee", "amounts", "rule", "result_only"})
_PORTAL_ID = re.compile(r"[0-9a-f-]{36}")


class SnapshotError(ValueError):
    """A file of facts that cannot be used: one `path:line: problem` a line."""


def read_snapshot(path: Path) -> Catalogue:
    """Read a catalogue; raise SnapshotError with every problem."""
    lines = path.read_text("utf-8").splitlines() or [""]
    problems: list[str] = []
    head = _guarded(_header, lines[0], f"{path}:1", problems)
    services: dict[str, Service] = {}
    for number, line in enumerate(lines[1:], 2):
        service = _guarded(_service, line, f"{path}:{number}", problems)
        if service is None:
            continue
        if service.code <= next(reversed(services), ""):
            problems.append(f"{path}:{number}: code {service.code} stands twice or out of order")
        services[service.code] = service
    if head and head["rows"] != len(lines) - 1:
        problems.append(f"{path}:1: the header counts {head['rows']} rows, the file has {len(lines) - 1}")
    if head is None or problems:
        raise SnapshotError("\n".join(problems))
    return Catalogue(head["source"], dt.date.fromisoformat(head["state"]), services)


def write_snapshot(catalogue: Catalogue, path: Path) -> None:
    """Write a catalogue, sorted by code; the old file stays whole until the new one is."""
    services = sorted(catalogue.services.values(), key=lambda service: service.code)
    head = {"source": catalogue.source, "state": catalogue.state.isoformat(), "rows": len(services)}
    lines = [_line(row) for row in (head, *map(_row, services))]
    part = path.with_name(f"{path.name}.part")
    part.write_text("".join(lines), "utf-8", newline="\n")
    part.replace(path)


def _guarded(read: Callable[[Row], T], line: str, place: str, problems: list[str]) -> T | None:
    try:
        return read(json.loads(line))
    except json.JSONDecodeError as error:
        problems.append(f"{place}: not JSON: {error.msg}")
    except (ValueError, TypeError, AttributeError) as error:
        problems.append(f"{place}: {error}")
    return None


def _header(row: Row) -> Row:
    _check_keys(row, _HEADER, _HEADER)
    _text(row["source"])
    dt.date.fromisoformat(row["state"])
    return row


def _service(row: Row) -> Service:
    _check_keys(row, _NEEDED, _KEYS)
    if not _PORTAL_ID.fullmatch(row["id"]):
        raise ValueError(f"malformed id: {row['id']}")
    return Service(
        code=_text(row["code"]),
        name=_text(row["name"]),
        fields=_texts(row.get("fields", [])),
        publisher=_text(row["publisher"]),
        tiers=_tiers(row["tiers"]),
        full_process=row.get("full", False) is True,
        offers=tuple(_offer(method, offer) for method, offer in row["offers"].items()),
        executing=_texts(row.get("executing", [])),
        audience=_texts(row.get("audience", [])),
        portal_id=row["id"],
        updated=dt.date.fromisoformat(row["updated"]),
        doubts=frozenset(map(Doubt, row.get("doubts", "").split())),
    )


def _offer(method: str, row: Row) -> Offer:
    _check_keys(row, frozenset(), _OFFER_KEYS)
    times = _times(row["times"]) if "times" in row else ()
    return Offer(Method(method), _fee(row), times, row.get("result_only", False) is True)


@cache
def _tiers(text: str) -> frozenset[Tier]:
    return frozenset(map(Tier, text.split()))


@cache
def _times(text: str) -> tuple[Duration, ...]:
    """Read times; cached, since thousands of offers share a few hundred of them."""
    parts = [part.partition(" ") for part in text.split(", ")]
    return tuple(Duration(float(value), TimeUnit(unit)) for value, _, unit in parts)


def _fee(row: Row) -> Fee:
    amounts = tuple(row.get("amounts", ()))
    if any(type(amount) is not int or amount <= 0 for amount in amounts):
        raise ValueError(f"amounts must be whole and above 0: {list(amounts)}")
    kind = FeeKind(row.get("fee", FeeKind.AMOUNT if amounts else FeeKind.UNKNOWN))
    if (kind is FeeKind.AMOUNT) != bool(amounts):
        raise ValueError(f"a fee of kind {kind} with amounts {list(amounts)}")
    return Fee(kind, amounts, row.get("rule", ""))


def _check_keys(row: Row, needed: frozenset[str], known: frozenset[str]) -> None:
    if needed <= row.keys() <= known:
        return
    problems = [f"missing key: {key}" for key in sorted(needed - row.keys())]
    problems += [f"unknown key: {key}" for key in sorted(row.keys() - known)]
    raise ValueError("; ".join(problems))


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"must be text: {value!r}")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"must be a list: {value!r}")
    return tuple(_text(item) for item in value)


def _row(service: Service) -> Row:
    row = {
        "code": service.code,
        "name": service.name,
        "fields": service.fields,
        "publisher": service.publisher,
        "tiers": " ".join(tier for tier in Tier if tier in service.tiers),
        "full": service.full_process,
        "offers": {offer.method: _offer_row(offer) for offer in service.offers},
        "executing": service.executing,
        "audience": service.audience,
        "id": service.portal_id,
        "updated": service.updated.isoformat(),
        "doubts": " ".join(doubt for doubt in Doubt if doubt in service.doubts),
    }
    return {key: value for key, value in row.items() if value or key in _NEEDED}


def _offer_row(offer: Offer) -> Row:
    bare = offer.fee.kind in {FeeKind.AMOUNT, FeeKind.UNKNOWN}  # told by the amounts, or by their absence
    row = {
        "times": ", ".join(f"{time.value:g} {time.unit}" for time in offer.times),
        "fee": None if bare else offer.fee.kind,
        "amounts": offer.fee.amounts,
        "rule": offer.fee.rule,
        "result_only": offer.result_only,
    }
    return {key: value for key, value in row.items() if value}


def _line(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"
