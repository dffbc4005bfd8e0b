"""One service, a few to choose from, or none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from content.models import Tier
from intents.choose import (
    POSSIBLE,
    SHOWN,
    SURE,
    SURE_UNEXPLAINED,
    WORTH_SHOWING,
    Ambiguous,
    Answered,
    Choice,
    NotUnderstood,
    choose,
)
from intents.knowledge import Knowledge, prepare
from intents.turn import Candidate
from intents.understand import understand
from tests.intents.small import (
    EXTEND,
    HARVEST,
    ISSUE,
    PUPPETS,
    REPLACE,
    TRACTOR,
    plain_text,
    service,
    small_content,
)
from tests.known import cases


def chosen(knowledge: Knowledge, said: str = "thẻ", /, **scores: float) -> Choice:
    codes = {"issue": ISSUE, "again": REPLACE, "extend": EXTEND, "puppets": PUPPETS, "tractor": TRACTOR}
    candidates = tuple(Candidate(codes[name], score) for name, score in scores.items())
    return choose(candidates, understand(said, knowledge).cued, knowledge)


def shown(choice: Choice) -> list[str]:
    assert isinstance(choice, Ambiguous)
    return [candidate.code for candidate in choice.candidates]


def test_no_candidate_is_not_understood(small: Knowledge) -> None:
    assert chosen(small) == NotUnderstood()


def test_an_improbable_best_is_not_understood(small: Knowledge) -> None:
    assert chosen(small, puppets=POSSIBLE - 0.01, tractor=0.1) == NotUnderstood()


def test_a_sure_best_is_answered(small: Knowledge) -> None:
    sure = SURE_UNEXPLAINED
    assert chosen(small, puppets=sure, tractor=0.1) == Answered(Candidate(PUPPETS, sure))


def test_a_possible_best_is_asked_about_with_the_next(small: Knowledge) -> None:
    assert shown(chosen(small, puppets=SURE - 0.01, tractor=0.3)) == [PUPPETS, TRACTOR]


def test_a_choice_that_is_hardly_possible_is_not_shown(small: Knowledge) -> None:
    choice = chosen(small, puppets=0.5, extend=0.4, tractor=WORTH_SHOWING - 0.001)
    assert shown(choice) == [PUPPETS, EXTEND]


def test_a_choice_of_one_is_no_choice(small: Knowledge) -> None:
    assert chosen(small, puppets=SURE - 0.01) == Answered(Candidate(PUPPETS, SURE - 0.01))


@pytest.mark.parametrize("score", cases("choose: alone", {"hardly possible": POSSIBLE, "rather not": 0.3}))
def test_an_improbable_service_is_not_answered_as_if_it_were_sure(score: float, small: Knowledge) -> None:
    assert not isinstance(chosen(small, puppets=score), Answered)


def test_at_most_four_are_shown(small: Knowledge) -> None:
    everything = [Candidate(code, 0.5) for code in (ISSUE, REPLACE, EXTEND, PUPPETS, TRACTOR, HARVEST)]
    assert len(shown(choose(tuple(everything), {}, small))) == SHOWN


@pytest.mark.parametrize(
    ("said", "code"),
    [("thẻ đọc sách bị mất", REPLACE), ("gia han the doc sach", EXTEND), ("làm thẻ lần đầu", ISSUE)],
)
def test_a_word_of_the_question_picks_a_member_of_the_family(said: str, code: str, small: Knowledge) -> None:
    assert chosen(small, said, issue=0.9) == Answered(Candidate(code, 0.9))


@pytest.mark.parametrize("said", ["thẻ đọc sách", "mất thẻ, muốn gia hạn"])
def test_the_usual_member_is_asked_about_unless_one_word_decides(said: str, small: Knowledge) -> None:
    choice = chosen(small, said, issue=0.9)
    assert shown(choice) == [ISSUE, REPLACE, EXTEND]
    assert isinstance(choice, Ambiguous)
    assert choice.question == small.families[ISSUE].question


def test_another_member_that_is_sure_is_answered(small: Knowledge) -> None:
    assert chosen(small, "thẻ", again=0.9) == Answered(Candidate(REPLACE, 0.9))


def test_a_family_with_a_default_answers_the_usual_member() -> None:
    content = small_content()
    families = tuple(replace(family, default=True) for family in content.families)
    knowledge = prepare(replace(content, families=families), retention_days=30)
    assert chosen(knowledge, "thẻ", issue=0.9) == Answered(Candidate(ISSUE, 0.9))
    assert chosen(knowledge, "mất thẻ", issue=0.9) == Answered(Candidate(REPLACE, 0.9))


def _twins(**changes: object) -> Knowledge:
    content = small_content(families=(), texts=())
    name = content.catalogue.services[ISSUE].name
    twin = service(REPLACE, name, tiers=frozenset({Tier.PROVINCE}))
    services = {**content.catalogue.services, REPLACE: twin}
    catalogue = replace(content.catalogue, services=services)
    return prepare(replace(content, catalogue=catalogue, **changes), retention_days=30)  # type: ignore[arg-type]


def test_one_name_at_two_tiers_is_asked_about() -> None:
    assert shown(chosen(_twins(), issue=0.9, again=0.9)) == [ISSUE, REPLACE]


def test_a_text_that_explains_one_of_two_tiers_decides() -> None:
    explained = _twins(texts=(plain_text(summary="Thẻ để mượn sách."),))
    assert chosen(explained, issue=0.9, again=0.9) == Answered(Candidate(ISSUE, 0.9))


def test_two_services_that_are_one_thing_to_a_citizen_are_shown_once(small: Knowledge) -> None:
    shared = prepare(
        small_content(texts=(plain_text(codes=(ISSUE, REPLACE)),), families=()), retention_days=30
    )
    assert shown(chosen(shared, issue=0.5, again=0.4, puppets=0.3)) == [ISSUE, PUPPETS]
    assert shown(chosen(small, issue=0.5, again=0.4, puppets=0.3)) == [ISSUE, REPLACE, PUPPETS]
