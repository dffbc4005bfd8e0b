"""Rules of the package that no type can say."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import storage
from storage import records

PACKAGE = Path(storage.__file__).parent


def calls(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    return {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }


def test_only_the_unit_of_work_commits() -> None:
    committing = {file.name for file in PACKAGE.glob("*.py") if "commit" in calls(file)}
    assert committing == {"unit_of_work.py"}


def test_storage_reads_no_clock() -> None:
    clocks = {"now", "utcnow", "today", "time", "monotonic"}
    assert not {file.name for file in PACKAGE.rglob("*.py") if calls(file) & clocks}


def test_records_are_frozen_and_slotted() -> None:
    for name, record in inspect.getmembers(records, inspect.isclass):
        if hasattr(record, "__dataclass_fields__"):
            assert "__setattr__" in vars(record), name  # what `frozen` adds
            assert "__slots__" in vars(record), name


def test_storage_imports_nothing_of_ours() -> None:
    imported = {
        name.split(".")[0]
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        for name in imports(node)
    }
    assert not imported & {"bot", "intents", "content", "tests"}


def imports(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
