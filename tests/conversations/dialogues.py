"""Dialogues as data: files that anybody can write, and what must be true of each turn.

A file is a list of dialogues; README of the keys stands at the head of `khai-sinh.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from content.models import Aspect
from intents.knowledge import Knowledge
from intents.text import fold
from intents.turn import Button, Inbound, Kind, Outcome
from tests.known import cases
from tests.typed import unmarked

OUTCOMES = {
    "trả lời": Outcome.ANSWERED,
    "cho chọn": Outcome.CHOICES,
    "không có trong danh mục": Outcome.NOT_IN_CATALOGUE,
    "ngoài phạm vi": Outcome.OUT_OF_SCOPE,
    "chưa hiểu": Outcome.NOT_UNDERSTOOD,
    "cảnh báo": Outcome.WARNING,
    "không làm thay": Outcome.CANNOT_ACT,
    "giữ đúng vai": Outcome.INJECTION,
    "khẩn cấp": Outcome.EMERGENCY,
    "chuyện trò": Outcome.SMALL_TALK,
    "gặp cán bộ": Outcome.HANDOFF,
}
ASPECTS = {
    "tổng quan": Aspect.OVERVIEW,
    "giấy tờ": Aspect.DOCUMENTS,
    "phí": Aspect.FEE,
    "thời gian": Aspect.TIME,
    "nơi nộp": Aspect.PLACE,
    "cách làm": Aspect.STEPS,
    "qua mạng": Aspect.ONLINE,
    "bưu điện": Aspect.POST,
    "mức": Aspect.LEVEL,
    "tra cứu": Aspect.STATUS,
    "điều kiện": Aspect.CONDITIONS,
}
KEYS = {"nói", "bấm", "có", "không", "kết_quả", "dịch_vụ", "khía_cạnh", "chủ_đề", "nút"}


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer, however it came."""

    outcome: Outcome
    text: str
    buttons: tuple[Button, ...]
    services: tuple[str, ...]
    """Codes: the one that was answered, or those to choose from."""
    aspect: str | None
    topic: str | None


@dataclass(frozen=True, slots=True)
class Turn:
    """What a citizen says or taps, and what must be true of the answer."""

    expected: dict[str, Any]
    marked: bool = True

    @property
    def said(self) -> str:
        text = str(self.expected.get("nói") or self.expected["bấm"])
        return text if self.marked else unmarked(text)

    def inbound(self, offered: Sequence[Button]) -> Inbound:
        if "bấm" not in self.expected:
            return Inbound(Kind.TEXT, self.said)
        payloads = {button.label: button.payload for button in offered}
        return Inbound(Kind.BUTTON, payload=payloads[self.expected["bấm"]])

    def problems(self, heard: Heard, knowledge: Knowledge) -> Iterator[str]:
        """Yield what is wrong with the answer; silence is a failure in any case."""
        wants = self.expected
        labels = [button.label for button in heard.buttons]
        if not heard.text.strip():
            yield "không trả lời gì"
        yield from (f"thiếu «{words}»" for words in _listed(wants.get("có")) if words not in heard.text)
        yield from (
            f"không được có «{words}»" for words in _listed(wants.get("không")) if words in heard.text
        )
        yield from (f"thiếu nút «{label}»" for label in _listed(wants.get("nút")) if label not in labels)
        if "kết_quả" in wants and heard.outcome is not OUTCOMES[wants["kết_quả"]]:
            yield f"kết quả là {heard.outcome}, phải là «{wants['kết_quả']}»"
        if "khía_cạnh" in wants and heard.aspect != ASPECTS[wants["khía_cạnh"]]:
            yield f"khía cạnh là {heard.aspect}, phải là «{wants['khía_cạnh']}»"
        if "chủ_đề" in wants and heard.topic != wants["chủ_đề"]:
            yield f"chủ đề là {heard.topic}, phải là {wants['chủ_đề']}"
        for name in _listed(wants.get("dịch_vụ")):
            considered = heard.services if heard.outcome is Outcome.CHOICES else heard.services[:1]
            if not set(considered) & _codes(name, knowledge):
                yield f"dịch vụ là {' '.join(considered) or 'không có'}, phải là {name}"


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation from its first message."""

    name: str
    turns: tuple[Turn, ...]


@dataclass(slots=True)
class Transcript:
    """A dialogue as it goes; the first wrong turn ends it with everything said so far."""

    knowledge: Knowledge = field(repr=False)
    lines: list[str] = field(default_factory=list)
    offered: tuple[Button, ...] = ()

    def next(self, turn: Turn) -> Inbound:
        self.lines.append(f"   » {turn.said}")
        return turn.inbound(self.offered)

    def judge(self, turn: Turn, heard: Heard) -> None:
        __tracebackhide__ = True
        problems = list(turn.problems(heard, self.knowledge))
        answer = [*heard.text.splitlines(), " ".join(f"[{button.label}]" for button in heard.buttons)]
        if problems:
            self.lines[-1] = self.lines[-1].replace("  »", "→ »")
            self.lines += [f"       {line}" for line in answer]
            raise AssertionError("\n".join(["", *self.lines, *(f"   ✗ {problem}" for problem in problems)]))
        self.lines.append(f"       {answer[0]} …")
        self.offered = heard.buttons


def read_dialogues() -> dict[str, Dialogue]:
    """Return every dialogue as written and, unless it says not to, without diacritics."""
    found: dict[str, Dialogue] = {}
    for path in sorted(Path(__file__).parent.glob("*.yaml")):
        for written in yaml.safe_load(path.read_text("utf-8")):
            for dialogue in _both(written, path.stem):
                assert dialogue.name not in found, f"{path.name}: hai hội thoại cùng tên: {dialogue.name}"
                found[dialogue.name] = dialogue
    return found


def dialogues(section: str = "dialogues") -> list[Any]:
    """Return the dialogues for `parametrize`."""
    return cases(section, read_dialogues())


def _both(written: dict[str, Any], stem: str) -> Iterator[Dialogue]:
    unknown = written.keys() - {"tiêu_đề", "không_dấu", "lượt"}
    unknown |= {key for turn in written["lượt"] for key in turn.keys() - KEYS}
    assert not unknown, f"{stem}.yaml, {written.get('tiêu_đề')}: không có khóa {', '.join(sorted(unknown))}"
    name = f"{stem}/{fold(written['tiêu_đề']).replace(' ', '-')}"
    turns = tuple(Turn(expected) for expected in written["lượt"])
    yield Dialogue(name, turns)
    if written.get("không_dấu", True):
        yield Dialogue(f"{name} (khong dau)", tuple(replace(turn, marked=False) for turn in turns))


def _listed(value: object) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _codes(name: str, knowledge: Knowledge) -> set[str]:
    """Return the codes of a service named by its text's id or by its code."""
    by_id = {text.id: set(text.codes) for text in knowledge.content.texts}
    codes = by_id.get(name, {name})
    assert codes <= knowledge.content.catalogue.services.keys(), f"không có dịch vụ {name}"
    return codes
