"""How long every page of the desk takes, over periods of a week to a year, in whole and narrowed."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import click
from aiohttp import ClientSession

from bot.figures import divisions
from bot.staff.app import VIEWS
from storage.counting import By, Within
from storage.days import DAY, Period
from storage.figures import FIGURES
from storage.questions import UnknownState, Wanted
from storage.unit_of_work import Storage
from tests.bench_channels.load import percentile

PERIODS = (7, 30, 90, 365)
SHARE = 0.95
SEED = 5
STEADY = frozenset(
    {"/staff/accounts", "/staff/account", "/staff/activity", "/staff/services", "/staff/offices"}
)
"""Pages that show no period."""
_FIELD = re.compile(r"\{(\w+)(?::((?:[^{}]|\{[^{}]*\})*))?\}")
_KIND = re.compile(r"\{kind:([^{}]*)\}")
OK = 200


@dataclass(frozen=True, slots=True)
class Samples:
    """What addresses are made with."""

    today: dt.date
    fields: Mapping[str, tuple[str, ...]]
    """By part of the desk, else by name of the field."""
    within: tuple[Within, ...]
    """Everything, and what there is most of."""


@dataclass(frozen=True, slots=True)
class Timed:
    """A page and how long it took."""

    name: str
    waits_ms: tuple[float, ...]
    missing: int
    """Requests that were answered with another status."""

    @property
    def p95_ms(self) -> float:
        """Return what the slowest of twenty takes."""
        return round(percentile(self.waits_ms, SHARE), 1)


async def samples(storage: Storage, today: dt.date) -> Samples:
    """Take from the database what there is most of."""
    month = Period(today - 29 * DAY, today)
    async with storage.reading() as unit:
        services = await unit.counting.count(FIGURES["questions"], month, by=By.SERVICE)
        communes = await unit.counting.count(FIGURES["questions"], month, by=By.COMMUNE)
        asked = await unit.questions.find(Wanted(period=month), 3)
        unknown = await unit.questions.unknown(month, Within(), UnknownState.OPEN, 3)
    fields = {
        "slug": tuple(FIGURES),
        "code": tuple(itertools.islice(services.cells, 3)),
        "questions": tuple(str(one.id) for one in asked),
        "unknown": tuple(str(one.id) for one in unknown),
        "offices": tuple(itertools.islice(filter(None, communes.cells), 3)),
        "people": ("1", "2", "3"),
        "tickets": ("1", "2", "3"),
    }
    commune = next(key for key in communes.cells if key)
    narrowed = Within(commune=commune), Within(service=fields["code"][0]), Within(channel="zalo_oa")
    return Samples(today, fields, (Within(), *narrowed))


async def timed(session: ClientSession, chosen: Samples, repeats: int) -> list[Timed]:
    """Ask for every page, so many times for each period, and tell it line by line."""
    found = []
    chance = random.Random(SEED)  # noqa: S311 - no secret; the same in every run
    for view in VIEWS:
        if view.method != "GET":
            continue
        for path in _files(view.path):
            steady = path in STEADY
            for days in PERIODS[:1] if steady else PERIODS:
                addresses = [_address(path, days, chosen, chance) for _ in range(repeats)]
                name = _FIELD.sub(r"{\1}", path) + ("" if steady else f" {days}")
                found.append(await _timed(session, name, addresses))
                click.echo(_line(found[-1]))
    return found


async def _timed(session: ClientSession, name: str, addresses: list[str]) -> Timed:
    waits, missing = [], 0
    for address in addresses:
        started = time.perf_counter()
        async with session.get(address, allow_redirects=False) as response:
            await response.read()
            missing += response.status != OK
        waits.append((time.perf_counter() - started) * 1000)
    return Timed(name, tuple(waits), missing)


def _line(page: Timed) -> str:
    lost = f"  {page.missing} of {len(page.waits_ms)} not found" if page.missing else ""
    return f"{page.name:48} p95 {page.p95_ms:7.1f} ms  most {max(page.waits_ms):7.1f} ms{lost}"


def address_of_any(days: int, chosen: Samples, chance: random.Random) -> str:
    """Return the address of some page of figures or questions."""
    path = chance.choice(["/staff/", "/staff/questions", "/staff/unknown", "/staff/figures/{slug}"])
    return _address(path, days, chosen, chance)


def addresses_of_all(chosen: Samples) -> list[str]:
    """Return the address of the first page for each period and narrowing."""
    periods = [Period(chosen.today - (days - 1) * DAY, chosen.today) for days in PERIODS]
    return [_of("/staff/", period, within) for period in periods for within in chosen.within]


def _files(path: str) -> Iterator[str]:
    """Yield a path for each kind of file: a picture takes another time than a table."""
    kinds = _KIND.search(path)
    for kind in kinds[1].split("|") if kinds else [""]:
        yield _KIND.sub(kind, path)


def _address(path: str, days: int, chosen: Samples, chance: random.Random) -> str:
    area = path.split("/")[2] if path.count("/") > 1 else ""

    def value(field: re.Match[str]) -> str:
        listed: tuple[str, ...] = tuple(field[2].split("|")) if "|" in (field[2] or "") else ()
        return chance.choice(listed or chosen.fields.get(area) or chosen.fields.get(field[1]) or ("1",))

    whole: str = _FIELD.sub(value, path)
    within = chance.choice(chosen.within)
    period = Period(chosen.today - (days - 1) * DAY, chosen.today)
    slug = whole.rpartition("/")[2].partition(".")[0]
    by = divisions(FIGURES[slug]) if area == "figures" else ()
    return _of(whole, period, within, chance.choice(by) if by else "")


def _of(path: str, period: Period, within: Within, by: str = "") -> str:
    query = {
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "channel": within.channel,
        "commune": within.commune,
        "service": within.service,
        "by": by,
    }
    return f"{path}?{urlencode({name: value for name, value in query.items() if value})}"
