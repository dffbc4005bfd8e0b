"""What is learnt is learnt from our own wordings, the same way every time, and can be read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter

from bot.learning import Learnt, learn, write_ranking
from bot.learning_tones import Heard, learn_tones, write_tones
from content.models import Content, Missing, Ranking, Tones, Topic
from intents.index import FEATURES
from intents.knowledge import prepare
from intents.ranking import Ranker
from intents.retrieve import query_of, retrieve
from intents.text import words
from intents.tone import ASKED, Tone
from intents.understand import understand
from tests.intents.small import ISSUE, PUPPETS, REPLACE, TRACTOR, plain_text, small_content

WORDINGS = {
    ISSUE: ("muốn mượn truyện về nhà", "thẻ mượn sách cho con", "làm thẻ đọc truyện", "mượn sách ở xã"),
    REPLACE: ("mất thẻ mượn truyện", "thẻ đọc sách bị rách", "làm lại thẻ mượn sách", "rơi mất thẻ đọc"),
    PUPPETS: ("diễn múa rối ở đình", "xin phép múa rối", "gánh rối nước về diễn", "rối nước ở ao làng"),
    TRACTOR: ("mua máy cày trả góp", "đăng ký máy cày mới", "mua cái máy cày cũ", "máy cày nhà tôi"),
}


@pytest.fixture(scope="module")
def content() -> Content:
    texts = tuple(
        plain_text(code, examples=wordings, summary="Có." if code == ISSUE else "")
        for code, wordings in WORDINGS.items()
    )
    weather = Topic(
        "weather", "Thời tiết", "Không biết.", outcome="out_of_scope", examples=("mai có mưa không",) * 1
    )
    horse = Missing("horse", (), "Không có.", examples=("nuôi con ngựa", "ngựa ốm"))
    return replace(small_content(), texts=texts, topics={"weather": weather}, missing=(horse,))


@pytest.fixture(scope="module")
def learnt(content: Content) -> Learnt:
    return learn(content, lambda _: None)


def test_what_was_learnt_ranks_what_nobody_wrote_down(content: Content, learnt: Learnt) -> None:
    knowledge = prepare(replace(content, ranking=learnt.ranking), 30)
    found = retrieve(query_of(understand("máy cày trả góp cho nhà tôi", knowledge), knowledge), knowledge)
    assert found.services[0].code == TRACTOR
    assert 0 < found.services[0].score <= 1


def test_it_is_told_how_often_unseen_wordings_came_out_right(learnt: Learnt) -> None:
    assert learnt.asked >= 12
    assert 0.5 <= learnt.first <= 1
    assert 0 <= learnt.hand_made <= 1


def test_the_same_content_teaches_the_same(content: Content, learnt: Learnt) -> None:
    again = learn(content, lambda _: None).ranking
    assert np.allclose(again.output, learnt.ranking.output, atol=1e-3)
    assert np.allclose(list(again.confidence.values()), list(learnt.ranking.confidence.values()), atol=1e-2)


def test_what_was_learnt_is_written_and_read_back(learnt: Learnt, tmp_path: Path) -> None:
    path = tmp_path / "ranking.json"
    write_ranking(learnt.ranking, path)
    read = TypeAdapter(Ranking).validate_json(path.read_bytes())
    assert read.features == FEATURES
    assert np.allclose(read.output, learnt.ranking.output, atol=1e-4)


def test_progress_is_told(content: Content) -> None:
    told: list[str] = []
    learn(content, told.append)
    assert told[-1] == "learning, part 4 of 4"


def test_a_ranking_of_other_features_is_refused(learnt: Learnt) -> None:
    with pytest.raises(ValueError, match="the ranking knows"):
        Ranker(replace(learnt.ranking, features=("name",)))


def test_without_a_ranking_it_is_said_what_to_run(content: Content) -> None:
    knowledge = prepare(replace(content, ranking=None), 30)
    with pytest.raises(ValueError, match="bot learn"):
        _ = knowledge.ranker


# Kinds of messages

SERVED = tuple(f"làm giùm {who} {what} nhé" for who in ("em", "bác", "cô", "chú") for what in ("thẻ", "đơn"))


@pytest.fixture(scope="module")
def heard(content: Content) -> Heard:
    kinds = {"cannot_act": SERVED}
    return learn_tones(replace(content, vocabulary=replace(content.vocabulary, kinds=kinds)), lambda _: None)


def test_kinds_are_heard_in_messages_that_nobody_wrote_down(heard: Heard) -> None:
    tone = Tone(heard.tones)
    assert tone.heard(words("đọc giùm ông cái thẻ nhé"))["cannot_act"] > 0.5
    assert tone.heard(words("mượn sách cho con"))[ASKED] > 0.5


def test_it_is_told_how_well_kinds_were_heard_that_were_kept_back(heard: Heard) -> None:
    assert heard.unseen >= 5
    assert 0 <= heard.right <= 1
    assert 0 <= heard.mistaken <= 1


def test_kinds_are_written_and_read_back(heard: Heard, tmp_path: Path) -> None:
    path = tmp_path / "tones.json"
    write_tones(heard.tones, path)
    assert TypeAdapter(Tones).validate_json(path.read_bytes()) == heard.tones


def test_without_kinds_learnt_it_is_said_what_to_run(content: Content) -> None:
    with pytest.raises(ValueError, match="bot learn"):
        _ = prepare(replace(content, tones=None), 30).tone
