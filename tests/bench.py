"""How fast it starts and decides, and how much memory it takes: `python -m tests.bench`.

Prints a table for people and, as its last line, one JSON object.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import click
from aiohttp import ClientConnectionError, ClientSession
from aiohttp.test_utils import unused_port

from bot.evaluate import Question, judge, read_questions
from content.loader import load
from content.models import Content
from intents.knowledge import Knowledge, prepare
from tests.bot.shell import PROJECT, Shell

OWN = Path(__file__).with_name("questions") / "own.jsonl"
SAMPLE = 500
SEED = 2026
MESSAGES = 50
COLD_STARTS = 3
QUESTION = "làm giấy khai sinh cho con cần giấy tờ gì"
UNLIMITED = {"WEB_RATE_PER_S": "1000", "WEB_CHAT_RATE_PER_S": "1000"}


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(PROJECT, Path(folder))
        cold = statistics.median(_seconds(lambda: _ask(shell)) for _ in range(COLD_STARTS))
        content = load()
        index = statistics.median(_seconds(lambda: prepare(content, 30)) for _ in range(COLD_STARTS))
        times = decide_ms(prepare(content, 30), questions(content))
        memory = asyncio.run(served_memory_mb(shell))
    figures = {
        "cold_ask_s": round(cold, 2),
        "index_ms": round(index * 1000),
        "decided": len(times),
        "decide_p50_ms": round(statistics.median(times), 2),
        "decide_p95_ms": round(statistics.quantiles(times, n=20)[-1], 2),
        "memory_mb": round(memory, 1),
    }
    for name, figure in figures.items():
        click.echo(f"{name:16}{figure:>10}")
    click.echo(json.dumps(figures))


def questions(content: Content) -> list[Question]:
    """Return our own labelled questions, else a sample of the examples, the same in every run."""
    if OWN.exists():
        asked = read_questions(OWN)
    else:
        examples = sorted({example for text in content.texts for example in text.examples})
        asked = [Question(e, (e,), "service", frozenset(), frozenset(), "example") for e in examples]
    return random.Random(SEED).sample(asked, min(SAMPLE, len(asked)))  # noqa: S311 - no secret


def decide_ms(knowledge: Knowledge, asked: list[Question]) -> list[float]:
    """Time the decision of each question, once the first one has warmed up the patterns."""
    now = dt.datetime.now(dt.UTC)
    judge(asked[0], knowledge, now)
    return [judge(question, knowledge, now).ms for question in asked]


async def served_memory_mb(shell: Shell) -> float:
    """Serve, hold a conversation of some length, and return the process's resident memory."""
    port = unused_port()
    url = f"http://127.0.0.1:{port}"
    with shell.running("run", PORT=str(port), **UNLIMITED) as process:
        async with ClientSession(headers={"Accept": "application/json"}) as session:
            while not await _ready(session, url):
                if process.poll() is not None:
                    raise RuntimeError(shell.log)
                await asyncio.sleep(0.1)
            for _ in range(MESSAGES):
                await _say(session, url)
        return _resident_mb(process.pid)


async def _ready(session: ClientSession, url: str) -> bool:
    try:
        async with session.get(f"{url}/readyz") as response:
            return response.status == 200
    except ClientConnectionError:
        return False


async def _say(session: ClientSession, url: str) -> None:
    form = {"id": uuid.uuid4().hex, "text": QUESTION, "visitor": uuid.uuid4().hex}
    async with session.post(f"{url}/chat", data=form) as response:
        response.raise_for_status()
        if not (await response.json())["answered"]:
            raise RuntimeError("a message was not answered in time")


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def _ask(shell: Shell) -> None:
    shell.type("ask", QUESTION).check_returncode()


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
