"""How many messages a second go all the way: with a full journal and its desk in use, and without."""

from __future__ import annotations

import asyncio
import random
import statistics
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from tests.bench_channels.load import Poster, at_once, session
from tests.bench_channels.throughput import CONNECTIONS, TURNS, conversation, number_sent, sent
from tests.bench_desk.desk import Place, service, signed_in, stand
from tests.bench_desk.pages import PERIODS, Samples, address_of_any, addresses_of_all
from tests.wires import ZALO_OA, Message

PAIRS = 5
PEOPLE = 300
WARM = 100
READ_EVERY = 5.0
"""Seconds between two pages that staff open while messages come in: more than a department does."""


@dataclass(frozen=True, slots=True)
class Full:
    """A database with a full journal."""

    url: str
    stand: str
    samples: Samples


async def ratios(full: Full, empty: Callable[[], str], log: Path) -> list[float]:
    """Measure pairs, one after the other; return the speed beside the journal as a share of that without."""
    found = []
    for pair in range(PAIRS):
        async with stand(log) as other, service(empty(), other, log) as place:
            alone = await _speed(place, pair)
        async with service(full.url, full.stand, log) as place, _read(place, full.samples):
            beside = await _speed(place, pair)
        found.append(beside / alone)
        click.echo(f"pair {pair + 1}: {beside:.0f} messages/s beside the journal, {alone:.0f} without")
    return found


def median(found: list[float]) -> float:
    """Return the middle of the pairs."""
    return round(statistics.median(found), 3)


@asynccontextmanager
async def _read(place: Place, samples: Samples) -> AsyncIterator[None]:
    """Have pages read until the block ends; those of each period were read before, as on any day."""
    async with signed_in(place.url) as desk:
        for address in addresses_of_all(samples):
            async with desk.get(address) as response:
                await response.read()
    reading = asyncio.create_task(_reader(place, samples))
    yield
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


async def _reader(place: Place, samples: Samples) -> None:
    chance = random.Random(1)  # noqa: S311 - no secret; the same in every run
    async with signed_in(place.url) as desk:
        while True:
            async with desk.get(address_of_any(chance.choice(PERIODS), samples, chance)) as response:
                await response.read()
            await asyncio.sleep(READ_EVERY)


async def _speed(place: Place, pair: int) -> float:
    """Return the messages a second from the first post to the last answer."""
    first = (pair + 1) * 10**7
    before = await number_sent(place.stand)
    async with session(CONNECTIONS) as posts:
        poster = Poster(ZALO_OA, place.url, posts)
        hello = [[Message(first + 10**6 + n, n, "xin chào")] for n in range(WARM)]
        await at_once(poster, hello, CONNECTIONS)
        await sent(place.stand, before + WARM)
        loop = asyncio.get_running_loop()
        started = loop.time()
        await at_once(poster, [conversation(person, first) for person in range(PEOPLE)], CONNECTIONS)
        await sent(place.stand, before + WARM + PEOPLE * TURNS)
        return PEOPLE * TURNS / (loop.time() - started)
