"""Facts in words: nothing invented, amounts and times as people here write them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from content.models import Duration, Fee, FeeKind, Method, Offer, Service, TimeUnit
from intents import wording
from intents.knowledge import Knowledge
from tests.intents.small import offer, service

EXEMPT, PROVINCE, UNKNOWN = Fee(FeeKind.EXEMPT), Fee(FeeKind.PROVINCE), Fee(FeeKind.UNKNOWN)


def amount(*amounts: int) -> Fee:
    return Fee(FeeKind.AMOUNT, amounts)


def offering(*offers: Offer, full: bool = False) -> Service:
    return service(offers=offers, full_process=full)


ONLINE, POST, COUNTER = offer(Method.ONLINE), offer(Method.POST), offer(Method.COUNTER)


@pytest.mark.parametrize(
    ("offered", "full", "said"),
    [
        (ONLINE, True, "toàn trình (theo Cổng Dịch vụ công quốc gia, ngày"),
        (ONLINE, False, "nộp qua mạng được; Cổng quốc gia chưa ghi toàn trình"),
        (COUNTER, False, "chưa nộp qua mạng được"),
        (COUNTER, True, "Cổng quốc gia ghi chưa thống nhất"),
    ],
)
def test_each_level_is_said_as_designed_with_its_date(
    offered: Offer,
    full: bool,  # noqa: FBT001
    said: str,
    small: Knowledge,
) -> None:
    line = wording.level(offering(offered, full=full), small)
    assert said in line
    assert "17/7/2026" in line


@pytest.mark.parametrize(
    ("name", "offered", "said"),
    [
        ("Cấp thẻ bằng dịch vụ công trực tuyến toàn trình", ONLINE, "tên thủ tục ghi toàn trình, nhưng"),
        (
            "Cấp thẻ bằng dịch vụ công một phần hoặc trực tiếp",
            COUNTER,
            "tên thủ tục nhắc nộp qua mạng, nhưng",
        ),
        ("Cấp thẻ bằng dịch vụ công trực tuyến một phần", ONLINE, "Cổng quốc gia chưa ghi toàn trình"),
    ],
)
def test_a_name_that_claims_another_level_is_said_to(
    name: str, offered: Offer, said: str, small: Knowledge
) -> None:
    assert said in wording.level(replace(offering(offered), name=name), small)


def test_only_the_level_that_the_portal_flags_is_called_full(small: Knowledge) -> None:
    others = [offering(ONLINE), offering(COUNTER), offering(COUNTER, full=True)]
    assert not any("Mức: toàn trình" in wording.level(other, small) for other in others)


def test_an_inconsistent_level_comes_with_where_to_ask(small: Knowledge) -> None:
    assert "trung tâm phục vụ hành chính công" in wording.level(offering(COUNTER, full=True), small)


def test_methods_are_named_in_one_order(small: Knowledge) -> None:
    assert (
        wording.methods(offering(COUNTER, POST, ONLINE), small) == "Cách nộp: qua mạng, bưu điện, trực tiếp."
    )


def test_post_that_only_brings_the_result_is_said_so(small: Knowledge) -> None:
    line = wording.methods(offering(offer(Method.POST, result_only=True), COUNTER), small)
    assert line == "Cách nộp: bưu điện (chỉ nhận kết quả), trực tiếp."


def test_no_method_is_said_to_be_unknown(small: Knowledge) -> None:
    assert wording.methods(offering(), small) == "Cách nộp: Cổng quốc gia chưa ghi."


@pytest.mark.parametrize(
    ("fee", "said"),
    [
        (amount(7_000), "7.000 đồng"),
        (amount(500), "500 đồng"),
        (amount(1_350_000), "1.350.000 đồng"),
        (amount(10_000, 1_000_000), "10.000; 1.000.000 đồng, tùy trường hợp"),
        (amount(1_000, 2_000, 3_000, 4_000), "1.000; 2.000; 3.000; 4.000 đồng, tùy trường hợp"),
        (amount(1_000, 2_000, 3_000, 4_000, 50_000), "từ 1.000 đến 50.000 đồng, tùy trường hợp"),
        (EXEMPT, "không mất phí"),
        (PROVINCE, "do tỉnh quy định (Hội đồng nhân dân tỉnh); mức cụ thể tôi chưa có"),
        (UNKNOWN, "chưa rõ"),
        (Fee(FeeKind.UNKNOWN, rule="85/2019/TT-BTC"), "chưa rõ, theo văn bản 85/2019/TT-BTC"),
    ],
)
def test_every_kind_of_fee_has_its_words(fee: Fee, said: str, small: Knowledge) -> None:
    assert wording.fee_words(fee, small) == said


def test_one_fee_for_all_methods_is_said_once(small: Knowledge) -> None:
    offers = (offer(Method.ONLINE, amount(7_000)), offer(Method.COUNTER, amount(7_000)))
    assert wording.fee(offering(*offers), small) == "7.000 đồng"


def test_fees_that_differ_by_method_are_named_together(small: Knowledge) -> None:
    offers = (offer(Method.ONLINE, amount(7_000)), offer(Method.COUNTER, amount(15_000)))
    assert wording.fee(offering(*offers), small) == "7.000; 15.000 đồng, tùy trường hợp"


def test_a_fee_for_the_result_by_post_is_not_the_fee_of_the_service(small: Knowledge) -> None:
    offers = (offer(Method.POST, amount(30_000), result_only=True), offer(Method.COUNTER, EXEMPT))
    assert wording.fee(offering(*offers), small) == "không mất phí"


def test_no_method_has_no_known_fee(small: Knowledge) -> None:
    assert wording.fee(offering(), small) == "chưa rõ"


def test_no_fee_is_ever_a_bare_nought(knowledge: Knowledge) -> None:
    said = {wording.fee(s, knowledge) for s in knowledge.content.catalogue.services.values()}
    assert not {words for words in said if words.startswith("0 ") or " 0 đồng" in words or not words}


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ((Duration(3, TimeUnit.WORKING_DAY),), "3 ngày làm việc"),
        ((Duration(0.5, TimeUnit.WORKING_DAY),), "0,5 ngày làm việc"),
        ((Duration(8, TimeUnit.HOUR),), "8 giờ"),
        ((Duration(30, TimeUnit.DAY),), "30 ngày"),
        ((Duration(2, TimeUnit.MONTH),), "2 tháng"),
        (
            (Duration(3, TimeUnit.WORKING_DAY), Duration(30, TimeUnit.DAY)),
            "3 ngày làm việc; 30 ngày, tùy trường hợp",
        ),
        ((), "chưa rõ"),
    ],
)
def test_times_are_said_as_the_rule_states_them(
    times: tuple[Duration, ...], said: str, small: Knowledge
) -> None:
    assert wording.time_words(times, small) == said


def test_a_time_of_several_methods_is_said_once(small: Knowledge) -> None:
    three = (Duration(3, TimeUnit.DAY),)
    offers = (offer(Method.ONLINE, times=three), offer(Method.COUNTER, times=three))
    assert wording.time(offering(*offers), small) == "3 ngày"


def test_a_method_that_only_returns_results_takes_no_dossier() -> None:
    one = offering(offer(Method.POST, result_only=True), COUNTER)
    assert not wording.takes(one, Method.POST)
    assert wording.takes(one, Method.COUNTER)
    assert not wording.takes(one, Method.ONLINE)
