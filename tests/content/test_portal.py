"""From raw objects of the portal to a catalogue: selection, facts, times, doubts, findings."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path
from typing import Any

import pytest

from content.models import Doubt, Duration, Level, Method, Offer, Service, Tier, TimeUnit
from content.portal import build, is_ours, read_lines
from content.procedure import read_service
from tests.content.portal_objects import JULY_17, line, listing, procedure

TODAY = dt.date(2026, 7, 17)
TUYEN_QUANG = "UBND tỉnh Tuyên Quang"
DAY_IN_MS = 86_400_000


def service(**changes: Any) -> Service:
    return read_service(procedure(**changes), TODAY)


def offer(*listings: dict[str, Any]) -> Offer:
    return service(executionMethods=list(listings)).offers[0]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"isProvince": False, "isWard": True},
        {"departmentPromulgateName": "Ngân hàng Nhà nước Việt Nam"},
        {"departmentPromulgateName": "Tòa án nhân dân"},
        {"departmentPromulgateName": TUYEN_QUANG, "type": "SPECIFIC"},
    ],
)
def test_national_procedures_handled_here_and_our_own_are_ours(changes: dict[str, Any]) -> None:
    assert is_ours(procedure(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"isInternal": True},
        {"isProvince": False, "isMinistry": True},
        {"type": "SPECIFIC"},
        {"departmentPromulgateName": "UBND tỉnh Lào Cai"},
        {"departmentPromulgateName": TUYEN_QUANG, "type": "SPECIFIC", "isInternal": True},
    ],
)
def test_internal_ministry_and_other_provinces_procedures_are_not_ours(changes: dict[str, Any]) -> None:
    assert not is_ours(procedure(**changes))


def test_facts_are_carried_over() -> None:
    read = service(
        isWard=True,
        isOtherAgency=True,
        unitGroupsExecuting=[None, {"name": "Công an\u00a0 cấp xã"}],
        executionMethods=[listing("DIRECT"), listing("ONLINE")],
    )
    assert read.tiers == {Tier.PROVINCE, Tier.COMMUNE, Tier.OTHER}
    assert read.executing == ("Sở Thử nghiệm", "Công an cấp xã")
    assert [o.method for o in read.offers] == [Method.ONLINE, Method.COUNTER]
    assert read.updated == TODAY
    assert read.level is Level.PARTIAL
    assert read.doubts == frozenset()


def test_a_code_with_a_space_is_repaired_and_doubted() -> None:
    read = service(code=" 1.000001")
    assert read.code == "1.000001"
    assert read.doubts == {Doubt.CODE}
    assert service(code="1.00001").doubts == {Doubt.CODE}


def test_names_lose_a_leading_stop_stray_spaces_and_decomposed_letters_only() -> None:
    read = service(name=". Cấp  the\u0309\tthử")
    assert read.name == "Cấp thẻ thử"
    assert read.doubts == {Doubt.NAME}
    assert service(name="cấp thẻ").name == "cấp thẻ"
    assert service(name="cấp thẻ").doubts == {Doubt.NAME}


def test_flags_that_contradict_each_other_are_doubted() -> None:
    full_without_online = service(isFullProcess=True, executionMethods=[listing("DIRECT")])
    assert full_without_online.level is Level.UNKNOWN
    assert full_without_online.doubts == {Doubt.FLAGS}
    assert service(isOfflineOnly=True).doubts == {Doubt.FLAGS}
    assert service(isFullProcess=True).doubts == frozenset()


def test_a_method_listed_for_several_cases_keeps_all_times() -> None:
    listings = [
        listing(time=1, unit="MONTH"),
        listing(time=20),
        listing(time=20),
        listing(time=8, unit="HOUR"),
    ]
    assert offer(*listings).times == (
        Duration(8, TimeUnit.HOUR),
        Duration(20, TimeUnit.WORKING_DAY),
        Duration(1, TimeUnit.MONTH),
    )


@pytest.mark.parametrize(
    ("time", "unit"),
    [
        (1, "OTHER"),
        (0, "DAY"),
        (200, "HOUR"),
        (300, "WORKING_DAY"),
        (500, "DAY"),
        (36, "MONTH"),
        ("Không quy định", "OTHER"),
        (None, "DAY"),
    ],
)
def test_times_that_cannot_be_meant_are_dropped_and_doubted(time: object, unit: str) -> None:
    read = service(executionMethods=[listing(time=time, unit=unit)])
    assert read.offers[0].times == ()
    assert read.doubts == {Doubt.TIME}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("06 ngày làm việc", Duration(6, TimeUnit.WORKING_DAY)),
        (
            "Trong thời hạn 05 (năm) ngày làm việc kể từ ngày nhận đủ giấy tờ.",
            Duration(5, TimeUnit.WORKING_DAY),
        ),
        ("Nộp tại quầy. Thời hạn giải quyết: không quá 30 ngày.", Duration(30, TimeUnit.DAY)),
    ],
)
def test_the_one_clear_time_of_a_description_replaces_a_placeholder(text: str, expected: Duration) -> None:
    read = service(executionMethods=[listing(time=1, unit="OTHER", text=text)])
    assert read.offers[0].times == (expected,)
    assert read.doubts == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "Kiểm tra: 03 ngày làm việc. Thẩm định: 10 ngày làm việc.",
        "02 tháng và 15 ngày làm việc",
        "Chi trả 10 ngày làm việc sau khi có quyết định",
        "24 giờ làm việc",
        "Trong ngày",
    ],
)
def test_a_description_with_several_or_other_times_is_not_guessed(text: str) -> None:
    assert offer(listing(time=0, unit="OTHER", text=text)).times == ()


def test_post_that_only_brings_the_result_takes_no_dossier() -> None:
    brings = listing("POSTAL", text="- Trả kết quả qua bưu chính đến nhà.")
    assert offer(brings).result_only
    assert not offer(brings, listing("POSTAL")).result_only
    assert not offer(listing("POSTAL", text="Nộp giấy tờ, nhận kết quả qua bưu chính.")).result_only
    assert not offer(listing("DIRECT", text="Trả kết quả qua bưu chính.")).result_only


def test_build_keeps_known_codes_and_new_ones_that_are_ours() -> None:
    known = procedure(code="1.000002", name="Đổi thẻ", isProvince=False, isMinistry=True)
    ministry = procedure(code="1.000003", name="Thu thẻ", isProvince=False, isMinistry=True)
    lines = [line(known), line(procedure()), line(ministry)]
    built = build(lines, {"1.000002"})
    assert list(built.catalogue.services) == list(built.terms) == ["1.000001", "1.000002"]
    assert built.catalogue.state == TODAY
    assert built.findings == []


def test_build_prefers_the_public_row_of_a_code_that_an_internal_one_shares() -> None:
    lines = [line(procedure(code=" 1.000001")), line(procedure(name="Họp giao ban", isInternal=True))]
    built = build(lines, {"1.000001"})
    assert built.catalogue.services["1.000001"].name == "Cấp thẻ thử nghiệm"
    assert built.findings == []


def test_build_tells_of_broken_lines_repeated_codes_and_codes_that_are_gone() -> None:
    older = procedure(name="Cấp thẻ kiểu cũ", updatedAt=JULY_17 - DAY_IN_MS)
    wrong = procedure(code="1.000004", executionMethods=[listing(fees=[{"value": "nhiều"}])])
    lines = [line(procedure()), line(older), "{", '{"code": "1.000005"}', line(wrong)]
    built = build(lines, {"1.000009"})
    assert [s.name for s in built.catalogue.services.values()] == ["Cấp thẻ thử nghiệm"]
    assert [finding.split(":")[0] for finding in built.findings] == [
        "line 3",
        "line 4",
        "line 2",
        "line 5",
        "code 1.000009",
    ]


def test_names_that_repeat_are_doubted_on_both_sides() -> None:
    lines = [line(procedure()), line(procedure(code="1.000002", name="Cấp Thẻ thử nghiệm."))]
    built = build(lines, set())
    assert [s.doubts for s in built.catalogue.services.values()] == [{Doubt.NAME}, {Doubt.NAME}]


def test_packed_and_plain_exports_read_alike(tmp_path: Path) -> None:
    plain, packed = tmp_path / "raw.jsonl", tmp_path / "raw.jsonl.gz"
    plain.write_text(line(procedure()) + "\n", "utf-8")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert list(read_lines(plain)) == list(read_lines(packed)) == [line(procedure()) + "\n"]
