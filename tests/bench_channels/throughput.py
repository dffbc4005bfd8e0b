"""How many messages a second go all the way, beside a bare echo; how quickly the webhook answers."""

from __future__ import annotations

import asyncio
import json
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click
from aiohttp import ClientSession

from bot.channels.json_client import JsonClient
from bot.channels.zalo_oa_tokens import ZaloOAuth
from bot.fakes.zalo_oa_tokens import FIRST_REFRESH
from tests.bench_channels import machines
from tests.bench_channels.echo import make_table
from tests.bench_channels.load import Poster, at_once, percentile, session, steadily
from tests.bench_channels.machines import Database
from tests.wires import APP, APP_SECRET, ZALO_OA, Message

PEOPLE, TURNS = 500, 10
RUNS = 5
CONNECTIONS = 64
RATE = 10_000
"""Sends a second that are allowed: more than are made."""
WARM = 200
STEADY_SECONDS = 15
PATIENCE = 180.0
QUESTIONS = Path(__file__).parents[1] / "questions" / "own.jsonl"
QUESTION = ""
"""Stands for a question of our own, another one for each person and turn."""
CONVERSATION = (
    QUESTION,
    "#ask:fee",
    "nộp ở đâu",
    "#ask:online",
    "1",
    QUESTION,
    "cần giấy tờ gì",
    "#topic:post-how",
    "2",
    "cảm ơn",
)
"""What a person says in turn: two questions, what follows from them, taps and numbers, thanks."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of all runs."""

    ours: list[float]
    echo: list[float]
    p99_ms: float
    steady_per_s: float


@cache
def questions() -> tuple[str, ...]:
    """Return our own questions."""
    lines = QUESTIONS.read_text("utf-8").splitlines()
    return tuple(json.loads(line)["text"] for line in lines if "text" in json.loads(line))


def said(person: int, turn: int) -> str:
    """Return what a person says in a turn."""
    asked = questions()
    return CONVERSATION[turn] or asked[(person * 7 + turn) % len(asked)]


def conversation(person: int, first: int = 0) -> Iterator[Message]:
    """Yield all messages of a person."""
    for turn in range(TURNS):
        yield Message(first + person * TURNS + turn, person, said(person, turn))


async def measure(database: Database, log: Path) -> Measured:
    """Run ours and the echo in turn, then ours at half the load."""
    ours: list[float] = []
    echo: list[float] = []
    p99 = 0.0
    for run in range(RUNS):
        last = run == RUNS - 1
        speed, p99 = await _ours(database, log, statistics.median(ours) / 2 if last and ours else 0)
        ours.append(speed)
        echo.append(await _echo(database, log))
        click.echo(f"run {run + 1}: {ours[-1]:.0f} messages/s, echo {echo[-1]:.0f}")
    return Measured(ours, echo, p99, statistics.median(ours[:-1]) / 2)


async def _ours(database: Database, log: Path, steady: float) -> tuple[float, float]:
    whole, _ = database.new()
    stand, stand_port = machines.address()
    url, port = machines.address()
    environment = machines.settings(whole, stand, port, RATE, RATE)
    machines.migrate(environment)
    service = ["bot", "run", "--workers", str(machines.PROCESSES)]
    async with (
        machines.processes(["tests.bench_channels.stand", str(stand_port)], log=log),
        machines.processes(service, environment=environment, log=log),
    ):
        await machines.ready(stand, "/bench")
        await machines.ready(url)
        await asyncio.sleep(2)  # the second process is about as quick to start as the first
        speed = await _speed(url, stand)
        p99 = await _steady(url, steady) if steady else 0.0
    return speed, p99


async def _echo(database: Database, log: Path) -> float:
    _, plain = database.new()
    await make_table(plain)
    stand, stand_port = machines.address()
    url, port = machines.address()
    async with machines.processes(["tests.bench_channels.stand", str(stand_port)], log=log):
        await machines.ready(stand, "/bench")
        command = ["tests.bench_channels.echo", plain, stand, str(port), await _token(stand)]
        async with machines.processes(command, log=log):
            await machines.ready(url)
            async with machines.processes(*[command] * (machines.PROCESSES - 1), log=log):
                await asyncio.sleep(2)
                return await _speed(url, stand)


async def _token(stand: str) -> str:
    """Return an access token: the echo leaves the care for it to others."""
    client = JsonClient()
    access, _ = await ZaloOAuth(APP, APP_SECRET, stand, client).exchange(FIRST_REFRESH)
    await client.close()
    return access


async def _speed(url: str, stand: str) -> float:
    """Return the messages a second from the first post to the last answer."""
    async with session(CONNECTIONS) as posts:
        poster = Poster(ZALO_OA, url, posts)
        await at_once(poster, [[Message(10**6 + n, n, "xin chào")] for n in range(WARM)], CONNECTIONS)
        await sent(stand, WARM)
        loop = asyncio.get_running_loop()
        started = loop.time()
        await at_once(poster, [conversation(person) for person in range(PEOPLE)], CONNECTIONS)
        await sent(stand, WARM + PEOPLE * TURNS)
        return PEOPLE * TURNS / (loop.time() - started)


async def _steady(url: str, per_second: float) -> float:
    """Return how many milliseconds 99 % of the webhook's answers take at a steady load."""
    number = int(per_second * STEADY_SECONDS)
    texts = (Message(2 * 10**6 + n, n % PEOPLE, said(n % PEOPLE, _turn(n))) for n in range(number))
    async with session(CONNECTIONS) as posts:
        poster = Poster(ZALO_OA, url, posts)
        await steadily(poster, texts, per_second)
    return percentile(poster.waits, 0.99) * 1000


def _turn(number: int) -> int:
    """Return which turn of its person a message is; people are not all at the same one."""
    return (number // PEOPLE + number % PEOPLE) % TURNS


async def sent(stand: str, number: int) -> None:
    """Wait until so many messages have reached the people."""
    async with asyncio.timeout(PATIENCE):
        while await number_sent(stand) < number:  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(0.02)


async def number_sent(stand: str) -> int:
    """Return how many messages have reached the people."""
    async with ClientSession() as asking, asking.get(f"{stand}/bench") as response:
        return int((await response.json())["zalo_oa"]["sent"])
