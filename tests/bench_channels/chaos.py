"""Bad days: repeats, swaps, failing sends, a kill. Who was answered, how often, in which order."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import random
import signal
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from bot.channels.numbered import plain
from intents.engine import decide
from intents.turn import DialogueState, Inbound, Kind, Outcome
from tests.bench_channels import machines
from tests.bench_channels.load import Poster, at_once, session
from tests.bench_channels.machines import Database
from tests.real import real_knowledge
from tests.wires import NOON, Message, Wire

PEOPLE, EACH = 500, 10
REPEATED, SWAPPED = 0.05, 0.02
RATE, CHAT_RATE = 200, 20
"""What the services must never see exceeded."""
CONNECTIONS = 32
WEATHER = {"latency": [0.08, 0.25], "busy": 0.01, "broken": 0.06, "unanswered": 0.03, "seed": 7}
"""Answers take as long as over the internet; one send in ten goes wrong."""
KILLED_AT = 0.5
"""Share of answers after which everything of ours is killed."""
MANY = 8
"""Sends under way at the kill, at least."""
PATIENCE = 420.0
SEED = 2026


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of the messages of one run."""

    sent: int
    """Distinct messages."""
    answered: int
    lost: int
    doubled: int
    """Answers that came again."""
    out_of_order: int
    """Answers that came before the one to an earlier message of the same person."""
    in_flight_at_kill: int
    timeouts_after_accept: int
    repeats_posted: int
    most_in_a_second: int
    most_to_one_in_a_second: int
    seconds: float

    @property
    def holds(self) -> bool:
        """Tell whether it is as it must be."""
        return (
            not self.lost
            and not self.out_of_order
            and self.doubled <= self.in_flight_at_kill + self.timeouts_after_accept
            and self.most_in_a_second <= RATE
            and self.most_to_one_in_a_second <= CHAT_RATE
        )


@cache
def questions() -> tuple[tuple[str, str], ...]:
    """Return codes of services, each with the first line of its answer, which no other shares."""
    knowledge, now = real_knowledge(), dt.datetime.fromtimestamp(NOON, dt.UTC)
    first: dict[str, str] = {}
    for code in sorted(code for text in knowledge.content.texts for code in text.codes[:1]):
        decision = decide(Inbound(Kind.TEXT, code), DialogueState(introduced=True), knowledge, now)
        if decision.outcome is Outcome.ANSWERED:
            first[code] = plain(decision.replies[0]).partition("\n")[0]
    shared = Counter(first.values())
    return tuple((code, line) for code, line in first.items() if shared[line] == 1)


def planned(chance: random.Random) -> list[list[Message]]:
    """Return what each person says, in the order in which it arrives, with repeats."""
    return [list(_arriving(person, chance)) for person in range(PEOPLE)]


def _arriving(person: int, chance: random.Random) -> Iterator[Message]:
    asked = chance.sample(range(len(questions())), EACH)
    said = [Message(person * EACH + turn, person, questions()[which][0]) for turn, which in enumerate(asked)]
    for turn in range(EACH - 1):
        if chance.random() < SWAPPED:
            said[turn], said[turn + 1] = said[turn + 1], said[turn]
    for message in said:
        yield message
        if chance.random() < REPEATED:
            yield message


