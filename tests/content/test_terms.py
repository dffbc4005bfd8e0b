"""Words of papers: counted, the telling ones kept, written and read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from content.terms import KEPT, count_words, most_telling, read_terms, write_terms
from tests.content.portal_objects import procedure


def test_words_of_papers_conditions_and_results_are_counted() -> None:
    raw = procedure(
        executionCases=[{"name": "Lần đầu", "profileComponents": [{"name": "Ảnh chân dung <b>4x6</b>"}]}],
        requirementsAndConditions="Từ đủ 14 tuổi; có ảnh",
        resultsDetails=[{"name": "Thẻ"}],
    )
    counted = count_words(raw)
    assert counted["anh"] == 2
    assert {"chan", "dung", "tuoi", "the", "lan"} <= counted.keys()
    assert not {"14", "4x6", "b"} & counted.keys()


def test_a_procedure_without_papers_has_no_words() -> None:
    assert count_words(procedure()) == {}


def test_words_that_tell_procedures_apart_are_kept_first() -> None:
    common = {f"chung{n}": 1 for n in range(KEPT)}
    kept = most_telling({"1": {**common, "rieng": 1}, "2": dict(common), "3": dict(common)})
    assert "rieng" in kept["1"]
    assert len(kept["1"]) == KEPT


def test_terms_are_written_and_read_back(tmp_path: Path) -> None:
    terms = {"1.000002": ("anh", "the"), "1.000001": ()}
    write_terms(terms, tmp_path / "terms.tsv")
    assert (tmp_path / "terms.tsv").read_text("utf-8") == "1.000001\t\n1.000002\tanh the\n"
    assert read_terms(tmp_path / "terms.tsv") == terms


def test_a_line_without_a_tab_is_told(tmp_path: Path) -> None:
    (tmp_path / "terms.tsv").write_text("1.000001\tanh\n1.000002 anh\n", "utf-8")
    with pytest.raises(ValueError, match="line 2"):
        read_terms(tmp_path / "terms.tsv")
