"""Bags of words: rare words decide, marks tell apart, and nothing is compared with nothing."""

from __future__ import annotations

import pytest

from intents.index import MAX_TERMS, Index, View
from intents.text import accented, words

NOTHING = words("")
STOPWORDS = frozenset(map(accented, ("làm", "cho", "bảo")))


def index(*wordings: tuple[str, str], stopwords: frozenset[str] = STOPWORDS) -> Index:
    return Index([View(code, words(wording)) for code, wording in wordings], stopwords)


def found(built: Index, said: str, limit: int = 9) -> list[str]:
    return [hit.code for hit in built.search(words(said), NOTHING, limit)]


LIBRARY = index(
    ("read", "Cấp thẻ đọc sách"),
    ("again", "Cấp lại thẻ đọc sách"),
    ("puppets", "Biểu diễn múa rối"),
    ("tractor", "Mua máy cày"),
    ("harvest", "Xác nhận mùa vụ"),
)


def test_the_wording_that_shares_most_comes_first() -> None:
    assert found(LIBRARY, "cấp lại thẻ đọc sách")[:2] == ["again", "read"]
    assert found(LIBRARY, "thẻ đọc sách")[:2] == ["read", "again"]


def test_nothing_shared_is_not_found() -> None:
    assert found(LIBRARY, "xin chào") == []
    assert found(LIBRARY, "") == []
    assert found(LIBRARY, "làm cho") == []


def test_marks_tell_words_apart() -> None:
    assert found(LIBRARY, "múa ở đình")[0] == "puppets"
    assert found(LIBRARY, "mùa này mất")[0] == "harvest"
    assert found(LIBRARY, "mua trả góp")[0] == "tractor"


def test_without_marks_a_word_is_near_to_all_its_forms() -> None:
    assert {"puppets", "tractor", "harvest"} <= set(found(LIBRARY, "mua"))


def test_a_rare_word_says_more_than_a_common_one() -> None:
    built = index(("a", "thẻ sách"), ("b", "thẻ báo"), ("c", "thẻ ảnh"), ("d", "kho lưu"))
    assert built.rarity("luu") > built.rarity("the") > 0
    assert found(built, "thẻ kho")[0] == "d"


def test_an_unknown_word_tells_nothing() -> None:
    assert LIBRARY.rarity("xyzzy") == 0.0


def test_two_words_in_a_row_say_more_than_the_same_words_apart() -> None:
    built = index(("row", "đất rừng nhà nước"), ("apart", "rừng nhà đất nước"))
    assert found(built, "đất rừng")[0] == "row"


def test_a_service_is_as_near_as_its_nearest_wording() -> None:
    built = index(("card", "Cấp thẻ đọc sách"), ("card", "mượn truyện"), ("other", "mượn máy"))
    hits = built.search(words("mượn truyện"), NOTHING, 9)
    assert [hit.code for hit in hits] == ["card", "other"]
    assert built.views[hits[0].view].said == words("mượn truyện")


def test_a_long_wording_is_held_against_it() -> None:
    built = index(
        ("long", "thẻ sách và rất nhiều thứ khác nữa của các loại giấy tờ trong kho lưu trữ"),
        ("short", "thẻ sách"),
    )
    assert found(built, "thẻ sách") == ["short", "long"]


def test_a_wording_is_trusted_as_far_as_its_weight() -> None:
    built = Index([View("little", words("thẻ sách"), 0.5), View("much", words("thẻ sách"))], STOPWORDS)
    little, much = sorted(built.search(words("thẻ sách"), NOTHING, 9), key=lambda hit: hit.score)
    assert (little.code, much.code) == ("little", "much")
    assert little.score == pytest.approx(much.score / 2)


def test_official_words_for_everyday_ones_count_for_less_than_what_was_said() -> None:
    said = LIBRARY.search(words("múa rối"), NOTHING, 9)[0].score
    meant = LIBRARY.search(NOTHING, words("múa rối"), 9)[0].score
    assert 0 < meant < said


def test_no_more_than_asked_for_are_returned() -> None:
    assert len(found(LIBRARY, "cấp thẻ múa mua mùa", limit=2)) == 2


def test_stopwords_are_left_out_of_what_tells() -> None:
    assert LIBRARY.telling(words("làm thẻ cho con")) == words("thẻ con")


def test_an_unmarked_word_is_a_stopword_when_the_catalogue_mostly_means_one() -> None:
    said = words("bao bi")
    mostly = index(*((f"{n}", f"bảo chữ{n}") for n in range(30)), ("c", "bao bì"))
    assert mostly.telling(said).folded == ("bi",)
    rarely = index(("a", "báo chí"), ("b", "bao bì"), ("c", "bảo đọc"))
    assert rarely.telling(said).folded == ("bao", "bi")
    never = index(("a", "thẻ đọc sách"))
    assert never.telling(said).folded == ("bi",)


def test_of_a_long_message_the_rarest_words_are_compared() -> None:
    filler = [(f"f{n}", f"chữ{n} chữ{n}") for n in range(MAX_TERMS)]
    built = index(("rare", "múa rối"), *filler, *((f"g{n}", f"chữ{n}") for n in range(MAX_TERMS)))
    told = " ".join(f"chữ{n}" for n in range(MAX_TERMS))
    assert "rare" in found(built, f"{told} múa rối", limit=200)
