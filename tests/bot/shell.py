"""The commands as an operator types them, on content small enough to load at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from content.models import Catalogue
from content.snapshot import read_snapshot, write_snapshot

PROJECT = Path(__file__).parents[2]
SERVICES = ("1.001193",)
"""What the small content can answer; a few others stand beside it."""
MOST_SECONDS = 60
"""Far more than any command takes: reached only when one hangs."""


def build_small_house(folder: Path) -> Path:
    """Copy the program with a handful of services."""
    for package in ("bot", "content", "intents", "storage"):
        shutil.copytree(PROJECT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    content = folder / "content"
    for left_out in (content / "names", content / "families"):
        shutil.rmtree(left_out)
    for text in (content / "services").glob("*.yaml"):
        if f"codes: [{SERVICES[0]}" not in text.read_text("utf-8").replace('"', ""):
            text.unlink()
    snapshot = content / "catalogue" / "national.jsonl"
    whole = read_snapshot(snapshot)
    kept = {*SERVICES, *islice(whole.services, 20)}
    services = {code: service for code, service in whole.services.items() if code in kept}
    write_snapshot(Catalogue(whole.source, whole.state, services), snapshot)
    return folder


@dataclass(frozen=True)
class Shell:
    """A folder in which commands are typed."""

    house: Path
    folder: Path

    def type(self, *words: str, feed: str | bytes = "", **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        fed = feed.encode() if isinstance(feed, str) else feed
        done = subprocess.run(  # noqa: S603 - our own command
            self._command(words),
            input=fed,
            cwd=self.folder,
            env=self._environment(settings),
            capture_output=True,
            timeout=MOST_SECONDS,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    @contextmanager
    def running(self, *words: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        """Keep a command running as long as the context is open; what it says is in the file `log`."""
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own command
                self._command(words),
                cwd=self.folder,
                env=self._environment(settings),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait(MOST_SECONDS)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8")

    def _command(self, words: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "bot", *words]

    def _environment(self, settings: dict[str, str]) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(self.house), **settings}
