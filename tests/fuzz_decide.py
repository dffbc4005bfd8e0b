"""Feed bytes to `decide` until one breaks it: `python -m tests.fuzz_decide [-max_total_time=60]`.

Coverage-guided (atheris, `pip install atheris`); texts are cut into the turns of one conversation. A decision
that takes longer than the bound ends the run like a crash.
"""

from __future__ import annotations

import datetime as dt
import sys
import time

import atheris

with atheris.instrument_imports(include=["intents"]):
    from intents.engine import decide
    from intents.knowledge import prepare
    from intents.turn import DialogueState, Inbound, Kind

from bot.memory import kept
from content.loader import load

NOW = dt.datetime(2026, 9, 1, 1, 0, tzinfo=dt.UTC)
SLOWEST_MS = 500
"""Instrumented code runs several times slower than served code."""
KNOWLEDGE = prepare(load(), 30)


def converse(data: bytes) -> None:
    """Hold a conversation whose turns are parted by newlines."""
    state = DialogueState()
    for text in data.decode("utf-8", "replace").split("\n")[:4]:
        started = time.perf_counter()
        decision = decide(Inbound(Kind.TEXT, text), state, KNOWLEDGE, NOW)
        elapsed = (time.perf_counter() - started) * 1000
        if not decision.replies or not decision.replies[0].text.strip():
            raise RuntimeError("nothing was said")
        if elapsed > SLOWEST_MS:
            raise RuntimeError(f"{elapsed:.0f} ms for {text[:80]!r}")
        state = decision.state


if __name__ == "__main__":
    kept(KNOWLEDGE)
    atheris.Setup(sys.argv, converse)
    atheris.Fuzz()
