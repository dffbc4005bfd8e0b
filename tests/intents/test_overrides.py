"""What an office of the province states: it wins, with its name and day, and nothing said contradicts it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TypeVar

import pytest

from content.models import (
    Aspect,
    Fee,
    FeeKind,
    Level,
    Method,
    Offer,
    Office,
    Overrides,
    PlainText,
    Selection,
    Service,
    Stated,
    Topic,
)
from intents import answers, listing, wording
from intents.aspects import About
from intents.knowledge import NO_TEXT, Knowledge, prepare
from intents.overlay import Corrections, Overlays
from tests.intents.small import EXTEND, ISSUE, PUPPETS, REPLACE, offer, service, small_content
from tests.intents.talk import Talk, code, said

T = TypeVar("T")

ONLINE, POST, COUNTER = offer(Method.ONLINE), offer(Method.POST), offer(Method.COUNTER)
BY = "(theo Sở Văn hóa, ngày 1/8/2026)"
FREE = Fee(FeeKind.EXEMPT)


def stated(value: T) -> Stated[T]:
    return Stated(value, "Sở Văn hóa", dt.date(2026, 8, 1))


def methods(*taken: Method) -> Stated[frozenset[Method]]:
    return stated(frozenset(taken))


def offering(*offers: Offer, full: bool = False, **overrides: Stated[object]) -> Service:
    return service(offers=offers, full_process=full, overrides=Overrides(**overrides))  # type: ignore[arg-type]


def lines(aspect: Aspect, one: Service, knowledge: Knowledge, text: PlainText = NO_TEXT) -> str:
    return "\n".join(About(one, text, knowledge).lines(aspect))


# Levels and methods


def test_without_overrides_nothing_changes() -> None:
    plain = offering(COUNTER, full=True)
    assert (plain.level, plain.level_stated, plain.methods_stated) == (Level.UNKNOWN, None, None)


@pytest.mark.parametrize("offered", [ONLINE, COUNTER])
@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("level", [Level.FULL, Level.PARTIAL, Level.NONE])
def test_a_stated_level_wins_over_the_derived_one(
    offered: Offer,
    full: bool,  # noqa: FBT001
    level: Level,
) -> None:
    one = offering(offered, full=full, level=stated(level))
    assert one.level is level
    assert (one.offer(Method.ONLINE) is not None) is (level is not Level.NONE)
    assert one.published_level is offering(offered, full=full).level


def test_a_stated_level_is_said_with_office_and_day(small: Knowledge) -> None:
    for level in (Level.FULL, Level.PARTIAL, Level.NONE):
        line = wording.level(offering(COUNTER, level=stated(level)), small)
        assert line.endswith(f"{BY}.")
        assert "Cổng" not in line


def test_stated_methods_are_those_that_are_offered(small: Knowledge) -> None:
    one = offering(ONLINE, COUNTER, methods=methods(Method.COUNTER, Method.POST))
    assert [m for m in Method if one.offer(m)] == [Method.POST, Method.COUNTER]
    assert wording.methods(one, small) == f"Cách nộp: bưu điện, trực tiếp {BY}."


def test_a_post_that_only_brings_the_result_can_be_stated_to_take_dossiers(small: Knowledge) -> None:
    result = offer(Method.POST, result_only=True)
    assert not wording.takes(offering(COUNTER, result), Method.POST)
    one = offering(COUNTER, result, methods=methods(Method.COUNTER, Method.POST))
    assert wording.takes(one, Method.POST)
    assert wording.methods(one, small) == f"Cách nộp: bưu điện, trực tiếp {BY}."


def test_a_level_leaves_the_other_methods_as_published() -> None:
    result = offer(Method.POST, result_only=True)
    one = offering(COUNTER, result, level=stated(Level.FULL))
    assert [m for m in Method if one.offer(m)] == [Method.ONLINE, Method.POST, Method.COUNTER]
    assert one.offer(Method.POST) == result


def test_methods_without_online_mean_that_it_cannot_be_done_online(small: Knowledge) -> None:
    """The national flag no longer counts; nobody says that the portal contradicts itself."""
    one = offering(ONLINE, COUNTER, full=True, methods=methods(Method.COUNTER))
    assert wording.level(one, small) == f"Mức: chưa nộp qua mạng được {BY}."


def test_methods_with_online_leave_the_level_to_the_national_flag(small: Knowledge) -> None:
    one = offering(COUNTER, methods=methods(Method.ONLINE, Method.COUNTER))
    assert one.level is Level.PARTIAL
    assert "Cổng quốc gia chưa ghi toàn trình" in wording.level(one, small)


def test_a_level_wins_over_methods_that_say_otherwise() -> None:
    one = offering(COUNTER, level=stated(Level.FULL), methods=methods(Method.COUNTER))
    assert one.level is Level.FULL
    assert one.offer(Method.ONLINE)


def test_our_own_words_about_a_method_are_not_said_against_the_office(small: Knowledge) -> None:
    text = replace(NO_TEXT, online="Phải đến tận nơi.", post="Gửi kèm ảnh.")
    taken = offering(COUNTER, level=stated(Level.FULL))
    assert "Phải đến tận nơi." in lines(Aspect.ONLINE, offering(COUNTER), small, text)
    for aspect in (Aspect.ONLINE, Aspect.LEVEL):
        assert "Phải đến tận nơi." not in lines(aspect, taken, small, text)
    assert "việc này nộp qua mạng được" in lines(Aspect.ONLINE, taken, small, text)
    gone = offering(POST, COUNTER, methods=methods(Method.COUNTER))
    assert "Gửi kèm ảnh." in lines(Aspect.POST, offering(POST), small, text)
    assert "Gửi kèm ảnh." not in lines(Aspect.POST, gone, small, text)
    assert "Theo Sở Văn hóa, ngày 1/8/2026: việc này chưa nhận qua bưu điện." in lines(
        Aspect.POST, gone, small
    )


def test_our_own_words_stay_where_the_office_states_the_same(small: Knowledge) -> None:
    text = replace(NO_TEXT, online="Ký số trước khi gửi.")
    one = offering(ONLINE, level=stated(Level.FULL))
    shown = lines(Aspect.ONLINE, one, small, text)
    assert "Theo Sở Văn hóa, ngày 1/8/2026" in shown
    assert "Ký số trước khi gửi." in shown


def test_nothing_is_made_up_for_a_method_that_the_portal_does_not_list(small: Knowledge) -> None:
    """Neither is what is known made less sure by it."""
    one = offering(offer(fee=FREE), methods=methods(Method.ONLINE, Method.COUNTER))
    assert wording.fee(one, small) == "không mất phí"
    alone = offering(offer(fee=FREE), methods=methods(Method.ONLINE))
    assert wording.fee(alone, small) == "chưa rõ"


def test_the_answer_about_a_service_shows_the_override(small: Knowledge) -> None:
    overrides = Overrides(level=stated(Level.FULL))
    knowledge = Overlays(small).over(Corrections(3, {PUPPETS: overrides}))
    talk = Talk(knowledge)
    shown = said(talk.taps(f"service:{PUPPETS}"))
    assert f"Mức: toàn trình {BY}." in shown
    assert f"Cách nộp: qua mạng, trực tiếp {BY}." in shown
    assert f"Mức: toàn trình {BY}." not in said(talk.taps(f"service:{REPLACE}"))


# Fees


@pytest.mark.parametrize("aspect", [Aspect.OVERVIEW, Aspect.FEE])
def test_a_note_on_the_fee_comes_first_and_what_the_portal_says_below(
    aspect: Aspect, small: Knowledge
) -> None:
    one = offering(offer(fee=Fee(FeeKind.AMOUNT, (8_000,))), fee_note=stated("Miễn cho trẻ em."))
    shown = lines(aspect, one, small)
    assert f"Phí: Miễn cho trẻ em {BY}.\nCổng quốc gia ghi: 8.000 đồng." in shown


@pytest.mark.parametrize("kind", [FeeKind.UNKNOWN, FeeKind.PROVINCE])
def test_a_note_on_an_open_fee_says_no_longer_that_it_is_open(kind: FeeKind, small: Knowledge) -> None:
    one = offering(offer(fee=Fee(kind)), fee_note=stated("8.000 đồng"))
    for aspect in (Aspect.OVERVIEW, Aspect.FEE):
        shown = lines(aspect, one, small)
        assert f"Phí: 8.000 đồng {BY}." in shown
        assert "chưa" not in shown.replace("chưa nộp qua mạng", "").replace("Thời gian: chưa rõ", "")


def test_a_note_wins_over_our_own_words_on_the_fee(small: Knowledge) -> None:
    text = replace(NO_TEXT, fee="Phí 5.000 đồng.")
    one = offering(COUNTER, fee_note=stated("8.000 đồng"))
    for aspect in (Aspect.OVERVIEW, Aspect.FEE):
        assert "5.000" not in lines(aspect, one, small, text)


# Lists and counts


def test_counts_quote_the_portal_and_examples_fit_what_is_in_force() -> None:
    content = small_content()
    services = {
        c: replace(s, offers=(ONLINE,), full_process=True) for c, s in content.catalogue.services.items()
    }
    shipped = prepare(replace(content, catalogue=replace(content.catalogue, services=services)), 30)
    none = Overrides(level=stated(Level.NONE))
    corrected = Overlays(shipped).over(Corrections(1, {EXTEND: none}))
    full = Selection(levels=(Level.FULL,), first=(EXTEND, ISSUE))
    assert listing.count(full, shipped) == listing.count(full, corrected) == str(len(services))
    assert [b.payload for b in listing.buttons(full, shipped)][:2] == [
        f"service:{EXTEND}",
        f"service:{ISSUE}",
    ]
    assert f"service:{EXTEND}" not in [b.payload for b in listing.buttons(full, corrected)]
    assert corrected.figures == shipped.figures
    topic = Topic("lists", "Danh sách", "Có {count} việc:", selection=full)
    assert "thẻ đọc sách" in answers.topic(topic, corrected).text


# Centres


@pytest.fixture(scope="module")
def commune(knowledge: Knowledge) -> str:
    return next(code for code, c in knowledge.content.places.communes.items() if c.name == "Xã Hàm Yên")


def at_centre(knowledge: Knowledge, commune: str, office: Office) -> Talk:
    offices = {commune: Stated(office, "Trung tâm Hàm Yên", dt.date(2026, 8, 1))}
    return Talk(Overlays(knowledge).over(Corrections(1, {}, offices)))


def test_who_lives_there_is_told_where_the_centre_is(knowledge: Knowledge, commune: str) -> None:
    office = Office("Tổ dân phố 3.", "7 giờ 30 đến 17 giờ", "0207 000 000")
    talk = at_centre(knowledge, commune, office)
    noted = talk.says("tôi ở xã Hàm Yên, làm giấy khai sinh cho con ở đâu")
    assert code(noted) == "1.001193"
    shown = said(noted)
    expected = (
        "Địa chỉ: Tổ dân phố 3.\nGiờ làm việc: 7 giờ 30 đến 17 giờ.\nĐiện thoại: 0207 000 000.\n"
        "Theo Trung tâm Hàm Yên, ngày 1/8/2026."
    )
    assert expected in shown
    assert "từng nơi tôi chưa có" not in shown


def test_what_was_not_entered_is_said_to_be_unknown(knowledge: Knowledge, commune: str) -> None:
    talk = at_centre(knowledge, commune, Office(hours="7 giờ 30 đến 17 giờ"))
    shown = said(talk.says("tôi ở xã Hàm Yên, làm giấy khai sinh cho con ở đâu"))
    assert "Giờ làm việc" in shown
    assert "Địa chỉ, số điện thoại từng nơi tôi chưa có." in shown
    assert "Địa chỉ:" not in shown


def test_who_lives_elsewhere_is_told_nothing_of_it(knowledge: Knowledge, commune: str) -> None:
    talk = at_centre(knowledge, commune, Office("Tổ dân phố 3", "", ""))
    shown = said(talk.says("tôi ở xã Sơn Dương, làm giấy khai sinh cho con ở đâu"))
    assert "Tổ dân phố 3" not in shown


def test_who_answers_where_they_live_is_told_of_the_centre(knowledge: Knowledge, commune: str) -> None:
    talk = at_centre(knowledge, commune, Office("Tổ dân phố 3", "", ""))
    assert "Địa chỉ: Tổ dân phố 3." in said(talk.taps(f"commune:{commune}"))


# The overlay


def test_what_is_not_there_changes_nothing(small: Knowledge) -> None:
    gone = Corrections(4, {"9.999999": Overrides(level=stated(Level.FULL))}, {"00000": stated(Office())})
    knowledge = Overlays(small).over(gone)
    assert knowledge.version == 4
    assert knowledge.content.catalogue.services == small.content.catalogue.services
    assert not knowledge.offices


def test_what_was_worked_out_is_shared_and_the_base_stays(small: Knowledge) -> None:
    knowledge = Overlays(small).over(Corrections(1, {PUPPETS: Overrides(level=stated(Level.FULL))}))
    for part in ("index", "speller", "phrasebook", "tone", "texts", "families", "gazetteer", "counts"):
        assert getattr(knowledge, part) is getattr(small, part), part
    assert small.service(PUPPETS).level is Level.NONE
    assert small.version == 0
