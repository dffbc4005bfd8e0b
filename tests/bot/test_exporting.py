"""Corrections go back into content files, which then understand what the corrected assistant understood."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from bot import exporting
from bot.cli import main
from bot.corrections import understood, written
from bot.exporting import FACTS, export, with_example
from content.files import ROOT
from content.loader import load
from content.models import Office, PlainText
from intents.knowledge import Knowledge, prepare
from intents.overlay import Overlays
from intents.trial import answers, retest
from storage.corrections import Correction, CorrectionKind, NewCorrection
from storage.migrate import upgrade
from storage.unit_of_work import Storage
from tests.bot.parts import NOW
from tests.intents.small import ISSUE, plain_text, small_content

BIRTH, SECURITY, FOREST = "1.001193", "2.001478", "1.000055"
"""A service that a text is about, one that shares the text of another, one without any text."""
PHRASES = {
    "báo tin nhóc tì chào đời cho ủy ban": BIRTH,
    "xin con dấu công an cho nhà trọ tám phòng ở tỉnh": SECURITY,
    "đồi keo của công ty đến kỳ duyệt lại kế hoạch giữ rừng bền lâu": FOREST,
}
PHRASE = NewCorrection(
    at=NOW,
    kind=CorrectionKind.PHRASE,
    target=BIRTH,
    value=written(CorrectionKind.PHRASE, value=True),
    reason="không hiểu",
    staff_id=None,
    author="An",
    office="Sở Tư pháp",
)


def facts(commune: str) -> list[NewCorrection]:
    values = {
        (CorrectionKind.LEVEL, BIRTH): "full",
        (CorrectionKind.METHODS, BIRTH): ["online", "counter"],
        (CorrectionKind.FEE_NOTE, BIRTH): "Miễn: trẻ em",
        (CorrectionKind.OFFICE, commune): Office("Tổ dân phố 3", "7 giờ 30", ""),
    }
    return [
        replace(PHRASE, kind=kind, target=target, value=written(kind, value))
        for (kind, target), value in values.items()
    ]


async def save(url: str, news: list[NewCorrection]) -> tuple[Correction, ...]:
    await upgrade(url)
    storage = Storage(url)
    async with storage.writing() as unit:
        for new in news:
            await unit.corrections.append(new)
        held = await unit.corrections.current()
        await unit.commit()
    await storage.close()
    return held


Type = Callable[..., Result]


@pytest.fixture
def type_(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Type:
    """Return what runs a command in this process."""
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, words)


@pytest.mark.timeout(300)  # builds the index of a whole content three times
def test_what_is_exported_understands_what_was_corrected(
    type_: Type, sqlite_url: str, tmp_path: Path, knowledge: Knowledge
) -> None:
    commune = next(iter(knowledge.content.places.communes))
    news = [replace(PHRASE, item=text, target=code) for text, code in PHRASES.items()]
    held = asyncio.run(save(sqlite_url, [*news, *facts(commune)]))
    listed = type_("corrections", "list")
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [str(one.id) for one in held]
    exported = type_("corrections", "export", "--to", "out")
    assert exported.exit_code == 0, exported.stdout
    corrected = Overlays(knowledge).over(understood(held, 7))
    merged = prepare(load(tmp_path / "out" / "content"), retention_days=30)
    for text, code in PHRASES.items():
        assert not answers(retest(text, knowledge, NOW), code), text
        assert answers(retest(text, corrected, NOW), code), text
        first = retest(text, merged, NOW).services[0]
        assert first.code == code, text
    assert merged.text(SECURITY) == knowledge.text(SECURITY)  # its phrase has not taken its text away
    stated = yaml.safe_load((tmp_path / "out" / FACTS).read_text("utf-8"))
    assert [one["target"] for one in stated] == [BIRTH, BIRTH, BIRTH, commune]
    assert stated[1]["methods"] == ["online", "counter"]
    assert stated[2] == {
        "target": BIRTH,
        "name": knowledge.service(BIRTH).name,
        "fee_note": "Miễn: trẻ em",
        "office": "Sở Tư pháp",
        "author": "An",
        "date": NOW.date(),
        "reason": "không hiểu",
    }


def test_without_corrections_the_content_is_what_was_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "check_all", lambda _: [])
    export([], tmp_path)
    shipped = {p.relative_to(ROOT): p.read_bytes() for p in ROOT.rglob("*") if is_data(p)}
    copied = {p.relative_to(tmp_path / "content"): p.read_bytes() for p in tmp_path.rglob("*") if is_data(p)}
    assert {path: data for path, data in copied.items() if path.name != FACTS} == shipped


def is_data(path: Path) -> bool:
    return path.is_file() and path.suffix not in {".py", ".pyc"} and path.name != FACTS


def test_a_folder_with_something_in_it_is_refused(type_: Type, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("x")
    refused = type_("corrections", "export", "--to", "out")
    assert refused.exit_code == 2
    assert "not empty" in refused.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


LISTED = """\
# Two texts.
- id: one
  examples: [a, "b"]  # said
  checked: 2026-07-17

- id: two
  examples:
    - câu một
    # a remark
    - 'câu: "hai"'
  checked: 2026-07-17
"""


def test_an_example_is_added_and_every_other_line_stays() -> None:
    one = with_example(LISTED, "one", 'nói "thế": này #1')
    assert one == LISTED.replace('[a, "b"]', '[a, "b", "nói \\"thế\\": này #1"]')
    two = with_example(LISTED, "two", "câu ba")
    assert two == LISTED.replace('"hai"\'\n', '"hai"\'\n    - "câu ba"\n')
    assert yaml.safe_load(one)[0]["examples"] == ["a", "b", 'nói "thế": này #1']


def test_a_text_that_explains_a_service_comes_before_one_that_lends_it_examples() -> None:
    explained = plain_text(id="both", codes=("1.000002", ISSUE), summary="Thẻ để mượn sách.")
    lent = plain_text(id="lent", codes=(ISSUE,), examples=("mượn truyện",))
    for texts in ((explained, lent), (lent, explained)):
        assert _texts(texts)[ISSUE] is explained
    own = plain_text(id="own", codes=(ISSUE,), summary="Thẻ đọc.")
    for texts in ((explained, own), (own, explained)):
        assert _texts(texts)[ISSUE] is own


def _texts(texts: tuple[PlainText, ...]) -> dict[str, PlainText]:
    return dict(prepare(small_content(texts=texts), 30).texts)