async def suffer(wire: Wire, database: Database, log: Path) -> Outcomes:
    """Post all messages to one webhook, kill the service amid it, and count what the people got."""
    plan = planned(random.Random(SEED))  # noqa: S311 - the same in every run
    whole, _ = database.new()
    stand, stand_port = machines.address()
    url, port = machines.address()
    environment = machines.settings(whole, stand, port, RATE, CHAT_RATE)
    machines.migrate(environment)
    command = ["bot", "run", "--workers", str(machines.PROCESSES)]
    weather = ["tests.bench_channels.stand", str(stand_port), json.dumps(WEATHER)]
    loop = asyncio.get_running_loop()
    async with machines.processes(weather, log=log), ClientSession() as asking:
        await machines.ready(stand, "/bench")
        async with machines.processes(command, environment=environment, log=log) as (service,):
            await machines.ready(url)
            started = loop.time()
            async with session(CONNECTIONS) as posts:
                poster = Poster(wire, url, posts)
                posting = asyncio.create_task(at_once(poster, plan, CONNECTIONS))
                under_way, lost = await _killed(service, wire, stand, asking)
                async with machines.processes(command, environment=environment, log=log):
                    await posting
                    await machines.ready(url)
                    await _settled(url, asking)
                    figures = await _figures(wire, stand, asking)
                    said = await _read(asking, f"{stand}/bench/said")
    expected = {wire.address(n): list(dict.fromkeys(messages)) for n, messages in enumerate(plan)}
    got = defaultdict(list)
    for person, line in said[wire.channel]:
        got[person].append(line)
    return judged(
        expected,
        got,
        in_flight_at_kill=under_way,
        timeouts_after_accept=figures["lost"] - lost,
        repeats_posted=sum(len(messages) for messages in plan) - PEOPLE * EACH,
        most_in_a_second=figures["peak"],
        most_to_one_in_a_second=figures["peak_of_one"],
        seconds=round(loop.time() - started, 1),
    )


def judged(expected: dict[str, list[Message]], got: dict[str, list[str]], **figures: Any) -> Outcomes:
    """Compare what each person got with what they should have got."""
    lines = dict(questions())
    answered = doubled = out_of_order = 0
    for person, messages in expected.items():
        wanted = [lines[message.text] for message in messages]
        first = list(dict.fromkeys(line for line in got.get(person, []) if line in wanted))
        answered += len(first)
        doubled += len(got.get(person, [])) - len(first)
        places = [wanted.index(line) for line in first]
        out_of_order += sum(later < earlier for earlier, later in pairwise(places))
    sent = sum(map(len, expected.values()))
    return Outcomes(sent, answered, sent - answered, doubled, out_of_order, **figures)


async def _killed(
    service: subprocess.Popen[bytes], wire: Wire, stand: str, asking: ClientSession
) -> tuple[int, int]:
    """Kill everything of ours in the middle; return sends under way, and how many accepted ones it cost."""
    enough = PEOPLE * EACH * KILLED_AT
    before = await _when(lambda f: f["sent"] >= enough and f["under_way"] >= MANY, wire, stand, asking)
    machines.kill(service, signal.SIGKILL)
    await asyncio.sleep(0.5)  # until the stand has noticed
    after = await _figures(wire, stand, asking)
    return before["under_way"], after["lost"] - before["lost"]


async def _settled(url: str, asking: ClientSession) -> None:
    """Wait until the service has nothing left to answer or to send, or patience ends."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while True:
                left = await _read(asking, f"{url}/readyz")
                if left["oldest_unsent_s"] == left["oldest_unhandled_s"] == 0:
                    return
                await asyncio.sleep(0.5)


async def _when(
    condition: Callable[[dict[str, int]], bool], wire: Wire, stand: str, asking: ClientSession
) -> dict[str, int]:
    async with asyncio.timeout(PATIENCE):
        while not condition(figures := await _figures(wire, stand, asking)):  # noqa: ASYNC110 - over HTTP
            await asyncio.sleep(0.01)
        return figures


async def _figures(wire: Wire, stand: str, asking: ClientSession) -> dict[str, int]:
    figures: dict[str, int] = (await _read(asking, f"{stand}/bench"))[wire.channel]
    return figures


async def _read(asking: ClientSession, address: str) -> Any:
    async with asking.get(address) as response:
        return await response.json()


def summed(outcomes: Sequence[Outcomes]) -> dict[str, float]:
    """Add up the figures of several runs; of the peaks the highest."""
    total: dict[str, float] = {}
    for outcome in outcomes:
        for name, figure in asdict(outcome).items():
            so_far = total.get(name, 0)
            total[name] = max(so_far, figure) if name.startswith("most_") else so_far + figure
    return total
