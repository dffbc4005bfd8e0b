"""Build the catalogue from an export of the National Public Service Portal, line by line."""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import gzip
import json
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from content.models import Catalogue, Doubt, FeeKind, Service
from content.procedure import Raw, changed, read_code, read_service
from content.snapshot import write_snapshot
from content.terms import Terms, count_words, most_telling, write_terms
from content.wording import clean, fold

SOURCE = "Cổng Dịch vụ công quốc gia"

_OURS = "ubnd tinh tuyen quang"
_NATIONAL = ("bo ", "ngan hang nha nuoc", "toa an nhan dan")
_BROKEN = (ValueError, KeyError, TypeError, AttributeError)
"""What reading an object of another shape raises."""


def read_lines(path: Path) -> Iterator[str]:
    """Read an export line by line, packed or not."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        yield from file


@dataclass(frozen=True, slots=True)
class Built:
    """What an export of the portal gives."""

    catalogue: Catalogue
    terms: Terms
    findings: list[str]
    """What is wrong with the export."""


def build(raw_lines: Iterable[str], codes: Collection[str], state: dt.date | None = None) -> Built:
    """Build a catalogue of the known codes and of all new procedures that are ours.

    Without `state` the day of the newest change stands for the day of the export.
    """
    findings: list[str] = []
    rows = list(_selected(raw_lines, codes, findings))
    state = state or max((day for _, day, _ in rows), default=dt.date.min)
    services = _with_repeats(_services(rows, state, findings))
    findings += [f"code {code}: no longer on the portal" for code in sorted(set(codes) - services.keys())]
    newest = {read_code(raw): raw for _, _, raw in sorted(rows, key=lambda row: row[1])}
    terms = most_telling({code: count_words(newest[code]) for code in services})
    return Built(Catalogue(SOURCE, state, services), terms, findings)


def is_ours(raw: Raw) -> bool:
    """Tell whether people of the province use a procedure: our own, or a national one handled here."""
    publisher = fold(clean(raw["departmentPromulgateName"]))
    if raw["isInternal"] or not (raw["isProvince"] or raw["isWard"]):
        return False
    return publisher == _OURS or (raw["type"] == "STANDARD" and publisher.startswith(_NATIONAL))


def _selected(
    lines: Iterable[str], codes: Collection[str], findings: list[str]
) -> Iterator[tuple[int, dt.date, Raw]]:
    """Yield line number, day of the last change and object of each procedure that is kept."""
    for number, line in enumerate(lines, 1):
        try:
            raw = json.loads(line)["detail"]
            if not raw["isInternal"] and (read_code(raw) in codes or is_ours(raw)):
                yield number, changed(raw), raw
        except _BROKEN as error:
            findings.append(f"line {number}: not a procedure of the portal ({error!r})")


def _services(
    rows: Iterable[tuple[int, dt.date, Raw]], state: dt.date, findings: list[str]
) -> dict[str, Service]:
    services: dict[str, Service] = {}
    for number, _, raw in rows:
        try:
            service = read_service(raw, state)
        except _BROKEN as error:
            findings.append(f"line {number}: code {read_code(raw)} cannot be read ({error!r})")
            continue
        if service.code in services:
            findings.append(f"line {number}: code {service.code} stands twice, the newer row is kept")
        services[service.code] = max(services.get(service.code, service), service, key=lambda s: s.updated)
    return dict(sorted(services.items()))


def _with_repeats(services: dict[str, Service]) -> dict[str, Service]:
    """Mark the services whose names cannot tell them apart."""
    seen = Counter(_sound(service) for service in services.values())
    return {
        code: replace(s, doubts=s.doubts | {Doubt.NAME}) if seen[_sound(s)] > 1 else s
        for code, s in services.items()
    }


def _sound(service: Service) -> str:
    return service.name.casefold().rstrip(" .,;:")


def _summary(catalogue: Catalogue) -> str:
    services = catalogue.services.values()
    levels = Counter(s.level.value for s in services)
    fees = Counter(_fee_kind(s).value for s in services)
    doubts = Counter(doubt.value for s in services for doubt in s.doubts)
    lines = {"services": len(catalogue.services), "levels": levels, "fees": fees, "doubts": doubts}
    return "".join(
        f"{name}: {dict(sorted(n.items())) if isinstance(n, Counter) else n}\n" for name, n in lines.items()
    )


def _fee_kind(service: Service) -> FeeKind:
    """Return the most telling kind of fee that any method of a service has."""
    kinds = {offer.fee.kind for offer in service.offers}
    return next((kind for kind in FeeKind if kind in kinds), FeeKind.UNKNOWN)


def _main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m content.portal", description=__doc__)
    parser.add_argument("raw", type=Path, help="JSON lines of the portal, optionally .gz")
    parser.add_argument("codes", type=Path, help="a CSV with the known codes in a column `code`")
    parser.add_argument("out", type=Path, help="the snapshot to write")
    parser.add_argument("--state", type=dt.date.fromisoformat, help="day of the export, YYYY-MM-DD")
    parser.add_argument("--terms", type=Path, help="the words of papers and conditions to write")
    given = parser.parse_args(arguments)
    with given.codes.open(encoding="utf-8", newline="") as file:
        codes = {row["code"] for row in csv.DictReader(file)}
    built = build(read_lines(given.raw), codes, given.state)
    write_snapshot(built.catalogue, given.out)
    if given.terms:
        write_terms(built.terms, given.terms)
    sys.stdout.write(_summary(built.catalogue) + "".join(f"{finding}\n" for finding in built.findings))


if __name__ == "__main__":
    _main(sys.argv[1:])
