"""Read today's communes and the names of before from the two tables in `places/`."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from content.models import Commune, FormerCommune, Places
from content.snapshot import SnapshotError

_COMMUNES, _FORMER = "communes.csv", "former.csv"


def read_places(folder: Path) -> Places:
    """Read all places; raise SnapshotError with every problem."""
    problems: list[str] = []
    communes = _communes(folder / _COMMUNES, problems)
    former = tuple(_former(folder / _FORMER, communes, problems))
    if problems:
        raise SnapshotError("\n".join(problems))
    return Places(communes, former)


def _communes(path: Path, problems: list[str]) -> dict[str, Commune]:
    communes: dict[str, Commune] = {}
    for place, row in _rows(path, ["code", "name"], problems):
        if row["code"] in communes:
            problems.append(f"{place}: code {row['code']} stands twice")
        communes[row["code"]] = Commune(row["code"], row["name"])
    return communes


def _former(path: Path, communes: dict[str, Commune], problems: list[str]) -> Iterator[FormerCommune]:
    seen: set[tuple[str, ...]] = set()
    for place, row in _rows(path, ["name", "district", "province", "now"], problems):
        name = (row["name"], row["district"], row["province"])
        now = tuple(row["now"].split())
        problems += [f"{place}: no commune of today has code {code}" for code in now if code not in communes]
        if name in seen:
            problems.append(f"{place}: {', '.join(name)} stands twice")
        seen.add(name)
        yield FormerCommune(*name, now=now)


def _rows(path: Path, columns: list[str], problems: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        if next(reader, None) != columns:
            problems.append(f"{path}:1: the columns must be {','.join(columns)}")
            return
        for cells in reader:
            place = f"{path}:{reader.line_num}"
            if len(cells) == len(columns) and all(cells):
                yield place, dict(zip(columns, cells, strict=True))
            else:
                problems.append(f"{place}: must have {len(columns)} filled cells")
