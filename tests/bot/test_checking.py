"""Checks that need more than the structure of the content."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.checking import unfit_commands
from intents.knowledge import Knowledge


def problems(tiny: Knowledge, **answers: str) -> list[str]:
    commands = {f"telegram.command.{key.replace('__', '.')}": text for key, text in answers.items()}
    return [finding.problem for finding in unfit_commands(replace(tiny.content, answers=commands))]


def test_a_command_opens_a_topic_or_starts_the_conversation(tiny: Knowledge) -> None:
    assert problems(tiny, start="Bắt đầu", mon_1="Món một", mon_1__topic="dish-1") == []


@pytest.mark.parametrize("name", ["Start", "mức", "so-tien", "a" * 33])
def test_a_name_that_telegram_refuses_is_told(tiny: Knowledge, name: str) -> None:
    assert "a-z" in problems(tiny, **{name: "Món"})[0]


def test_a_description_that_telegram_refuses_is_told(tiny: Knowledge) -> None:
    assert len(problems(tiny, mon="", mon2="a" * 257)) == 2


def test_a_command_that_opens_nothing_is_told(tiny: Knowledge) -> None:
    assert problems(tiny, mon="Món", mon__topic="dish-99") == ["no such topic: dish-99"]


def test_a_command_never_erases_at_one_word(tiny: Knowledge) -> None:
    assert problems(tiny, xoa="Xóa", xoa__topic="erased") == ["a command must not erase without asking"]
