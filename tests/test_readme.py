"""The documents keep up with the house: settings, commands, packages and links are those that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.cli import main
from bot.config import Config

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
DECISIONS = sorted(ROOT.glob("docs/adr/*.md"))
_SETTING = re.compile(r"^\| `([A-Z_]+)` \| (?:`(.+?)` )?\|", re.MULTILINE)
_EXAMPLE = re.compile(r"^#?([A-Z_]+)=(.*)$", re.MULTILINE)
_COMMAND = re.compile(r"^\| `([\w-]+)", re.MULTILINE)
_FOLDER = re.compile(r"^(\w+)/", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"")


def section(title: str) -> str:
    _, _, rest = (ROOT / "README.md").read_text("utf-8").partition(f"\n## {title}\n")
    return rest.partition("\n## ")[0]


def defaults() -> dict[str, str]:
    return {name.upper(): shown(field.default) for name, field in Config.model_fields.items()}


def shown(default: object) -> str:
    if isinstance(default, float):
        return f"{default:g}"
    return str(default) if default != () else ""


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_the_readme_names_every_setting_with_its_default() -> None:
    assert dict(_SETTING.findall(section("Settings"))) == defaults()


def test_the_example_file_names_every_setting_with_its_default() -> None:
    assert dict(_EXAMPLE.findall((ROOT / ".env.example").read_text("utf-8"))) == defaults()


def test_the_readme_names_every_command_and_no_other() -> None:
    assert set(_COMMAND.findall(section("Commands"))) == set(main.commands)


def test_the_layout_names_every_package() -> None:
    packages = {init.parent.name for init in ROOT.glob("*/__init__.py")}
    assert packages <= set(_FOLDER.findall(section("Layout")))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_files(page: Path) -> None:
    targets = {one or other for one, other in _LINK.findall(page.read_text("utf-8"))}
    ours = {target.partition("#")[0] for target in targets if not target.startswith(("https://", "#"))}
    assert [target for target in sorted(ours) if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", DECISIONS, ids=name)
def test_a_decision_says_why_and_what_follows(page: Path) -> None:
    headings = re.findall(r"^## (.+)$", page.read_text("utf-8"), re.MULTILINE)
    assert headings == ["Status", "Context", "Decision", "Consequences"]


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(page.name.partition("-")[0]) for page in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))
