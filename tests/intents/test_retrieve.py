"""From words to services, with confidence and reasons."""

from __future__ import annotations

import pytest

from intents.index import Query
from intents.knowledge import Knowledge
from intents.retrieve import KEPT, query_of, retrieve, siblings
from intents.text import folded, words
from intents.turn import Candidate
from intents.understand import understand
from tests.intents.small import EXTEND, HARVEST, ISSUE, PUPPETS, REPLACE, TRACTOR


def found(said: str, knowledge: Knowledge) -> tuple[Candidate, ...]:
    return retrieve(asked(said, knowledge), knowledge).services


def asked(said: str, knowledge: Knowledge) -> Query:
    return query_of(understand(said, knowledge), knowledge)


def codes(said: str, knowledge: Knowledge) -> list[str]:
    return [candidate.code for candidate in found(said, knowledge)]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("cấp thẻ đọc sách", ISSUE),
        ("cap the doc sach", ISSUE),
        ("cấp lại thẻ đọc sách", REPLACE),
        ("gia hạn thẻ đọc sách", EXTEND),
        ("gia han the doc sach", EXTEND),
        ("biểu diễn múa rối", PUPPETS),
        ("mua máy cày", TRACTOR),
        ("mua may cay", TRACTOR),
        ("mùa vụ", HARVEST),
        ("thẻ mượn truyện", ISSUE),
        ("muon muon truyen ve nha", ISSUE),
    ],
)
def test_a_service_is_found_by_its_names_and_examples(said: str, code: str, small: Knowledge) -> None:
    best, *rest = found(said, small)
    assert best.code == code
    assert all(best.score >= other.score for other in rest)


def test_marks_that_were_typed_are_believed(small: Knowledge) -> None:
    assert codes("múa ở đình làng", small)[0] == PUPPETS
    assert codes("mùa này mất trắng", small)[0] == HARVEST
    assert codes("mua trả góp", small)[0] == TRACTOR


def test_nothing_shared_finds_nothing(small: Knowledge) -> None:
    assert found("xin chào", small) == ()
    assert found("", small) == ()


def test_what_was_written_down_word_for_word_comes_first(knowledge: Knowledge) -> None:
    for text in knowledge.content.texts[::40]:
        assert set(codes(text.examples[-1], knowledge)[:1]) & set(text.codes), text.examples[-1]


def test_a_rare_word_makes_surer_than_a_common_one(small: Knowledge) -> None:
    assert found("rối nước", small)[0].score > found("thẻ", small)[0].score


def test_words_that_no_service_knows_make_less_sure(small: Knowledge) -> None:
    assert found("múa rối", small)[0].score > found("múa rối xyzzy qwerty", small)[0].score


def test_confidence_lies_between_none_and_full(small: Knowledge) -> None:
    for said in ("thẻ", "cấp thẻ đọc sách", "mua máy cày", "the doc sach mua mua mua"):
        assert all(0 <= candidate.score <= 1 for candidate in found(said, small))


def test_the_words_that_matched_are_the_reasons(small: Knowledge) -> None:
    shared = list(found("biểu diễn múa rối", small)[0].shared)
    assert set(shared) == {"bieu", "dien", "mua", "roi"}


def test_everyday_words_lead_to_official_ones(knowledge: Knowledge) -> None:
    query = asked("mất sổ đỏ", knowledge)
    assert "giay chung nhan quyen su dung dat" in " ".join(query.meant.folded)
    assert asked("khai sinh", knowledge).meant == words("")


def test_everyday_words_are_found_without_diacritics_too(knowledge: Knowledge) -> None:
    assert asked("mat so do", knowledge).meant == asked("mất sổ đỏ", knowledge).meant


def test_at_most_ten_are_kept(knowledge: Knowledge) -> None:
    assert len(found("cấp giấy chứng nhận", knowledge)) == KEPT


def test_the_other_service_of_the_field_is_meant_by_a_follow_up(small: Knowledge) -> None:
    said = asked("gia hạn", small)
    assert siblings(said, ISSUE, found("gia hạn", small), small)[0].code == EXTEND


def test_a_sibling_never_is_the_service_in_hand(small: Knowledge) -> None:
    assert ISSUE not in {c.code for c in siblings(asked("cấp lại", small), ISSUE, (), small)}


def test_a_follow_up_about_another_field_is_searched_by_itself(small: Knowledge) -> None:
    own = found("mua máy cày", small)
    assert siblings(asked("mua máy cày", small), ISSUE, own, small) == own


def test_every_plain_name_leads_to_its_own_service(knowledge: Knowledge) -> None:
    """Typed as it stands; twins (one name at two tiers) and siblings of a family may share a name."""
    lost = [
        text.title
        for text in knowledge.content.texts
        if not set(codes(text.title, knowledge)[:3]) & set(text.codes)
    ]
    assert len(lost) <= len(knowledge.content.texts) / 100, lost


def test_names_without_diacritics_lead_to_the_same_services(knowledge: Knowledge) -> None:
    texts = [text for text in knowledge.content.texts if text.summary]
    lost = [t.title for t in texts if not set(codes(folded(t.title), knowledge)[:3]) & set(t.codes)]
    assert len(lost) <= len(texts) / 50, lost
