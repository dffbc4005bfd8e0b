"""What the check finds, each thing broken once; and that the real content is clean."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.checking import check_all
from intents.knowledge import prepare
from intents.lint import overmatched
from tests.content.folder import SERVICE, change, checked, findings
from tests.known import cases

TEXT, FAMILY, TOPIC = "services/the-doc-sach.yaml", "families/library.yaml", "topics/library.yaml"
SUMMARY = "summary: Thẻ để mượn sách."


def test_a_small_folder_is_clean(folder: Path) -> None:
    assert findings(folder) == []


def said(sentence: str) -> tuple[str, str, str]:
    """Put a sentence into the summary of a service."""
    return TEXT, SUMMARY, f'summary: "{sentence}"'


BROKEN = {
    # references
    "a code that no service has": (
        TEXT,
        'codes: ["1.000001"]',
        'codes: ["1.999999"]',
        "no such service: 1.999999",
    ),
    "a second code that no service has": (
        TEXT,
        'codes: ["1.000001"]',
        'codes: ["1.000001", "1.999999"]',
        "no such service: 1.999999",
    ),
    "a sibling that no service is": (FAMILY, '"1.000002"', '"1.999999"', "no such service: 1.999999"),
    "steps for a method that is not offered": (
        TEXT,
        "counter: [",
        "online: [",
        "steps for a method that is not offered",
    ),
    "a button to a topic that is gone": (
        TOPIC,
        "service:1.000001",
        "topic:gone",
        "leads nowhere: topic:gone",
    ),
    "a button to a service that is gone": (TOPIC, "service:1.000001", "service:9.999999", "leads nowhere"),
    "a button to an aspect that is none": (
        TOPIC,
        "service:1.000001",
        "ask:colour",
        "leads nowhere: ask:colour",
    ),
    "a button of an unknown kind": (TOPIC, "service:1.000001", "open:door", "leads nowhere: open:door"),
    "a button that says nothing": (TOPIC, "service:1.000001", "say:", "leads nowhere: say:"),
    "a button to another site": (TOPIC, "https://dichvucong.gov.vn", "https://example.com", "leads nowhere"),
    "a button to a site that only looks official": (
        TOPIC,
        "https://dichvucong.gov.vn",
        "https://dichvucong.gov.vn.example.com",
        "leads nowhere",
    ),
    # lengths
    "a title that fits no button": (
        TEXT,
        "title: Cấp",
        f"title: {'Rất ' * 10}Cấp",
        "longer than 40 characters",
    ),
    "a label of a family that fits no button": (
        FAMILY,
        "Làm lần đầu",
        "Làm " * 11,
        "longer than 40 characters",
    ),
    "a label of a topic that fits no button": (
        TOPIC,
        "label: Làm thẻ",
        f"label: {'Làm ' * 11}",
        "longer than 40",
    ),
    "a topic longer than a screen": (TOPIC, "Thư viện có", "Thư viện có " * 70, "longer than 700 characters"),
    "a payload that Telegram refuses": (
        TOPIC,
        "service:1.000001",
        f"say:{'đ' * 31}",
        "payload over 64 bytes",
    ),
    "a text without examples": (
        TEXT,
        "examples: [muốn mượn truyện về nhà]",
        "examples: []",
        "one example question",
    ),
    "a text without codes": (TEXT, 'codes: ["1.000001"]', "codes: []", "at least one code"),
    "a text without sources": (TEXT, 'sources: ["1.000001"]', "sources: []", "needs its sources"),
    "a family of one": (
        FAMILY,
        '    - {code: "1.000002", label: Làm lại thẻ mất, cues: [mất]}\n',
        "",
        "two to four siblings",
    ),
    # letters
    "letters and marks apart": (*said("The\u0309 để mượn sách."), "not NFC"),
    "a Cyrillic look-alike": (*said("Thẻ để mượn s\u0430ch."), "letters of another alphabet: \u0430"),
    "a Greek look-alike": (*said("Thẻ \u03bfnline."), "letters of another alphabet: \u03bf"),
    # addresses and numbers
    "a link to another site": (*said("Xem https://example.com/the."), "not an official address"),
    "another site without https": (
        *said("Xem thuvien-online.com nhé."),
        "not an official address: thuvien-online.com",
    ),
    "a site that only looks official": (
        *said("Vào dichvucong.gov.vn.example.net."),
        "not an official address",
    ),
    "a site behind a name": (*said("Vào https://dichvucong.gov.vn@example.org/."), "not an official address"),
    "a short link": (*said("Vào bit.ly/the-doc-sach."), "not an official address"),
    "a telephone that nobody confirmed": (
        *said("Gọi 0912 345 678."),
        "not a confirmed telephone number: 0912 345 678",
    ),
    "a hotline that nobody confirmed": (*said("Gọi 1900 12 34."), "not a confirmed telephone number"),
    "a telephone with its area in brackets": (
        *said("Gọi (0207) 3822 222."),
        "not a confirmed telephone number",
    ),
    "a telephone with the code of the country": (
        *said("Gọi +84 912 345 678."),
        "not a confirmed telephone number",
    ),
    # a world that is gone
    "a paper that was abolished": (*said("Mang theo sổ hộ khẩu."), "no longer exists: «sổ hộ khẩu»"),
    "a body that was abolished": (*said("Nộp ở Công an huyện."), "no longer exists: «Công an huyện»"),
    "an abolished paper in a topic": (
        TOPIC,
        "Thư viện có",
        "Mang sổ hộ khẩu. Thư viện có",
        "no longer exists",
    ),
    # days
    "checked on a day to come": (
        TEXT,
        "checked: 2026-07-17",
        "checked: 2031-07-17",
        "impossible day: 2031-07-17",
    ),
    "checked before anything was": (TOPIC, "checked: 2026-07-17", "checked: 1026-07-17", "impossible day"),
    # templates
    "an unknown variable in a topic": (
        TOPIC,
        "{catalogue_total}",
        "{catalog_total}",
        "unknown variable: {catalog_total}",
    ),
    "an unknown variable of what is missing": (
        "missing.yaml",
        "{catalogue_date}",
        "{date}",
        "unknown variable: {date}",
    ),
    "a brace that is not closed": (TOPIC, "{catalogue_date}.", "{catalogue_date.", "not a template"),
    "an unknown variable in a common answer": (
        "answers/common.yaml",
        'masked: "',
        'masked: "{colour} ',
        "unknown variable: {colour}",
    ),
    "an outcome that does not exist": (
        TOPIC,
        "  checked:",
        "  outcome: happy\n  checked:",
        "unknown outcome: happy",
    ),
}


@pytest.mark.parametrize("broken", cases("check", BROKEN))
def test_one_broken_thing_is_found(broken: tuple[str, str, str, str], folder: Path) -> None:
    name, old, new, told = broken
    change(folder / name, old, new)
    assert any(told in finding for finding in findings(folder)), findings(folder)


ALLOWED = {
    "an official address": said("Vào dichvucong.gov.vn hoặc https://tuyenquang.gov.vn nhé."),
    "an official address at the end of a sentence": said("Vào https://tuyenquang.gov.vn."),
    "a confirmed number": said("Gọi 1900 54 54 81, mất phí. Báo lừa đảo: 156."),
    "an abolished paper that is said to be gone": said("Sổ hộ khẩu không còn dùng, đừng mang theo."),
    "a number of a document": said("Theo 01/2023/TT-VPCP và 0123/2025/NQ-HĐND."),
    "an amount and a time": said("Phí 1.500.000 đồng, trả sau 10 ngày."),
    "an old name in a question": (
        TEXT,
        "examples: [muốn",
        "examples: [mất sổ hộ khẩu có làm thẻ được không, muốn",
    ),
}


@pytest.mark.parametrize("allowed", cases("check: allowed", ALLOWED))
def test_what_is_right_is_not_complained_about(allowed: tuple[str, str, str], folder: Path) -> None:
    name, old, new = allowed
    change(folder / name, old, new)
    assert findings(folder) == []


TWICE = {
    "two texts": ("services/again.yaml", SERVICE, "id stands more than once"),
    "two texts for one service": (
        "services/again.yaml",
        SERVICE.replace("id: the-doc-sach", "id: again"),
        "another text speaks for 1.000001 too",
    ),
    "two families": ("families/again.yaml", None, "id stands more than once"),
    "two topics": ("topics/again.yaml", None, "id stands more than once"),
}


@pytest.mark.parametrize("twice", cases("check: ids", TWICE))
def test_an_id_that_stands_twice_is_found(twice: tuple[str, str | None, str], folder: Path) -> None:
    name, text, told = twice
    again = text or (folder / name).with_name("library.yaml").read_text("utf-8")
    (folder / name).write_text(again, "utf-8")
    assert any(told in finding for finding in findings(folder))


def test_a_finding_names_the_file_and_the_item(folder: Path) -> None:
    change(folder / TOPIC, "title: Giờ", f"title: {'Giờ ' * 11}")
    (finding,) = findings(folder)
    assert finding.startswith("content/topics/library.yaml: opening: longer than 40 characters: Giờ")


def test_everything_wrong_is_found_at_once(folder: Path) -> None:
    change(folder / TEXT, SUMMARY, 'summary: "Gọi 0912 345 678, vào example.com, mang sổ hộ khẩu."')
    change(folder / TOPIC, "service:1.000001", "topic:gone")
    assert len(findings(folder)) == 4


def stolen(folder: Path) -> list[str]:
    content, found = checked(folder)
    assert content is not None
    assert found == []
    return [f"{text.id} {problem}" for text, problem in overmatched(prepare(content, retention_days=30))]


def test_examples_that_lead_to_their_own_service_are_right(folder: Path) -> None:
    assert stolen(folder) == []


def test_an_example_that_another_service_takes_is_told_with_the_thief(folder: Path) -> None:
    change(folder / TEXT, "examples: [muốn", "examples: [cấp phép biểu diễn múa rối nước, muốn")
    (problem,) = stolen(folder)
    assert problem.startswith(
        "the-doc-sach «cấp phép biểu diễn múa rối nước»: taken by 1.000004 Cấp phép biểu diễn múa rối"
    )


def test_what_was_written_down_word_for_word_is_stronger_than_any_phrase(folder: Path) -> None:
    change(folder / TOPIC, "  checked:", "  outcome: warning\n  checked:")
    examples = "examples: [mượn truyện lúc nào mở cửa, mượn truyện nuôi ngựa, muốn"
    change(folder / TEXT, "examples: [muốn", examples)
    assert stolen(folder) == []


def test_an_example_of_no_use_is_told(folder: Path) -> None:
    change(
        folder / TEXT,
        "everyday: [thẻ mượn truyện]\nexamples: [muốn mượn truyện về nhà]",
        "everyday: []\nexamples: [là gì]",
    )
    assert stolen(folder) == ["the-doc-sach «là gì»: leads to no service"]


def test_an_example_of_a_sibling_is_no_theft(folder: Path) -> None:
    change(folder / TEXT, "examples: [muốn", "examples: [cấp lại thẻ đọc sách, muốn")
    assert stolen(folder) == []


def test_the_real_content_is_clean() -> None:
    assert [str(finding) for finding in check_all()] == []
