"""Fees of the portal: amounts, notes that correct them, dates, exemptions, the province's own rates."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from content.models import Doubt, Fee, FeeKind, Service
from content.procedure import read_service
from tests.content.portal_objects import fee, listing, procedure

TODAY = dt.date(2026, 7, 17)
UNKNOWN = Fee(FeeKind.UNKNOWN)
EXEMPT = Fee(FeeKind.EXEMPT)
PROVINCE = Fee(FeeKind.PROVINCE)


def service(*fees: dict[str, Any], text: str = "") -> Service:
    return read_service(procedure(executionMethods=[listing(fees=list(fees), text=text)]), TODAY)


def read(*fees: dict[str, Any], text: str = "") -> Fee:
    return service(*fees, text=text).offers[0].fee


def amounts(*fees: dict[str, Any], text: str = "") -> tuple[int, ...]:
    return read(*fees, text=text).amounts


def doubted(*fees: dict[str, Any]) -> bool:
    return service(*fees).doubts == {Doubt.FEE}


def test_distinct_amounts_of_all_listings_are_kept() -> None:
    listings = [listing(fees=[fee(50_000), fee(10_000)]), listing(fees=[fee(20_000), fee(10_000)])]
    raw = procedure(executionMethods=listings)
    assert read_service(raw, TODAY).offers[0].fee == Fee(FeeKind.AMOUNT, (10_000, 20_000, 50_000))


def test_other_currencies_are_ignored_without_doubt() -> None:
    assert read(fee(25, "25 đô la/thẻ", currency="USD")) == UNKNOWN
    assert not doubted(fee(25, currency="USD"))


def test_no_amount_and_no_note_is_unknown() -> None:
    assert read() == read(fee(0)) == read(fee(None)) == UNKNOWN


@pytest.mark.parametrize("value", [1, 20, 999, 1_250, 300_000_000])
def test_placeholders_and_slips_are_dropped_and_doubted(value: int) -> None:
    assert read(fee(value)) == UNKNOWN
    assert doubted(fee(value))


@pytest.mark.parametrize(
    ("value", "note", "expected"),
    [
        (20, "20.000đ/tờ", (20_000,)),
        (135, "Thu 135.000 đồng một lần", (135_000,)),
        (0, "2.000 đồng/trang; từ trang sau thu 1.000 đồng/trang, tối đa 200.000 đồng/bản", (1_000, 2_000)),
        (0, "Thẻ mới 40.000đồng; thẻ lại 20.000 VNĐ", (20_000, 40_000)),
        (0, "Thu 02 triệu đồng/thẻ", (2_000_000,)),
    ],
)
def test_an_amount_written_clearly_in_the_note_replaces_a_placeholder(
    value: int, note: str, expected: tuple[int, ...]
) -> None:
    assert amounts(fee(value, note)) == expected
    assert not doubted(fee(value, note))


@pytest.mark.parametrize(
    "note", ["150.000 đồng + (số tấn x 15.000 đồng)", "Bằng 75% mức thu lần đầu", "Từ 5-10 triệu"]
)
def test_a_formula_is_not_an_amount(note: str) -> None:
    assert read(fee(0, note)) == UNKNOWN


def test_an_amount_that_its_own_note_contradicts_is_dropped_and_doubted() -> None:
    assert amounts(fee(40_000, "50.000đ/thẻ")) == ()
    assert doubted(fee(40_000, "50.000đ/thẻ"))
    assert doubted(fee(25, "25.000.000đ/thẻ"))
    assert doubted(fee(50_000, "25.000.000đ/thẻ (áp dụng đến hết ngày 31/12/2026)"))
    assert doubted(fee(100_000, "Bằng 50% mức thu của biểu phí"))


def test_an_amount_that_sums_up_its_note_is_kept() -> None:
    assert amounts(fee(45_000, "gồm 30.000 đồng hồ sơ; 15.000 đồng thẻ")) == (45_000,)


def test_an_expired_amount_gives_way_or_leaves_the_fee_unknown() -> None:
    expired = fee(40_000, "40.000đ/thẻ (áp dụng đến hết ngày 31/12/2024 theo Thông tư số 43/2024/TT-BTC)")
    assert read(expired) == UNKNOWN
    assert amounts(expired, fee(50_000)) == (50_000,)
    assert doubted(expired)
    assert doubted(expired, fee(50_000))


def test_an_amount_that_is_not_yet_in_force_is_dropped_without_doubt() -> None:
    rows = [
        fee(100_000, "Áp dụng đến hết ngày 31/12/2026"),
        fee(200_000, "Áp dụng từ 01/01/2027 với thẻ mới"),
    ]
    assert amounts(*rows) == (100_000,)
    assert not doubted(*rows)
    later = "Lệ phí thẻ: 75.000 đ. Kể từ ngày 01 tháng 01 năm 2027 trở đi, mức thu: 150.000 đ."
    assert amounts(fee(75_000, later)) == (75_000,)


SPAN = "kể từ ngày 01/7/2025 đến hết ngày 31/12/2026 theo Thông tư số 64/2025/TT-BTC"
HALF = f"áp dụng mức phí 25.000 đồng/thẻ {SPAN}"


@pytest.mark.parametrize(
    "rows",
    [
        [fee(50_000, f"({HALF})")],
        [fee(50, f"({HALF})")],
        [fee(0, f"50.000 đồng/thẻ ({HALF})")],
        [fee(50_000, f"- 50.000đ/thẻ (Thông tư số 25/2021/TT-BTC). - 25.000đ/thẻ ({HALF})")],
        [fee(50_000), fee(25_000, "25.000 đồng (đến hết ngày 31/12/2026 theo Thông tư 64/2025/TT-BTC)")],
        [fee(25_000, f"Theo Thông tư số 9/2023/TT-BTC: 50.000 đồng. (Áp dụng mức phí {SPAN})")],
        [fee(50_000, f"Thẻ: 50.000 đồng; mức thu bằng 50% mức thu trên {SPAN}")],
    ],
)
def test_a_temporary_half_suspends_the_full_amount(rows: list[dict[str, Any]]) -> None:
    assert read(*rows) == Fee(FeeKind.AMOUNT, (25_000,), "64/2025/TT-BTC")
    assert not doubted(*rows)


def test_a_temporary_half_may_stand_in_the_description() -> None:
    text = f"Nộp tại quầy. Phí: 50.000 đồng/thẻ ({HALF}). Lệ phí: 10.000 đồng/thẻ."
    assert amounts(fee(50_000), text=text) == (10_000, 25_000)


def test_amounts_of_a_description_count_only_where_the_rows_have_none() -> None:
    text = "Tại xã: 2.000 đồng/trang. Nhà nước hỗ trợ 500.000 đồng/trường hợp."
    assert amounts(fee(0), text=text) == (2_000,)
    assert amounts(fee(5_000), text=text) == (5_000,)


def test_rows_that_the_portal_merged_into_a_note_are_kept() -> None:
    assert amounts(fee(250_000, "Thẩm định) Lệ phí : 75.000 Đồng (đăng bạ)")) == (75_000, 250_000)


@pytest.mark.parametrize(
    "note",
    [
        "Không",
        "không có.",
        "0",
        "Không thu phí",
        "Không phải nộp",
        "- Miễn lệ phí",
        "Lệ phí: không",
        "(Miễn lệ phí. Phí bản sao (nếu có yêu cầu) theo Thông tư số 281/2016/TT-BTC.)",
    ],
)
def test_exempt_is_only_what_a_note_says_for_everybody(note: str) -> None:
    assert read(fee(0, note)) == EXEMPT


@pytest.mark.parametrize(
    "note",
    [
        "Không quy định",
        "Chưa quy định.",
        "Theo quy định của Bộ Tài chính",
        "Phí bưu chính",
        "Miễn lệ phí cho người thuộc hộ nghèo",
        "Không thu lệ phí đối với tổ hợp tác",
        "Không thu phí cấp thẻ; phí in tem thu riêng",
    ],
)
def test_a_note_that_settles_nothing_leaves_the_fee_unknown(note: str) -> None:
    assert read(fee(0, note)) == UNKNOWN
    assert read(fee(0, note), fee(0, "Không")) == UNKNOWN


@pytest.mark.parametrize(
    "note",
    [
        "Do Hội đồng nhân dân cấp tỉnh quy định. Miễn lệ phí cho người thuộc hộ nghèo.",
        "Theo nghị quyết của HĐND tỉnh",
        "do Ủy ban nhân dân cấp tỉnh quy định",
        "Theo quy định của chính quyền địa phương",
    ],
)
def test_the_province_goes_before_an_exemption(note: str) -> None:
    assert read(fee(0, note), fee(0, "Không")) == PROVINCE
    assert read(fee(0), text=f"Phí: {note}") == PROVINCE


def test_an_amount_beside_the_provinces_right_to_set_it_is_doubted() -> None:
    row = fee(150_000, "Mức thu do Hội đồng nhân dân tỉnh quyết định (Thông tư số 85/2019/TT-BTC)")
    assert read(row) == Fee(FeeKind.PROVINCE, rule="85/2019/TT-BTC")
    assert doubted(row)


def test_the_rule_is_the_number_of_the_document_that_sets_the_fee() -> None:
    assert read(fee(0, "Theo Thông tư số 60/2023/TT-BTC ngày 07/9/2023")).rule == "60/2023/TT-BTC"
    assert read(fee(5_000, "Nghị quyết 12/2024/NQ-HĐND của tỉnh bạn")).rule == "12/2024/NQ-HĐND"
    copies = "Miễn lệ phí. Bản sao (nếu có yêu cầu) theo Thông tư số 281/2016/TT-BTC."
    assert read(fee(0, copies)).rule == ""
