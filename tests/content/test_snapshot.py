"""The snapshot of the catalogue: what is written is read again, what is broken is told by line."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

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
from content.snapshot import SnapshotError, read_snapshot, write_snapshot

OFFERS = (
    Offer(
        Method.ONLINE,
        Fee(FeeKind.AMOUNT, (7_000, 15_000), "75/2022/TT-BTC"),
        (Duration(1.5, TimeUnit.WORKING_DAY), Duration(1, TimeUnit.MONTH)),
    ),
    Offer(Method.POST, Fee(FeeKind.PROVINCE), result_only=True),
    Offer(Method.COUNTER, Fee(FeeKind.UNKNOWN)),
)


def service(code: str, **changes: Any) -> Service:
    fields: dict[str, Any] = {
        "code": code,
        "name": "Cấp thẻ thử nghiệm",
        "fields": ("Thẻ",),
        "publisher": "Bộ Thử nghiệm",
        "tiers": frozenset({Tier.COMMUNE, Tier.PROVINCE}),
        "full_process": True,
        "offers": OFFERS,
        "executing": ("Sở Thử nghiệm", "Xã"),
        "audience": ("Công dân",),
        "portal_id": "019d2bfb-cfb3-75d8-9160-fa2bd2ac950a",
        "updated": dt.date(2026, 4, 8),
        "doubts": frozenset({Doubt.TIME, Doubt.FEE}),
    }
    return Service(**(fields | changes))


def catalogue(*services: Service) -> Catalogue:
    return Catalogue("Cổng thử", dt.date(2026, 7, 17), {s.code: s for s in services})


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "national.jsonl"
    bare = service("1.000002", fields=(), executing=(), audience=(), offers=(), doubts=frozenset())
    whole = catalogue(service("1.000001"), bare)
    write_snapshot(whole, path)
    assert read_snapshot(path) == whole


def test_the_file_is_sorted_unescaped_and_leaves_defaults_out(tmp_path: Path) -> None:
    path = tmp_path / "national.jsonl"
    write_snapshot(catalogue(service("2.000001"), service("1.000001", full_process=False)), path)
    head, first, second = path.read_text("utf-8").splitlines()
    assert head == '{"source":"Cổng thử","state":"2026-07-17","rows":2}'
    assert "full" not in json.loads(first)
    assert json.loads(first)["code"] < json.loads(second)["code"]
    assert json.loads(first)["offers"] == {
        "online": {
            "times": "1.5 working_day, 1 month",
            "amounts": [7_000, 15_000],
            "rule": "75/2022/TT-BTC",
        },
        "post": {"fee": "province", "result_only": True},
        "counter": {},
    }
    assert [entry.name for entry in tmp_path.iterdir()] == ["national.jsonl"]


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("surprise", 1, "unknown key: surprise"),
        ("name", "", "must be text"),
        ("id", "https://example.org", "malformed id"),
        ("tiers", "village", "village"),
        ("updated", "8/4/2026", "isoformat"),
        ("fields", "Thẻ", "must be a list"),
        ("doubts", "mood", "mood"),
        ("offers", {"fax": {}}, "fax"),
        ("offers", {"post": {"amounts": [0]}}, "above 0"),
        ("offers", {"post": {"amounts": [5_000], "fee": "exempt"}}, "fee of kind exempt"),
        ("offers", {"post": {"times": "3 year"}}, "year"),
    ],
)
def test_a_broken_value_is_told_with_its_line(tmp_path: Path, key: str, value: object, problem: str) -> None:
    path = tmp_path / "national.jsonl"
    write_snapshot(catalogue(service("1.000001")), path)
    head, row = path.read_text("utf-8").splitlines()
    path.write_text(f"{head}\n{json.dumps(json.loads(row) | {key: value})}\n", "utf-8")
    with pytest.raises(SnapshotError, match=rf"^{path}:2: .*{problem}"):
        read_snapshot(path)


def test_all_problems_are_collected(tmp_path: Path) -> None:
    path = tmp_path / "national.jsonl"
    write_snapshot(catalogue(service("1.000001"), service("1.000002")), path)
    head, first, second = path.read_text("utf-8").splitlines()
    broken = [head, second, "{", first, '{"code":"1.000003"}']
    path.write_text("\n".join(broken), "utf-8")
    with pytest.raises(SnapshotError) as caught:
        read_snapshot(path)
    problems = str(caught.value).splitlines()
    assert [problem.removeprefix(f"{path}:")[:2] for problem in problems] == ["3:", "4:", "5:", "1:"]
    assert "missing key: id" in problems[2]
    assert "counts 2 rows, the file has 4" in problems[3]


@pytest.mark.parametrize("text", ["", "[]", '{"source":"","state":"2026-07-17","rows":0}'])
def test_a_file_without_a_header_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "national.jsonl"
    path.write_text(text, "utf-8")
    with pytest.raises(SnapshotError, match=":1: "):
        read_snapshot(path)


def test_the_snapshot_of_the_project_is_whole() -> None:
    path = Path(__file__).parents[2] / "content" / "catalogue" / "national.jsonl"
    read = read_snapshot(path)
    assert read.source == "Cổng Dịch vụ công quốc gia"
    assert len(read.services) >= 2_905
