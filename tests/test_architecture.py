"""Rules of the house that no type and no linter says."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "content", "intents", "storage")
FILES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]

MARKED = set("àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ")
NOT_FOR_CITIZENS = {
    "content/portal.py": "the source as the catalogue names it",
    "intents/redact.py": "words before a secret code, to be recognised, never said",
}
SEARCHED = "say:"
"""Beginning of a button's payload: what follows is searched, not shown."""


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def texts(tree: ast.AST) -> Iterator[str]:
    """Yield the literal texts of a module that are not docstrings."""
    skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.value


def vietnamese(text: str) -> bool:
    sentence = " " in text.strip() and not MARKED.isdisjoint(text.lower())
    return sentence and not text.startswith(SEARCHED)


@cache
def speaking() -> dict[str, list[str]]:
    found = {
        name(path): [t for t in texts(ast.parse(path.read_text("utf-8"))) if vietnamese(t)] for path in FILES
    }
    return {file: sentences for file, sentences in found.items() if sentences}


def test_no_vietnamese_sentence_stands_in_the_code() -> None:
    assert {file: said for file, said in speaking().items() if file not in NOT_FOR_CITIZENS} == {}


def test_every_exception_is_still_needed() -> None:
    assert NOT_FOR_CITIZENS.keys() <= speaking().keys()


def test_a_vietnamese_sentence_would_be_found() -> None:
    tree = ast.parse('"""Lời nói đầu."""\nx = f"Chào {1} bà con"\ny = "khai-sinh"\nz = "papers needed"\n')
    assert [text for text in texts(tree) if vietnamese(text)] == [" bà con"]


CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}
OUTSIDE = {
    "os",
    "io",
    "sys",
    "time",
    "pathlib",
    "random",
    "secrets",
    "socket",
    "subprocess",
    "tempfile",
    "logging",
}
OPENING = {"open", "print", "input", "read_text", "write_text", "read_bytes"}


def touches_the_world(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (f"import {n.name}" for n in names if n.name.split(".")[0] in OUTSIDE)
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in OUTSIDE:
                yield f"from {module}"
            case ast.Call(func=ast.Attribute(attr=called, value=ast.Name(id=owner))):
                if called in OPENING or (called in CLOCKS and owner in {"dt", "datetime", "date", "time"}):
                    yield f"{owner}.{called}()"
            case ast.Call(func=ast.Attribute(attr=called, value=ast.Attribute())) if (
                called in CLOCKS | OPENING
            ):
                yield f"….{called}()"
            case ast.Call(func=ast.Name(id=called)) if called in OPENING:
                yield f"{called}()"


@pytest.mark.parametrize("path", sorted((ROOT / "intents").glob("*.py")), ids=name)
def test_the_core_knows_no_clock_and_no_file(path: Path) -> None:
    assert list(touches_the_world(ast.parse(path.read_text("utf-8")))) == []


def test_a_clock_or_a_file_would_be_found() -> None:
    tree = ast.parse("import pathlib\ndt.datetime.now()\ndate.today()\nopen('x')\nself.time()\nlater(now)\n")
    assert set(touches_the_world(tree)) == {"import pathlib", "….now()", "date.today()", "open()"}


def test_every_module_of_the_core_says_that_it_is_pure() -> None:
    silent = [
        name(path)
        for path in (ROOT / "intents").glob("*.py")
        if "pure" not in (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").lower()
    ]
    assert silent == []


def calls(path: Path) -> Iterator[ast.Attribute]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func


SHELL = [path for path in FILES if not name(path).startswith("storage/")]


def test_only_storage_speaks_to_the_database() -> None:
    speaking = {"execute", "executemany", "exec_driver_sql", "rollback", "begin"}
    assert [name(path) for path in SHELL for call in calls(path) if call.attr in speaking] == []


def test_outside_storage_only_a_unit_of_work_is_committed() -> None:
    commits = [
        (name(path), ast.unparse(call)) for path in SHELL for call in calls(path) if call.attr == "commit"
    ]
    assert {call for _, call in commits} == {"unit.commit"}
    assert {file.split("/")[0] for file, _ in commits} == {"bot"}


def test_the_import_contracts_are_kept() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert done.returncode == 0, done.stdout


def test_every_package_is_shipped() -> None:
    configured = (ROOT / "pyproject.toml").read_text("utf-8")
    packages = {name(path.parent).replace("/", ".") for path in FILES if path.name == "__init__.py"}
    assert [package for package in sorted(packages) if f'"{package}"' not in configured] == []
