"""A question passed to staff: who waits is still answered, who talks with staff is left to them."""

from __future__ import annotations

import datetime as dt

import pytest

from intents.handoffs import ASSISTANT, CLOSED, RETURNED, Act
from intents.knowledge import Knowledge
from intents.turn import Decision, Fact, FactName, Handoff, Inbound, Kind, Outcome
from tests.intents.talk import BIRTH, Talk, code, labels, said

OFFICE = "Trung tâm phục vụ hành chính công xã Thử"


@pytest.fixture
def talk(knowledge: Knowledge) -> Talk:
    """Let somebody ask for a person, after a question."""
    talk = Talk(knowledge.over(staffed=True))
    talk.says("đăng ký khai sinh")
    return talk


def staff(talk: Talk, act: Act, words: str = "") -> Decision:
    return talk.send(Inbound(Kind.STAFF, words, f"{act}:{OFFICE}"))


def over(talk: Talk, how: str) -> Decision:
    return talk.send(Inbound(Kind.HANDOFF_OVER, payload=how))


def opened(decision: Decision) -> list[str]:
    return [fact.service for fact in decision.facts if fact.name is FactName.HANDOFF_OPENED]


def test_who_asks_for_a_person_is_passed_on_once_with_the_service_in_hand(talk: Talk) -> None:
    first, second = talk.says("cho tôi gặp cán bộ"), talk.says("cho tôi gặp cán bộ")
    assert (first.outcome, opened(first)) == (Outcome.HANDOFF, [BIRTH])
    assert "đã chuyển câu hỏi cho cán bộ" in said(first)
    assert "trong giờ làm việc" in said(first)
    assert (second.outcome, opened(second)) == (Outcome.HANDOFF, [])
    assert "vẫn đang chờ" in said(second)


def test_when_staff_answer_is_said_as_the_settings_have_it(knowledge: Knowledge) -> None:
    talk = Talk(knowledge.over(staffed=True, stated_duty="Cán bộ trực cả đêm."))
    assert "Cán bộ trực cả đêm." in said(talk.says("cho tôi gặp cán bộ"))


def test_where_there_is_no_staff_nobody_is_promised_any(knowledge: Knowledge) -> None:
    talk = Talk(knowledge.over(staffed=False))
    asked = talk.says("cho tôi gặp cán bộ")
    assert (asked.outcome, opened(asked), asked.state.handoff) == (Outcome.HANDOFF, [], Handoff.NONE)
    assert "chưa có cán bộ" in said(asked)
    assert "trung tâm phục vụ hành chính công" in said(asked)
    assert "đã chuyển" not in said(asked)
    assert labels(asked), "the next step is a button"


def test_who_waits_is_still_answered(talk: Talk) -> None:
    talk.says("cho tôi gặp cán bộ")
    assert code(talk.says("đăng ký khai sinh cần giấy tờ gì")) == BIRTH


def test_once_staff_take_it_the_person_is_told_once_and_we_are_silent(talk: Talk) -> None:
    talk.says("cho tôi gặp cán bộ")
    taken = staff(talk, Act.TAKES)
    assert (taken.outcome, labels(taken)) == (Outcome.NOTED, ["Hỏi trợ lý tự động"])
    assert OFFICE in said(taken)
    for words in ("lệ phí bao nhiêu", "đăng ký tạm trú", "2", "gặp cán bộ"):
        silent = talk.says(words)
        assert (silent.outcome, silent.replies, silent.facts) == (Outcome.NOTED, (), ()), words


def test_the_words_of_staff_are_shown_as_they_are_below_their_office(knowledge: Knowledge) -> None:
    talk = Talk(knowledge)
    talk.says("bác muốn gặp cán bộ")
    words = "Anh/chị mang giấy chứng sinh đến nhé. {duty}"
    assert said(staff(talk, Act.SAYS, words)) == f"**{OFFICE} trả lời:**\n{words}"


def test_staff_who_answer_late_still_find_us_silent(talk: Talk) -> None:
    talk.says("cho tôi gặp cán bộ")
    staff(talk, Act.TAKES)
    talk.now += dt.timedelta(days=3)
    assert talk.says("còn ai không").replies == ()


def test_a_danger_is_met_while_staff_answer(talk: Talk) -> None:
    talk.says("cho tôi gặp cán bộ")
    staff(talk, Act.TAKES)
    assert talk.says("có người gọi xưng công an bắt đọc mã OTP").outcome == Outcome.WARNING
    assert talk.says("cảm ơn nhé").replies == (), "and staff go on"


@pytest.mark.parametrize(("how", "words"), [(CLOSED, "đã trả lời xong"), (RETURNED, "chưa cán bộ nào")])
def test_when_it_is_over_we_say_how_and_answer_again(talk: Talk, how: str, words: str) -> None:
    talk.says("cho tôi gặp cán bộ")
    staff(talk, Act.TAKES)
    ended = over(talk, how)
    assert ended.outcome == Outcome.NOTED
    assert words in said(ended)
    assert talk.says("đăng ký khai sinh cần giấy tờ gì").replies
    assert opened(talk.says("cho tôi gặp cán bộ")), "and may be passed on again"


def test_who_goes_back_to_us_closes_it(talk: Talk) -> None:
    talk.says("cho tôi gặp cán bộ")
    staff(talk, Act.TAKES)
    gone = talk.taps(ASSISTANT)
    assert gone.facts == (Fact(FactName.HANDOFF_CLOSED, "citizen", BIRTH),)
    assert talk.says("đăng ký khai sinh").replies
    assert over(talk, CLOSED).replies == (), "the desk closed it at the same moment"


@pytest.mark.parametrize("words", ["1", "hoi tro ly tu dong"])
def test_without_buttons_a_number_or_words_call_us_back(talk: Talk, words: str) -> None:
    talk.says("cho tôi gặp cán bộ")
    staff(talk, Act.TAKES)
    assert talk.says(words).facts


def test_a_number_that_answers_staff_does_not_call_us_back(talk: Talk) -> None:
    talk.says("cho tôi gặp cán bộ")
    staff(talk, Act.TAKES)
    staff(talk, Act.SAYS, "Nhà mình có mấy cháu?")
    assert talk.says("1").facts == ()
    assert talk.says("Hỏi trợ lý tự động").facts


def test_words_of_staff_for_somebody_who_went_back_are_read_and_silence_nobody(talk: Talk) -> None:
    assert staff(talk, Act.TAKES).replies == ()
    assert OFFICE in said(staff(talk, Act.SAYS, "Mời anh/chị đến."))
    assert talk.says("đăng ký khai sinh").replies


def test_a_forwarded_question_waits_again_and_we_answer(talk: Talk) -> None:
    talk.says("cho tôi gặp cán bộ")
    staff(talk, Act.TAKES)
    assert OFFICE in said(staff(talk, Act.FORWARDS))
    assert talk.state.handoff is Handoff.WAITING
    assert talk.says("đăng ký khai sinh").replies


def test_an_answer_from_outside_the_desk_closes_it(talk: Talk) -> None:
    talk.says("cho tôi gặp cán bộ")
    assert talk.send(Inbound(Kind.TAKEN_OVER)).facts == (Fact(FactName.HANDOFF_CLOSED, "elsewhere", BIRTH),)


def test_changed_words_do_not_take_a_question_back_from_staff(talk: Talk) -> None:
    talk.send(Inbound(Kind.TEXT, "cho tôi gặp cán bộ", reference="7"))
    talk.send(Inbound(Kind.EDITED, "đăng ký tạm trú", reference="7"))
    assert talk.state.handoff is Handoff.WAITING
