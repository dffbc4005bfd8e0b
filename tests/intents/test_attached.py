"""Phrases that staff attach: met at once, in other words too, and nothing else is swallowed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from content.models import Aspect
from intents.attached import NEAR, Attached, Phrase
from intents.engine import decide
from intents.knowledge import Knowledge
from intents.overlay import Corrections, Overlays, hear
from intents.retrieve import query_of
from intents.trial import answers, names_nothing, retest, tried
from intents.turn import DialogueState, Inbound, Kind, Outcome
from intents.understand import understand
from tests.intents.small import HARVEST, ISSUE, PUPPETS, TRACTOR
from tests.intents.talk import BIRTH, MORNING, Talk, code

DEATH, MARRIAGE = "1.000656", "1.000894"
NEWBORN = "báo tin nhóc tì chào đời cho ủy ban"
"""Nobody understands it as the registration of a birth without having been told."""


def corrected(knowledge: Knowledge, *phrases: tuple[str, str]) -> Knowledge:
    return Overlays(knowledge).over(Corrections(1, phrases=tuple(Phrase(*one) for one in phrases)))


@pytest.fixture(scope="module")
def newborn(knowledge: Knowledge) -> Knowledge:
    return corrected(knowledge, (BIRTH, NEWBORN))


def understood(text: str, knowledge: Knowledge) -> bool:
    return answers(retest(text, knowledge, MORNING), BIRTH)


def test_the_phrase_is_not_understood_without_being_attached(knowledge: Knowledge) -> None:
    assert not understood(NEWBORN, knowledge)


@pytest.mark.parametrize(
    "text",
    [
        NEWBORN,
        "Báo tin nhóc tì chào đời cho Ủy Ban!!!",
        "bao tin nhoc ti chao doi cho uy ban",
        "dạ em chào anh chị, cho em hỏi báo tin nhóc tì chào đời cho ủy ban với ạ",
        "nhóc tì chào đời báo tin cho ủy ban",
        "báo tin nhóc tì chaof ddowif cho ủy ban",
        "báo tin nhóc tì nhà em chào đời cho ủy ban xã",
    ],
)
def test_it_is_met_however_it_is_typed(text: str, newborn: Knowledge) -> None:
    assert understood(text, newborn)


def test_what_is_asked_about_it_is_answered(newborn: Knowledge) -> None:
    for question, aspect in (("cần giấy tờ gì", Aspect.DOCUMENTS), ("mất bao nhiêu tiền", Aspect.FEE)):
        decision = Talk(newborn).says(f"{NEWBORN} {question}")
        assert (code(decision), decision.aspect) == (BIRTH, aspect)


@pytest.mark.parametrize(
    "text",
    [
        "báo tin",
        "cho ủy ban",
        "báo tin cụ nhà tôi qua đời cho ủy ban",
        "nhóc tì nhà em mất khai tử ở đâu",
        "chào ủy ban",
    ],
)
def test_other_questions_are_answered_as_before(text: str, knowledge: Knowledge, newborn: Knowledge) -> None:
    before, after = retest(text, knowledge, MORNING), retest(text, newborn, MORNING)
    assert replace(after, trace=()) == replace(before, trace=())


def test_word_for_word_staff_win_over_what_we_wrote_ourselves(knowledge: Knowledge) -> None:
    text = "đăng ký kết hôn"
    assert answers(retest(text, knowledge, MORNING), MARRIAGE)
    assert understood(text, corrected(knowledge, (BIRTH, text)))


def test_nearly_so_the_surer_of_both_wins(knowledge: Knowledge) -> None:
    after = corrected(knowledge, (BIRTH, "đăng ký kết hôn xong"))
    assert after.attached.meant(query_of(understand("đăng ký kết hôn", knowledge), knowledge))
    assert answers(retest("đăng ký kết hôn", after, MORNING), MARRIAGE)


def test_staff_win_over_topics(knowledge: Knowledge) -> None:
    text = "nộp hồ sơ qua mạng thế nào"
    assert retest(text, knowledge, MORNING).topic
    text = "dịch vụ công toàn trình là gì"
    assert retest(text, knowledge, MORNING).topic
    assert understood(text, corrected(knowledge, (BIRTH, text)))


def test_of_two_phrases_worded_alike_the_newest_counts(knowledge: Knowledge) -> None:
    both = corrected(knowledge, (DEATH, NEWBORN), (BIRTH, NEWBORN))
    assert understood(NEWBORN, both)
    assert understood(f"{NEWBORN} xã", both)


def test_dangers_are_met_before_any_phrase(knowledge: Knowledge) -> None:
    text = "có người xưng công an bảo đọc mã OTP để làm khai sinh"
    attached = corrected(knowledge, (BIRTH, text))
    assert retest(text, knowledge, MORNING).outcome is Outcome.WARNING
    assert retest(text, attached, MORNING).outcome is Outcome.WARNING


def test_what_sounds_dangerous_is_met_before_a_phrase_that_is_only_near(knowledge: Knowledge) -> None:
    scam = "người lạ gọi điện kêu chuyển khoản gấp không thì khóa giấy khai sinh"
    assert retest(scam, knowledge, MORNING).outcome is Outcome.WARNING
    attached = corrected(knowledge, (BIRTH, "người lạ gọi điện kêu chuyển khoản khóa giấy khai sinh"))
    assert retest(scam, attached, MORNING).outcome is Outcome.WARNING


def test_another_act_is_another_matter(small: Knowledge) -> None:
    after = corrected(small, (TRACTOR, "xin cấp phép biểu diễn xiếc khỉ đầu làng"))
    u = understand("gia hạn cấp phép biểu diễn xiếc khỉ đầu làng", small)
    assert u.acts
    assert after.attached.meant(query_of(u, small)) is None


def test_marks_tell_words_apart_where_both_are_typed_with_them(small: Knowledge) -> None:
    after = corrected(small, (TRACTOR, "bán trâu già ngoài chợ phiên"))
    other = "bạn trâu gia ngoài chớ phiền"
    assert not answers(retest(other, after, MORNING), TRACTOR)
    assert answers(retest("ban trau gia ngoai cho phien", after, MORNING), TRACTOR)


def test_a_phrase_of_one_telling_word_is_met_word_for_word_only(small: Knowledge) -> None:
    after = corrected(small, (HARVEST, "mưa đá"), (TRACTOR, "xiếc"))
    assert answers(retest("mưa đá", after, MORNING), HARVEST)
    assert answers(retest("Xiếc!", after, MORNING), TRACTOR)
    assert not answers(retest("xiếc khỉ đầu đình", after, MORNING), TRACTOR)


def test_what_names_nothing_is_never_met(small: Knowledge) -> None:
    assert names_nothing("dạ cho em hỏi với ạ", small)
    assert not names_nothing("mưa đá", small)
    after = corrected(small, (PUPPETS, "dạ cho em hỏi với ạ"), (PUPPETS, ""))
    assert not len(after.attached)
    assert not answers(retest("dạ cho em hỏi với ạ", after, MORNING), PUPPETS)


def test_not_that_one_is_not_answered_with_that_one_again(newborn: Knowledge) -> None:
    talk = Talk(newborn)
    assert code(talk.says(NEWBORN)) == BIRTH
    again = talk.says(f"không phải, {NEWBORN}")
    assert not answers(again, BIRTH)


def test_a_phrase_leads_away_from_the_service_in_hand(newborn: Knowledge) -> None:
    talk = Talk(newborn)
    talk.taps(f"service:{MARRIAGE}")
    assert code(talk.says(NEWBORN)) == BIRTH


def test_the_phrase_is_the_reason_that_is_given(newborn: Knowledge) -> None:
    decision = decide(Inbound(Kind.TEXT, NEWBORN), DialogueState(), newborn, MORNING)
    assert any(line.stage == "phrase" and NEWBORN in line.detail for line in decision.trace)
    best = decision.services[0]
    assert best.score >= NEAR
    assert best.shared


def test_personal_numbers_do_not_keep_a_phrase_from_being_met(knowledge: Knowledge) -> None:
    after = corrected(knowledge, (BIRTH, "báo tin nhóc tì chào đời số 0912345678"))
    assert understood("báo tin nhóc tì chào đời số 0987654321", after)


# Trying out


def test_a_trial_shows_before_and_after(small: Knowledge) -> None:
    trial = tried(Phrase(PUPPETS, "xiếc khỉ đầu đình"), small, MORNING)
    assert trial.before.outcome is not Outcome.ANSWERED
    assert trial.helps
    assert answers(trial.after, PUPPETS)
    assert not trial.taken
    assert not len(small.attached)


def test_a_phrase_that_is_too_general_is_told_by_whom_it_robs(small: Knowledge) -> None:
    trial = tried(Phrase(PUPPETS, "cho em hỏi muốn mượn truyện về nhà"), small, MORNING)
    assert ("muốn mượn truyện về nhà", ISSUE) in [(q.text, q.document) for q in trial.taken]


def test_phrases_of_other_services_are_robbed_too(small: Knowledge) -> None:
    phrase = "châu chấu ăn hết lúa ngoài đồng"
    attached = corrected(small, (HARVEST, phrase))
    same = tried(Phrase(PUPPETS, phrase), attached, MORNING)
    assert [(q.text, q.document) for q in same.taken] == [(phrase, HARVEST)]


def test_a_phrase_behind_a_danger_does_not_help(knowledge: Knowledge) -> None:
    trial = tried(Phrase(BIRTH, "cứu với nhà tôi đang cháy"), knowledge, MORNING)
    assert trial.after.outcome is Outcome.EMERGENCY
    assert not trial.helps


def test_likeness_is_between_nothing_and_everything(small: Knowledge) -> None:
    heard = [hear(Phrase(PUPPETS, text), small) for text in ("rối trên ao làng", "rối trên ao đình làng")]
    attached = Attached(heard[:1], small.index)
    assert attached.meant(heard[0].query).likeness == 1  # type: ignore[union-attr]
    near = attached.meant(heard[1].query)
    assert near is None or NEAR <= near.likeness < 1
