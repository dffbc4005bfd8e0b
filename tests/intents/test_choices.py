"""What was offered: chosen by number, by words or by a tap, or rejected."""

from __future__ import annotations

import pytest

from content.models import Aspect
from intents.engine import SILENCE
from intents.turn import Button, Decision, Outcome
from tests.intents.small import EXTEND, ISSUE, REPLACE
from tests.intents.talk import BIRTH, Talk, code, labels, said
from tests.known import cases


def test_choices_are_buttons_and_numbers(small_talk: Talk) -> None:
    decision = small_talk.says("thẻ đọc sách")
    assert decision.outcome is Outcome.CHOICES
    assert [c.code for c in decision.services] == [ISSUE, REPLACE, EXTEND]
    assert "1. Cấp thẻ đọc sách" in said(decision)
    assert labels(decision)[-1] == small_talk.knowledge.say("choose.none")


@pytest.mark.parametrize(
    "typed", ["2", " 2. ", "2)", "２", "2️⃣", "Làm lại thẻ mất", "lam lai the mat", "LÀM LẠI THẺ MẤT"]
)
def test_a_choice_is_made_by_number_or_by_its_words(typed: str, small_talk: Talk) -> None:
    decision = small_talk.says("thẻ đọc sách")
    assert labels(decision)[1] == "Làm lại thẻ mất"
    assert code(small_talk.says(typed)) == REPLACE


def test_a_choice_is_made_by_a_tap(small_talk: Talk) -> None:
    decision = small_talk.says("thẻ đọc sách")
    assert code(small_talk.taps(decision.replies[0].buttons[1].payload)) == REPLACE


def test_a_choice_keeps_the_aspect_that_was_asked_about(small_talk: Talk) -> None:
    small_talk.says("thẻ đọc sách cần giấy tờ gì")
    decision = small_talk.says("1")
    assert (code(decision), decision.aspect) == (ISSUE, Aspect.DOCUMENTS)


NUMBERS = {
    "nought": "0",
    "one too high": "5",
    "eight digits": "99999999",
    "five thousand digits": "9" * 5_000,
    "a fraction": "1.5",
    "an Ethiopic digit": "፩",
}


@pytest.mark.parametrize("typed", cases("engine: numbers", NUMBERS))
def test_a_number_that_was_not_offered_chooses_nothing(typed: str, small_talk: Talk) -> None:
    small_talk.says("thẻ đọc sách")
    assert small_talk.says(typed).outcome is not Outcome.ANSWERED


ALONE = {
    "in a new conversation": ("",),
    "after a reply without buttons": ("biển số nhà",),
}


@pytest.mark.parametrize("before", cases("engine: a number alone", ALONE))
def test_a_number_that_chooses_nothing_is_not_searched(before: tuple[str], talk: Talk) -> None:
    for text in filter(None, before):
        talk.says(text)
    assert talk.says("2").outcome is Outcome.NOT_UNDERSTOOD


def test_a_number_after_a_silence_chooses_nothing(small_talk: Talk) -> None:
    small_talk.says("thẻ đọc sách")
    small_talk.now += SILENCE * 2
    assert small_talk.says("2").outcome is not Outcome.ANSWERED


@pytest.mark.parametrize("text", ["không phải cái này", "khong phai cai nay", "không đúng"])
def test_a_rejection_offers_the_next_best(text: str, small_talk: Talk) -> None:
    small_talk.says("gia hạn thẻ đọc sách")
    decision = small_talk.says(text)
    assert decision.outcome is Outcome.CHOICES
    assert EXTEND not in {c.code for c in decision.services}
    assert ISSUE in {c.code for c in decision.services}
    assert small_talk.knowledge.say("choose.again") in said(decision)


def test_rejecting_everything_ends_with_where_to_ask(small_talk: Talk) -> None:
    small_talk.says("thẻ đọc sách")
    seen = [small_talk.taps("other") for _ in range(3)]
    assert seen[-1].outcome is Outcome.NOT_UNDERSTOOD
    assert said(seen[-1]) == small_talk.knowledge.say("not_understood.again")


def test_no_choice_is_offered_twice(small_talk: Talk) -> None:
    first = small_talk.says("thẻ đọc sách")
    again = small_talk.taps("other")
    assert not {c.code for c in first.services} & {c.code for c in again.services}


def test_a_rejection_of_nothing_is_asked_what_it_is_about(small_talk: Talk) -> None:
    asked = small_talk.says("không phải cái này")
    assert asked.outcome is Outcome.CHOICES
    assert asked.replies[0].text == small_talk.knowledge.say("which_service")


# Pages among what is offered


def page_of(decision: Decision) -> tuple[str, Button]:
    """Return the number and the button of the first page that is offered."""
    numbered = enumerate(decision.replies[0].buttons, 1)
    return next((str(n), button) for n, button in numbered if button.payload.startswith("https://"))


@pytest.mark.parametrize("by", ["number", "words"])
def test_a_page_that_is_chosen_is_told_by_its_address(by: str, talk: Talk) -> None:
    number, button = page_of(talk.says("đăng ký khai sinh"))
    decision = talk.says(number if by == "number" else button.label)
    assert (decision.outcome, decision.topic) == (Outcome.ANSWERED, "page")
    assert said(decision) == talk.knowledge.say("open_page", url=button.payload)


def test_after_a_page_the_other_numbers_still_choose(talk: Talk) -> None:
    number, button = page_of(talk.says("đăng ký khai sinh"))
    talk.says(number)
    assert (code(decision := talk.says("1")), decision.aspect) == (BIRTH, Aspect.DOCUMENTS)
    talk.says("đăng ký khai sinh")
    assert [said(talk.says(number)) for _ in range(2)] == [
        talk.knowledge.say("open_page", url=button.payload)
    ] * 2


def test_after_a_page_the_service_stays_in_hand(talk: Talk) -> None:
    number, _ = page_of(talk.says("đăng ký khai sinh"))
    talk.says(number)
    assert (code(decision := talk.says("lệ phí bao nhiêu")), decision.aspect) == (BIRTH, Aspect.FEE)


def test_an_address_that_was_not_offered_is_never_told(talk: Talk) -> None:
    talk.says("đăng ký khai sinh")
    for decision in (talk.taps("https://evil.example"), talk.says("https://evil.example")):
        assert "evil" not in said(decision)
