"""What is said about one aspect of one service, with and without a text of ours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from content.models import (
    Aspect,
    Choice,
    Duration,
    Fee,
    FeeKind,
    Level,
    Method,
    Selection,
    Service,
    Tier,
    TimeUnit,
    Topic,
)
from intents import answers
from intents.aspects import About
from intents.knowledge import NO_TEXT, Knowledge, prepare
from tests.intents.small import EXTEND, ISSUE, PUPPETS, REPLACE, offer, plain_text, service, small_content

ONLINE, POST, COUNTER = offer(Method.ONLINE), offer(Method.POST), offer(Method.COUNTER)
RESULT = offer(Method.POST, result_only=True)
SEVEN, FIFTEEN = Fee(FeeKind.AMOUNT, (7_000,)), Fee(FeeKind.AMOUNT, (15_000,))
THREE, FIVE = (Duration(3, TimeUnit.DAY),), (Duration(5, TimeUnit.DAY),)


def said(aspect: Aspect, one: Service, knowledge: Knowledge, **text: object) -> list[str]:
    written = replace(NO_TEXT, **text) if text else NO_TEXT  # type: ignore[arg-type]
    return list(About(one, written, knowledge).lines(aspect))


def test_every_aspect_of_every_kind_of_service_says_something(small: Knowledge) -> None:
    kinds = [(), (COUNTER,), (ONLINE,), (POST,), (RESULT, COUNTER), (ONLINE, POST, COUNTER)]
    for offers in kinds:
        for aspect in Aspect:
            lines = said(aspect, service(offers=offers), small)
            assert all(line.strip() for line in lines)
            assert lines or not offers


# Papers and conditions


def test_papers_are_listed_with_all_cautions(small: Knowledge) -> None:
    lines = said(Aspect.DOCUMENTS, service(), small, documents=("Ảnh.", "Đơn."), cautions=("Xem kỹ.", "Nhớ."))
    assert lines == ["Giấy tờ cần có:", "• Ảnh.", "• Đơn.", "Lưu ý: Xem kỹ.", "Lưu ý: Nhớ."]


def test_a_fee_in_words_is_told_as_it_stands(small: Knowledge) -> None:
    lines = said(Aspect.FEE, service(offers=(offer(fee=Fee(FeeKind.UNKNOWN)),)), small, fee="Hỏi nơi nộp.")
    assert lines == ["Hỏi nơi nộp."]


def test_whoever_waits_is_told_the_time_that_the_text_tells(small: Knowledge) -> None:
    assert said(Aspect.STATUS, service(), small, time="Trong ngày.")[-1] == "Trong ngày."


def test_papers_that_nobody_wrote_down_are_said_to_be_unknown(small: Knowledge) -> None:
    assert said(Aspect.DOCUMENTS, service(), small) == [small.say("documents.unknown")]


def test_conditions_are_listed_or_told_by_the_summary_or_unknown(small: Knowledge) -> None:
    assert said(Aspect.CONDITIONS, service(), small, conditions=("Đủ 14 tuổi.",))[1:] == ["• Đủ 14 tuổi."]
    assert said(Aspect.CONDITIONS, service(), small, summary="Thẻ đọc sách.") == ["Thẻ đọc sách."]
    assert said(Aspect.CONDITIONS, service(), small) == [small.say("conditions.unknown")]


def test_an_overview_names_the_official_name_when_ours_is_shorter(small: Knowledge) -> None:
    long = service(PUPPETS, "Cấp giấy phép biểu diễn múa rối nước tại các lễ hội và các phiên chợ của xã")
    catalogue = replace(small.content.catalogue, services={PUPPETS: long})
    knowledge = prepare(replace(small.content, catalogue=catalogue, families=(), texts=()), retention_days=30)
    assert said(Aspect.OVERVIEW, long, knowledge)[0] == f"Tên chính thức: {long.name}."
    assert knowledge.title(PUPPETS).endswith("…")
    assert len(knowledge.title(PUPPETS)) <= 60


# Fees and times


def test_fees_are_named_by_method_where_they_differ(small: Knowledge) -> None:
    one = service(offers=(offer(Method.ONLINE, SEVEN), offer(Method.COUNTER, FIFTEEN)))
    assert said(Aspect.FEE, one, small) == [
        "Phí, lệ phí:",
        "• Qua mạng: 7.000 đồng.",
        "• Trực tiếp: 15.000 đồng.",
    ]


def test_one_fee_is_named_once_and_the_post_costs_extra(small: Knowledge) -> None:
    one = service(offers=(offer(Method.ONLINE, SEVEN), offer(Method.POST, SEVEN)))
    assert said(Aspect.FEE, one, small) == ["Phí: 7.000 đồng.", small.say("fee.post")]


def test_our_own_words_about_a_fee_come_first(small: Knowledge) -> None:
    assert said(Aspect.FEE, service(offers=(offer(fee=SEVEN),)), small, fee="Hộ nghèo được miễn.") == [
        "Hộ nghèo được miễn."
    ]


@pytest.mark.parametrize("kind", [FeeKind.UNKNOWN, FeeKind.PROVINCE])
def test_a_fee_that_is_not_known_comes_with_where_to_look(kind: FeeKind, small: Knowledge) -> None:
    assert small.say("fee.unknown.where") in said(Aspect.FEE, service(offers=(offer(fee=Fee(kind)),)), small)


def test_times_are_named_by_method_where_they_differ(small: Knowledge) -> None:
    one = service(offers=(offer(Method.ONLINE, times=THREE), offer(Method.COUNTER, times=FIVE)))
    assert said(Aspect.TIME, one, small) == [
        "Thời gian giải quyết:",
        "• Qua mạng: 3 ngày.",
        "• Trực tiếp: 5 ngày.",
        small.say("time.from"),
    ]


def test_a_time_that_is_not_known_comes_with_where_to_look(small: Knowledge) -> None:
    assert said(Aspect.TIME, service(), small) == ["Thời gian: chưa rõ.", small.say("time.unknown.where")]


def test_our_own_words_about_a_time_stand_alone(small: Knowledge) -> None:
    assert said(Aspect.TIME, service(offers=(offer(times=THREE),)), small, time="Trong ngày.") == [
        "Trong ngày."
    ]


# Places


def test_a_place_is_who_handles_it_and_where_dossiers_are_taken(small: Knowledge) -> None:
    assert said(Aspect.PLACE, service(offers=(ONLINE, COUNTER), executing=("Sở Thử nghiệm",)), small) == [
        "Nơi giải quyết: Sở Thử nghiệm.",
        small.say("place.centre"),
        small.say("place.online"),
        small.say("place.address"),
    ]


def test_an_authority_with_counters_of_its_own_is_not_at_the_centre(small: Knowledge) -> None:
    police = service(executing=("Công an xã",))
    assert small.say("place.centre") not in said(Aspect.PLACE, police, small)


def test_a_body_that_is_gone_is_not_named(small: Knowledge) -> None:
    one = service(executing=("Phòng Tư pháp", "Ủy ban nhân dân xã"))
    assert said(Aspect.PLACE, one, small)[0] == "Nơi giải quyết: Ủy ban nhân dân xã."
    assert said(Aspect.PLACE, service(executing=("Phòng Tư pháp",)), small)[0] == small.say("place.unknown")


def test_our_own_words_about_a_place_come_first(small: Knowledge) -> None:
    assert said(Aspect.PLACE, service(), small, place="Thư viện xã.")[0] == "Nơi nộp: Thư viện xã."


def test_what_goes_online_only_is_submitted_nowhere_else(small: Knowledge) -> None:
    lines = said(Aspect.PLACE, service(offers=(ONLINE,)), small, place="Thư viện xã.")
    assert lines[0] == "Nơi giải quyết: Thư viện xã."
    assert small.say("place.online.only") in lines
    assert small.say("place.online") not in lines


# Ways to submit


def test_steps_are_our_own_or_the_general_ones(small: Knowledge) -> None:
    own = said(Aspect.STEPS, service(), small, steps={Method.COUNTER: ("Đến thư viện.", "Nhận thẻ.")})
    assert own == ["Nộp trực tiếp:", "1. Đến thư viện.", "2. Nhận thẻ."]
    general = said(Aspect.STEPS, service(offers=(ONLINE, COUNTER)), small)
    assert general[0] == "Nộp qua mạng:"
    assert "Cấp thẻ đọc sách" in general[2]


def test_steps_are_those_of_a_method_that_takes_dossiers(small: Knowledge) -> None:
    assert said(Aspect.STEPS, service(offers=(RESULT, COUNTER)), small)[0] == "Nộp trực tiếp:"
    assert said(Aspect.STEPS, service(offers=(POST,)), small)[0] == "Gửi qua bưu điện:"


def test_what_is_not_online_is_said_so_with_the_way_there_is(small: Knowledge) -> None:
    lines = said(Aspect.ONLINE, service(offers=(COUNTER,)), small)
    assert lines[:2] == [small.say("online.no"), "Nộp trực tiếp:"]


def test_our_own_words_on_a_way_online_that_is_not_listed_are_told(small: Knowledge) -> None:
    lines = said(Aspect.ONLINE, service(), small, online="Khai trước trên mạng được.")
    assert lines[:2] == [small.say("online.no"), "Khai trước trên mạng được."]


def test_where_the_portal_contradicts_itself_nobody_is_told_no(small: Knowledge) -> None:
    lines = said(Aspect.ONLINE, service(full_process=True), small)
    assert small.say("online.unclear") in lines
    assert small.say("online.no") not in lines


def test_our_own_condition_for_online_comes_first(small: Knowledge) -> None:
    lines = said(Aspect.ONLINE, service(offers=(ONLINE,)), small, online="Phải có chữ ký số.")
    assert lines[:2] == ["Phải có chữ ký số.", "Nộp qua mạng:"]


def test_post_that_takes_dossiers_says_how(small: Knowledge) -> None:
    lines = said(Aspect.POST, service(offers=(ONLINE, POST)), small, post="Gửi bản sao.")
    assert lines[:3] == [small.say("post.yes"), "Gửi bản sao.", "Gửi qua bưu điện:"]


def test_what_is_easier_than_the_post_is_said_only_where_nobody_has_to_come(small: Knowledge) -> None:
    whole = service(offers=(ONLINE, POST), full_process=True)
    easier = small.say("post.easy")
    assert said(Aspect.POST, whole, small)[-1] == easier
    assert easier not in said(Aspect.POST, whole, small, post="Hai người phải đến ký.")
    assert easier not in said(Aspect.POST, service(offers=(ONLINE, POST)), small)


def test_post_that_only_brings_the_result_is_said_so(small: Knowledge) -> None:
    assert said(Aspect.POST, service(offers=(RESULT, COUNTER)), small)[0] == small.say("post.result")


def test_post_that_is_not_offered_is_said_so(small: Knowledge) -> None:
    assert said(Aspect.POST, service(), small)[0] == small.say("post.no")


@pytest.mark.parametrize(
    ("one", "old"),
    [
        (service(offers=(ONLINE,), full_process=True), Level.FULL),
        (service(offers=(ONLINE,)), Level.PARTIAL),
        (service(), Level.NONE),
        (service(full_process=True), Level.UNKNOWN),
    ],
)
def test_a_level_is_said_in_the_words_of_before_too(one: Service, old: Level, small: Knowledge) -> None:
    assert small.say(f"level.{old}.old") in said(Aspect.LEVEL, one, small)


def test_progress_is_looked_up_elsewhere(small: Knowledge) -> None:
    assert said(Aspect.STATUS, service(), small)[0] == small.say("status.text")


# Replies


def test_an_answer_offers_only_the_methods_there_are(small: Knowledge) -> None:
    payloads = [
        button.payload for button in answers.about(answers.subject(PUPPETS, small), Aspect.DOCUMENTS).buttons
    ]
    assert f"service:{PUPPETS}:online" not in payloads
    assert payloads[-2].startswith("https://dichvucong.gov.vn/")
    online = [
        button.payload for button in answers.about(answers.subject(ISSUE, small), Aspect.DOCUMENTS).buttons
    ]
    assert f"service:{ISSUE}:online" in online


def test_an_answer_says_what_it_was_compared_with(small: Knowledge) -> None:
    ours = answers.about(answers.subject(ISSUE, small), Aspect.FEE).text
    assert "cập nhật 9/3/2026; đối chiếu ngày 17/7/2026" in ours
    theirs = answers.about(answers.subject(PUPPETS, small), Aspect.FEE).text
    assert "cập nhật 9/3/2026; danh mục ngày 17/7/2026" in theirs


def test_level_and_methods_are_said_once(small: Knowledge) -> None:
    for aspect in Aspect:
        text = answers.about(answers.subject(ISSUE, small), aspect).text
        assert text.count("Mức: ") == text.count("Cách nộp: ") == 1, aspect


def test_choices_keep_the_aspect_and_end_with_none_of_these(small: Knowledge) -> None:
    reply = answers.choices([ISSUE, PUPPETS], Aspect.FEE, "Việc nào?", small)
    assert [b.payload for b in reply.buttons] == [f"service:{ISSUE}:fee", f"service:{PUPPETS}:fee", "other"]
    assert reply.text.splitlines()[0] == "Việc nào?"


def test_a_sibling_without_a_text_is_called_by_its_label(small: Knowledge) -> None:
    labels = [button.label for button in answers.choices([ISSUE, REPLACE, EXTEND], None, "?", small).buttons]
    assert labels[:3] == ["Cấp thẻ đọc sách", "Làm lại thẻ mất", "Gia hạn"]


def test_one_name_at_two_tiers_is_told_apart() -> None:
    content = small_content(families=(), texts=())
    name = content.catalogue.services[ISSUE].name
    twin = service(REPLACE, name, tiers=frozenset({Tier.PROVINCE}))
    catalogue = replace(content.catalogue, services={**content.catalogue.services, REPLACE: twin})
    knowledge = prepare(replace(content, catalogue=catalogue), retention_days=30)
    labels = [button.label for button in answers.choices([ISSUE, REPLACE], None, "?", knowledge).buttons]
    assert labels[:2] == [f"{name} (cấp xã)", f"{name} (cấp tỉnh)"]


def test_a_topic_counts_and_names_services() -> None:
    texts = tuple(plain_text(code, summary="Thẻ.") for code in (EXTEND, ISSUE))
    full = Selection(levels=(Level.FULL, Level.PARTIAL), tier=Tier.COMMUNE, field="Thư viện")
    topic = Topic("list", "Việc", "Có {count} việc.", buttons=(Choice("Khác", "ask:fee"),), selection=full)
    knowledge = prepare(small_content(texts=texts), retention_days=30)
    reply = answers.topic(topic, knowledge)
    assert reply.text.splitlines()[0] == "Có 3 việc."
    assert [b.payload for b in reply.buttons] == [f"service:{EXTEND}", f"service:{ISSUE}", "ask:fee"]


def test_a_topic_may_name_what_a_publisher_answers_for() -> None:
    topic = Topic("list", "Việc", "Có {count} việc.", selection=Selection(publisher="Bộ Khác"))
    assert answers.topic(topic, prepare(small_content(), retention_days=30)).text.startswith("Có 0 việc.")
