"""Somebody who left, a group, a human who took over, words that were changed."""

from __future__ import annotations

import datetime as dt

from intents.handoffs import ASSISTANT
from intents.knowledge import Knowledge
from intents.presence import TAKEN_OVER
from intents.turn import PRIVATE, Decision, Inbound, Kind, Outcome
from tests.intents.talk import BIRTH, TEMPORARY, Talk, code, labels, said

MINUTE = dt.timedelta(minutes=1)


def says(talk: Talk, text: str, reference: str) -> Decision:
    return talk.send(Inbound(Kind.TEXT, text, reference=reference))


def edits(talk: Talk, text: str, reference: str) -> Decision:
    return talk.send(Inbound(Kind.EDITED, text, reference=reference))


def test_who_left_is_told_nothing(knowledge: Knowledge) -> None:
    decision = Talk(knowledge).send(Inbound(Kind.LEFT))
    assert (decision.outcome, decision.replies, decision.left) == (Outcome.NOTED, (), True)


def test_who_takes_back_the_consent_is_erased_without_a_word(knowledge: Knowledge) -> None:
    decision = Talk(knowledge).send(Inbound(Kind.WITHDRAWN))
    assert (decision.outcome, decision.replies, decision.erase) == (Outcome.NOTED, (), True)


def test_a_group_is_shown_the_way_once(knowledge: Knowledge) -> None:
    talk = Talk(knowledge)
    first = talk.send(Inbound(Kind.GROUP))
    assert [button.payload for button in first.replies[0].buttons] == [PRIVATE]
    assert talk.send(Inbound(Kind.GROUP)).replies == ()
    talk.now += dt.timedelta(days=30)
    assert talk.send(Inbound(Kind.GROUP)).replies == ()


def test_what_cannot_be_read_is_met_with_topics_and_a_person(knowledge: Knowledge) -> None:
    decision = Talk(knowledge).send(Inbound(Kind.UNREADABLE))
    assert "micro" in said(decision)
    assert len(labels(decision)) == 5
    assert decision.replies[0].buttons[-1].payload == "topic:person"


def test_whose_words_are_withheld_gets_numbers_to_call(knowledge: Knowledge) -> None:
    decision = Talk(knowledge).send(Inbound(Kind.WITHHELD))
    assert "1900 0368" in said(decision)
    assert decision.replies[0].buttons[-1].payload == "topic:person"


# A human takes over


def test_while_a_human_answers_we_say_so_once_and_then_nothing(knowledge: Knowledge) -> None:
    talk = Talk(knowledge)
    talk.says("đăng ký khai sinh")
    assert talk.send(Inbound(Kind.TAKEN_OVER)).replies == ()
    first, second = talk.says("lệ phí bao nhiêu"), talk.says("còn giấy tờ")
    assert [b.payload for b in first.replies[0].buttons] == [ASSISTANT]
    assert (first.outcome, second.outcome, second.replies) == (Outcome.HANDOFF, Outcome.HANDOFF, ())


def test_a_number_calls_us_back(knowledge: Knowledge) -> None:
    talk = Talk(knowledge)
    talk.send(Inbound(Kind.TAKEN_OVER))
    talk.says("lệ phí bao nhiêu")
    assert talk.says("1").replies
    assert code(talk.says("đăng ký khai sinh cần giấy tờ gì")) == BIRTH


def test_a_danger_is_met_all_the_same(knowledge: Knowledge) -> None:
    talk = Talk(knowledge)
    talk.send(Inbound(Kind.TAKEN_OVER))
    assert talk.says("có người gọi xưng công an bắt đọc mã OTP").outcome == Outcome.WARNING


def test_a_button_is_answered_and_the_wish_to_be_forgotten_too(knowledge: Knowledge) -> None:
    talk = Talk(knowledge)
    talk.send(Inbound(Kind.TAKEN_OVER))
    assert code(talk.taps(f"service:{BIRTH}")) == BIRTH
    assert talk.says("xóa dữ liệu của tôi").erase


def test_after_a_while_we_answer_again_and_each_word_of_the_human_makes_it_longer(
    knowledge: Knowledge,
) -> None:
    talk = Talk(knowledge)
    talk.send(Inbound(Kind.TAKEN_OVER))
    talk.says("lệ phí bao nhiêu")
    talk.now += TAKEN_OVER - MINUTE
    talk.send(Inbound(Kind.TAKEN_OVER))
    talk.now += 2 * MINUTE
    assert talk.says("đăng ký khai sinh").replies == ()
    talk.now += TAKEN_OVER
    assert code(talk.says("đăng ký khai sinh")) == BIRTH


# Words that were changed


def test_changed_words_correct_the_last_question(knowledge: Knowledge) -> None:
    talk = Talk(knowledge)
    says(talk, "đăng ký khai sinh", "7")
    assert code(says(talk, "đăng ký tạm trú", "8")) == TEMPORARY
    corrected = edits(talk, "lệ phí bao nhiêu", "8")
    assert code(corrected) == BIRTH, "as if the temporary residence had never been asked for"
    assert code(edits(talk, "đăng ký tạm trú", "8")) == TEMPORARY, "and again"


def test_changed_words_of_an_older_message_or_none_at_all_change_nothing(knowledge: Knowledge) -> None:
    talk = Talk(knowledge)
    says(talk, "đăng ký khai sinh", "7")
    says(talk, "đăng ký tạm trú", "8")
    for decision in (
        edits(talk, "sổ đỏ", "7"),
        edits(talk, "đăng ký tạm trú", "8"),
        edits(talk, "sổ đỏ", ""),
    ):
        assert (decision.outcome, decision.replies) == (Outcome.NOTED, ())
    talk.taps(f"service:{BIRTH}")
    assert edits(talk, "sổ đỏ", "8").replies == ()


def test_who_changes_the_first_words_is_not_introduced_again(knowledge: Knowledge) -> None:
    talk = Talk(knowledge)
    assert "trợ lý tự động" in said(says(talk, "đăng ký khai snih", "7"))
    assert "trợ lý tự động" not in said(edits(talk, "đăng ký khai sinh", "7"))
