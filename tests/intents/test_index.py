"""Bags of words: rare words decide, marks tell apart, and nothing is compared with nothing."""

from __future__ import annotations

import numpy as np

from intents.index import CONSIDERED, FEATURES, MAX_TERMS, Document, Evidence, Index, Query, View
from intents.text import accented, words

STOPWORDS = frozenset(map(accented, ("làm", "cho", "bảo")))


def index(*wordings: tuple[str, str], stopwords: frozenset[str] = STOPWORDS, **papers: str) -> Index:
    """Build an index of wordings; the first of each document is its official name."""
    ids = list(dict.fromkeys(document for document, _ in wordings))
    firsts = dict(reversed(wordings))
    views = [View(document, words(w), name=firsts[document] == w) for document, w in wordings]
    documents = [Document(i, papers=frozenset(papers.get(i, "").split())) for i in ids]
    return Index(documents, views, stopwords)


def evidence(built: Index, said: str, meant: str = "", acts: frozenset[str] = frozenset()) -> Evidence:
    return built.search(Query(words(said), words(meant), acts))


def feature(name: str, document: str, found: Evidence) -> float:
    return float(found.features[found.documents.index(document), FEATURES.index(name)])


def found(built: Index, said: str) -> list[str]:
    """Return the documents that share anything, the nearest first."""
    weighed = evidence(built, said)
    near = [(-feature("nearest", d, weighed), d) for d in weighed.documents]
    return [document for nearness, document in sorted(near, key=lambda pair: pair[0]) if nearness]


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


def test_a_document_is_as_near_as_its_nearest_wording() -> None:
    built = index(("card", "Cấp thẻ đọc sách"), ("card", "mượn truyện"), ("other", "mượn máy"))
    weighed = evidence(built, "mượn truyện")
    assert found(built, "mượn truyện") == ["card", "other"]
    assert built.views[weighed.views[weighed.documents.index("card")]].said == words("mượn truyện")
    assert feature("of_wording", "card", weighed) == 1.0
    assert feature("of_question", "other", weighed) < feature("of_question", "card", weighed) == 1.0


def test_a_long_wording_is_held_against_it() -> None:
    built = index(
        ("long", "thẻ sách và rất nhiều thứ khác nữa của các loại giấy tờ trong kho lưu trữ"),
        ("short", "thẻ sách"),
    )
    assert found(built, "thẻ sách") == ["short", "long"]


def test_official_words_for_everyday_ones_count_for_less_than_what_was_said() -> None:
    said = feature("name", "puppets", evidence(LIBRARY, "múa rối"))
    meant = feature("name", "puppets", evidence(LIBRARY, "xyzzy", "múa rối"))
    assert 0 < meant < said


def test_several_wordings_answer_for_a_document_together() -> None:
    built = index(("card", "thẻ sách"), ("card", "mượn truyện"), ("card", "kho lưu"), ("other", "thẻ truyện"))
    weighed = evidence(built, "thẻ truyện kho")
    assert feature("all_words", "card", weighed) == 1.0
    assert feature("all_words", "other", weighed) < 1.0


def test_a_second_wording_that_is_near_too_is_told() -> None:
    built = index(
        ("card", "thẻ"), ("card", "mượn truyện tranh"), ("card", "mượn truyện"), ("other", "mượn máy")
    )
    weighed = evidence(built, "mượn truyện")
    assert feature("wording", "card", weighed) >= feature("second", "card", weighed) > 0
    assert feature("second", "other", weighed) == 0.0


def test_words_of_the_papers_speak_for_a_document() -> None:
    built = index(("read", "Cấp thẻ đọc sách"), ("again", "Cấp lại thẻ"), read="anh chan dung sach")
    weighed = evidence(built, "sách ảnh chân dung")
    assert feature("papers", "read", weighed) > 0
    assert feature("papers", "again", weighed) == 0.0


def test_acts_that_were_wanted_and_others_are_counted() -> None:
    documents = [Document("again", acts=frozenset({"again"})), Document("first")]
    views = [View("again", words("cấp lại thẻ"), name=True), View("first", words("cấp thẻ"), name=True)]
    weighed = evidence(Index(documents, views, STOPWORDS), "thẻ", acts=frozenset({"again"}))
    assert feature("acts_shared", "again", weighed) == feature("acts_missed", "first", weighed) == 1.0
    unasked = evidence(Index(documents, views, STOPWORDS), "thẻ")
    assert feature("acts_extra", "again", unasked) == 1.0
    assert feature("acts_extra", "first", unasked) == feature("acts_missed", "first", unasked) == 0.0


def test_no_more_than_can_be_weighed_are_returned() -> None:
    many = index(*((f"d{n}", f"thẻ chữ{n}") for n in range(3 * CONSIDERED)))
    assert len(evidence(many, "thẻ").documents) == CONSIDERED


def test_evidence_is_finite_whatever_was_said() -> None:
    for said in ("thẻ", "xyzzy", "thẻ " * 500, "1 2 3 4 5", "cấp"):
        assert np.isfinite(evidence(LIBRARY, said).features).all()


def test_what_was_written_down_word_for_word_is_known() -> None:
    assert LIBRARY.worded(words("múa rối biểu diễn").folded) == frozenset()
    assert LIBRARY.worded(words("Biểu diễn múa rối").folded) == {"puppets"}
    assert index(("a", "thẻ")).worded(("the",)) == frozenset()  # one word may mean anything


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
    assert "rare" in found(built, f"{told} múa rối")


def test_an_index_of_nothing_finds_nothing() -> None:
    assert evidence(index(), "mượn sách").documents == ()
