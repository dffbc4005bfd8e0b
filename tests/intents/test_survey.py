"""What we ask citizens, at most once in a conversation, and what is learnt on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from intents.survey import QUESTIONS
from intents.turn import BUTTONS, Decision, FactName, Inbound, Kind, Outcome
from tests.intents.talk import BIRTH, TEMPORARY, Talk, labels, said
from tests.real import real_knowledge

A_DAY_LATER = dt.timedelta(hours=25)


@pytest.fixture
def talk() -> Talk:
    return Talk(real_knowledge())


def told(decision: Decision) -> list[tuple[str, str, str, str]]:
    return [(fact.name, fact.value, fact.service, fact.aspect) for fact in decision.facts]


def names(decision: Decision) -> list[str]:
    return [fact.name for fact in decision.facts]


def values(decision: Decision) -> Iterator[str]:
    return (fact.value for fact in decision.facts)


def test_the_first_answer_tells_that_it_can_be_done_online_and_by_post(talk: Talk) -> None:
    first = talk.says("đăng ký khai sinh")
    assert told(first) == [("told:online", "", BIRTH, ""), ("told:post", "", BIRTH, "")]
    assert told(talk.says("phí khai sinh bao nhiêu")) == [("awareness:asked", "", BIRTH, "online")]


def test_who_was_told_once_is_not_told_for_the_first_time_again_after_a_night(talk: Talk) -> None:
    talk.says("đăng ký khai sinh")
    talk.now += dt.timedelta(hours=13)
    assert not talk.says("đăng ký khai sinh").facts


def test_a_second_answer_asks_whether_they_knew_and_the_tap_is_counted_once(talk: Talk) -> None:
    talk.says("đăng ký khai sinh")
    asked = talk.says("đăng ký tạm trú cần giấy tờ gì")
    assert "trước hôm nay" in said(asked)
    assert labels(asked)[:2] == ["Đã biết", "Chưa biết"]
    assert labels(asked)[-2:] == ["Mở trang chính thức", "Báo sai"]
    thanked = talk.says("2")
    assert told(thanked) == [("awareness:answered", "new", TEMPORARY, "")]
    assert thanked.outcome is Outcome.NOTED
    assert not talk.taps(f"knew:knew:{TEMPORARY}").facts


def test_there_is_one_question_of_ours_in_a_conversation(talk: Talk) -> None:
    questions = ("đăng ký khai sinh", "đăng ký tạm trú", "phí bao nhiêu", "mất căn cước", "đổi bằng lái xe")
    asked = [n for question in questions for n in names(talk.says(question)) if n.endswith(":asked")]
    assert asked == ["awareness:asked"]


def test_the_next_day_the_third_answer_is_asked_about(talk: Talk) -> None:
    talk.says("đăng ký khai sinh")
    talk.says("đăng ký tạm trú")
    talk.now += A_DAY_LATER
    asked = [names(talk.says(text)) for text in ("đăng ký khai sinh", "đăng ký tạm trú", "mất căn cước")]
    assert asked == [[], [], ["helpful:asked"]]
    helped = talk.says("chưa")
    assert list(values(helped)) == ["no"]
    assert "Gặp cán bộ" in labels(helped)


def test_where_they_live_is_not_asked_beside_a_question_of_ours(talk: Talk) -> None:
    talk.says("đăng ký khai sinh")
    assert "trước hôm nay" not in said(talk.says("nộp ở đâu"))


def test_what_is_read_again_by_a_tap_is_no_question_again_but_what_is_written_again_is(talk: Talk) -> None:
    talk.says("khai sinh cần giấy tờ gì")
    tapped = talk.taps(f"service:{BIRTH}:documents")
    assert FactName.QUESTION_REOPENED not in names(tapped)
    written = talk.says("khai sinh cần giấy tờ gì")
    assert ("question:reopened", "", BIRTH, "documents") in told(written)


def test_a_worry_about_post_is_counted_by_its_kind(talk: Talk) -> None:
    talk.says("đăng ký khai sinh")
    ((name, topic, service, _),) = told(talk.says("gửi bưu điện sợ mất hồ sơ lắm"))
    assert (name, service) == ("worry:raised", BIRTH)
    assert topic in real_knowledge().content.topics


def test_who_says_how_they_will_submit_is_asked_a_day_later_how_it_went(talk: Talk) -> None:
    guide = talk.says("nộp khai sinh qua mạng thế nào")
    assert guide.follow_up
    intended = talk.says("Tôi sẽ nộp qua mạng")
    assert told(intended) == [("intent:declared", "online", BIRTH, "")]
    assert not talk.taps(f"intend:{BIRTH}:online").facts
    assert "Tôi sẽ nộp qua mạng" not in labels(intended)

    assert not talk.send(Inbound(Kind.FOLLOW_UP)).replies
    talk.now += A_DAY_LATER
    asked = talk.send(Inbound(Kind.FOLLOW_UP))
    assert asked.outcome is Outcome.NOTED
    assert told(asked) == [("follow_up:asked", "", BIRTH, "")]
    assert "khai sinh" in said(asked)

    talk.now += A_DAY_LATER
    how = talk.says("1")
    assert list(values(how)) == ["alone"]
    done = talk.says("qua bưu điện")
    assert told(done) == [("follow_up:explained", "post", BIRTH, "")]
    assert not talk.send(Inbound(Kind.FOLLOW_UP)).replies


def test_who_has_not_submitted_is_asked_why_and_shown_who_helps(talk: Talk) -> None:
    talk.says("nộp khai sinh qua mạng thế nào")
    talk.now += A_DAY_LATER
    talk.send(Inbound(Kind.FOLLOW_UP))
    assert list(values(talk.says("chưa nộp"))) == ["not_yet"]
    why = talk.says("chưa rõ cách làm")
    assert list(values(why)) == ["unsure"]
    assert "Cách làm" in labels(why)


def test_where_we_could_not_ask_the_next_message_is_answered_first_and_asked_below(talk: Talk) -> None:
    talk.says("nộp khai sinh qua mạng thế nào")
    talk.now += dt.timedelta(days=3)
    asked = talk.says("đăng ký tạm trú")
    assert said(asked).startswith("**Đăng ký tạm trú")
    assert ("follow_up:asked", "", BIRTH, "") in told(asked)
    assert len(labels(asked)) == BUTTONS
    assert not talk.send(Inbound(Kind.FOLLOW_UP)).replies


def test_who_talks_with_a_human_is_not_asked(talk: Talk) -> None:
    talk.says("nộp khai sinh qua mạng thế nào")
    talk.now += A_DAY_LATER
    talk.send(Inbound(Kind.TAKEN_OVER))
    assert not talk.send(Inbound(Kind.FOLLOW_UP)).replies


def test_what_is_wrong_is_named_by_service_and_fact(talk: Talk) -> None:
    talk.says("đăng ký khai sinh phí bao nhiêu")
    reported = talk.says("báo sai")
    assert told(reported) == [("ticket:opened", "", BIRTH, "fee")]
    assert "phần phí" in said(reported)


@pytest.mark.parametrize(
    "payload",
    ["knew:knew:1.999999", "knew:maybe:1.001193", "intend:1.001193:boat", "wrong:1.001193:colour", "done::"],
)
def test_forged_taps_tell_nothing(talk: Talk, payload: str) -> None:
    assert not talk.taps(payload).facts


def test_answers_without_a_question_are_not_counted(talk: Talk) -> None:
    taps = [f"{q.name}:{answer}:{BIRTH}" for q in QUESTIONS.values() for answer in q.answers]
    assert not [tap for tap in taps if talk.taps(tap).facts]


def test_a_question_goes_on_while_choices_wait(talk: Talk) -> None:
    chosen = talk.says("căn cước")
    assert (chosen.outcome, chosen.turns) == (Outcome.CHOICES, 1)
    assert talk.says("1").turns == 2
    assert talk.says("phí bao nhiêu").turns == 1


def test_another_question_while_choices_wait_is_a_new_one(talk: Talk) -> None:
    talk.says("căn cước")
    assert talk.says("đăng ký khai sinh cho con").turns == 1


def test_an_old_button_is_no_turn_of_the_question_for_which_choices_wait(talk: Talk) -> None:
    talk.says("căn cước")
    assert talk.taps(f"service:{BIRTH}").turns == 1


def test_no_answer_has_more_buttons_than_the_narrowest_channel_shows(talk: Talk) -> None:
    for text in ("đăng ký khai sinh", "tạm trú", "nộp qua mạng thế nào", "gửi bưu điện", "nộp ở đâu", "phí"):
        assert len(labels(talk.says(text))) <= BUTTONS


def test_an_edited_message_is_not_asked_about_twice(talk: Talk) -> None:
    talk.says("đăng ký khai sinh")
    first = talk.send(Inbound(Kind.TEXT, "đăng ký tạm trú", reference="7"))
    assert FactName.AWARENESS_ASKED in names(first)
    again = talk.send(Inbound(Kind.EDITED, "gia hạn tạm trú", reference="7"))
    assert FactName.AWARENESS_ASKED not in names(again)
