"""Communes in a message: today's and those of before."""

from __future__ import annotations

import pytest

from content.models import Commune, FormerCommune, Places
from intents.knowledge import Knowledge
from intents.places import Gazetteer, Mention
from intents.text import words
from tests.intents.talk import Talk

PLACES = Places(
    {"1": Commune("1", "Xã Sông Trong"), "2": Commune("2", "Phường Đồi Cao")},
    (
        FormerCommune("Xã Bến Cũ", "Huyện Xa", "Tỉnh Gần", ("1",)),
        FormerCommune("Thị trấn Sông Trong", "Huyện Xa", "Tỉnh Gần", ("1", "2")),
    ),
)


def named(text: str) -> list[Mention]:
    return list(Gazetteer(PLACES).mentions(words(text)))


def test_a_commune_is_found_behind_its_kind_only() -> None:
    assert [m.former[0].name for m in named("nhà ở xã Bến Cũ")] == ["Xã Bến Cũ"]
    assert not named("cái bến cũ ở xa")


def test_it_is_found_without_diacritics_and_spans_its_words() -> None:
    (mention,) = named("toi o xa ben cu lam khai sinh")
    assert (mention.start, mention.end) == (2, 5)


def test_the_kind_that_was_said_is_preferred() -> None:
    (commune,), (town,) = named("xã Sông Trong"), named("thị trấn Sông Trong")
    assert (commune.today, commune.former) == ((PLACES.communes["1"],), ())
    assert (town.today, town.former) == ((), (PLACES.former[1],))


def test_a_name_with_another_kind_is_found_all_the_same() -> None:
    (mention,) = named("phường Bến Cũ")
    assert mention.former == (PLACES.former[0],)


@pytest.mark.parametrize(
    "asked", ["phường Tân Quang cũ nay là phường nào", "phuong tan quang cu nay la phuong nao"]
)
def test_where_an_old_commune_belongs_is_told(asked: str, talk: Talk) -> None:
    assert "Phường Minh Xuân" in talk.says(asked).replies[0].text


def test_a_split_commune_is_said_to_be_split(talk: Talk) -> None:
    text = talk.says("phường Quang Trung cũ giờ thuộc phường nào").replies[0].text
    assert "Hà Giang 1" in text
    assert "Hà Giang 2" in text
    assert "chia" in text


def test_the_five_split_ones_are_known(knowledge: Knowledge) -> None:
    assert sum(len(former.now) > 1 for former in knowledge.content.places.former) == 5


def test_a_place_is_no_part_of_the_subject(talk: Talk) -> None:
    assert talk.says("làm khai sinh ở xã Sơn Dương").services[0].code == "1.001193"
