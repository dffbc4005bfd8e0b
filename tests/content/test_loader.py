"""From files to content: every mistake is told with its file and, where there is one, its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from content.files import ContentError
from content.loader import load
from content.models import Aspect, Content, Method
from tests.content.folder import change
from tests.known import cases


def problems(folder: Path) -> list[str]:
    with pytest.raises(ContentError) as caught:
        load(folder)
    assert str(caught.value).splitlines() == [str(finding) for finding in caught.value.findings]
    return [str(finding) for finding in caught.value.findings]


def test_a_whole_folder_is_loaded(folder: Path) -> None:
    content = load(folder)
    assert [text.id for text in content.texts] == ["the-doc-sach"]
    assert content.texts[0].steps == {Method.COUNTER: ("Mang ảnh đến thư viện.",)}
    assert list(content.topics) == ["opening"]
    assert content.families[0].siblings[1].label == "Làm lại thẻ mất"
    assert content.missing[0].id == "horse"
    assert content.founding[0].value == 1870
    assert len(content.catalogue.services) == 6
    assert content.places.communes["00001"].name == "Xã Thử"
    assert set(content.vocabulary.aspects) <= set(Aspect)
    assert content.answers["fee.exempt"]


def test_the_real_content_loads() -> None:
    content = load()
    assert isinstance(content, Content)
    assert len(content.catalogue.services) > 2_000
    assert len(content.places.communes) == 124


BROKEN = {
    "YAML that is not closed": (
        "services/the-doc-sach.yaml",
        "everyday: [thẻ mượn truyện]",
        "everyday: [thẻ mượn truyện",
        "content/services/the-doc-sach.yaml:5: not valid YAML",
    ),
    "YAML with a stray tabulator": (
        "services/the-doc-sach.yaml",
        "title: Cấp",
        "\ttitle: Cấp",
        "content/services/the-doc-sach.yaml:2: not valid YAML",
    ),
    "an unknown key": (
        "services/the-doc-sach.yaml",
        "summary: Thẻ",
        "sumary: Thẻ",
        "content/services/the-doc-sach.yaml:7: unknown key: sumary",
    ),
    "an unknown key within a button": (
        "topics/library.yaml",
        "{label: Làm thẻ, payload",
        "{label: Làm thẻ, colour: red, payload",
        "colour",
    ),
    "a text where a list must be": (
        "services/the-doc-sach.yaml",
        "documents: [Một tấm ảnh.]",
        "documents: Một tấm ảnh.",
        "content/services/the-doc-sach.yaml:8: documents",
    ),
    "a number where a text must be": (
        "services/the-doc-sach.yaml",
        "title: Cấp thẻ đọc sách",
        "title: 12",
        "content/services/the-doc-sach.yaml:2: title",
    ),
    "a day that does not exist": (
        "services/the-doc-sach.yaml",
        "checked: 2026-07-17",
        "checked: 2026-02-31",
        "content/services/the-doc-sach.yaml: cannot be read: day is out of range",
    ),
    "a missing key": (
        "services/the-doc-sach.yaml",
        "title: Cấp thẻ đọc sách\n",
        "",
        "content/services/the-doc-sach.yaml:1: title: Field required",
    ),
    "a method that does not exist": (
        "services/the-doc-sach.yaml",
        "counter: [Mang",
        "pigeon: [Mang",
        "steps.pigeon",
    ),
    "a wrong value within a list of a list": (
        "families/library.yaml",
        'code: "1.000002", label: Làm lại thẻ mất',
        'code: "1.000002", label: [Làm lại]',
        "content/families/library.yaml:5: siblings.1.label",
    ),
    "a list where a mapping must be": (
        "vocabulary/authorities.yaml",
        "centre_takes:",
        "- centre_takes:",
        "content/vocabulary/authorities.yaml",
    ),
    "an aspect that does not exist": (
        "vocabulary/aspects.yaml",
        "  documents:\n",
        "  colours:\n",
        "aspects.colours",
    ),
    "a key that stands twice in one mapping": (
        "services/the-doc-sach.yaml",
        "summary: Thẻ",
        "title: Thẻ khác\nsummary: Thẻ",
        "title",
    ),
    "a catalogue row that is not JSON": (
        "catalogue/national.jsonl",
        '{"code":"1.000002"',
        '{"code":1.000002"',
        "national.jsonl:3: not JSON",
    ),
    "a former commune that became none": ("places/former.csv", ",00001", ",99999", "former.csv:2"),
}


@pytest.mark.parametrize("broken", cases("loader", BROKEN))
def test_a_mistake_is_told_with_its_place(broken: tuple[str, str, str, str], folder: Path) -> None:
    name, old, new, told = broken
    change(folder / name, old, new)
    assert any(told in problem for problem in problems(folder))


@pytest.mark.parametrize(
    "name",
    [
        "catalogue/national.jsonl",
        "places/communes.csv",
        "places/former.csv",
        "vocabulary/aspects.yaml",
        "vocabulary/stopwords.yaml",
    ],
)
def test_a_missing_file_is_told(name: str, folder: Path) -> None:
    (folder / name).unlink()
    assert problems(folder)


def test_a_file_that_is_not_utf8_is_told(folder: Path) -> None:
    (folder / "services/the-doc-sach.yaml").write_bytes("id: thẻ".encode("utf-16"))
    assert any("the-doc-sach.yaml" in problem for problem in problems(folder))


@pytest.mark.parametrize("text", ["", "just words", "- just words\n", "7"])
def test_a_file_that_holds_no_mapping_is_told(text: str, folder: Path) -> None:
    (folder / "services/empty.yaml").write_text(text, "utf-8")
    assert any("content/services/empty.yaml" in p and "must be a mapping" in p for p in problems(folder))


def test_a_key_that_stands_in_two_files_is_told_with_its_line(folder: Path) -> None:
    (folder / "answers/zz.yaml").write_text("other: Khác\nfee.exempt: miễn\n", "utf-8")
    assert problems(folder) == ["content/answers/zz.yaml:2: key stands in another file too: fee.exempt"]


def test_all_mistakes_are_told_at_once(folder: Path) -> None:
    change(folder / "services/the-doc-sach.yaml", "summary:", "sumary:")
    change(folder / "topics/library.yaml", "title: Giờ mở cửa", "title: [Giờ]")
    change(folder / "missing.yaml", "patterns:", "pattern:")
    told = problems(folder)
    assert {problem.split(":")[0] for problem in told} == {
        "content/services/the-doc-sach.yaml",
        "content/topics/library.yaml",
        "content/missing.yaml",
    }
