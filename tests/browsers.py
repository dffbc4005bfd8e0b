"""Chromium for the tests that need a real browser, and axe-core to look for barriers with."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE, DESKTOP = {"width": 360, "height": 640}, {"width": 1280, "height": 800}
AXE = Path(__file__).parents[1] / ".axe" / "node_modules" / "axe-core" / "axe.min.js"

needs_chromium = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install Debian's «chromium» or set CHROMIUM"),
]
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="no axe-core: run «make axe», which needs npm")


async def fits(page: Page) -> bool:
    """Tell whether nothing is wider than the window."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


async def barriers(page: Page) -> list[str]:
    """Return what axe-core finds serious or critical on a page, with the element."""
    # Not a script tag: the page's own policy rightly refuses a foreign one.
    await page.evaluate(AXE.read_text("utf-8"))
    found: dict[str, Any] = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    assert found["passes"], "axe-core has looked at nothing"
    return [
        f"{rule['id']} ({rule['impact']}): {json.dumps(node['target'])} {node['html'][:160]}"
        for rule in found["violations"]
        if rule["impact"] in {"serious", "critical"}
        for node in rule["nodes"]
    ]
