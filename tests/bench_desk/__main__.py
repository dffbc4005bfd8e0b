"""How the desk holds out over a full journal: `python -m tests.bench_desk [--events N] [--sqlite-events N]`.

Prints what each page and each pair showed and, as its last line, one JSON object: what PostgreSQL showed and,
under `sqlite`, the same of SQLite.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from bot.clock import utc_now
from content.loader import load
from storage.days import day_of
from storage.unit_of_work import Storage
from tests.bench_channels import machines
from tests.bench_desk import ingest, pages
from tests.bench_desk.desk import appoint, service, signed_in, stand
from tests.bench_desk.load import loaded, rolled_up


@click.command()
@click.option(
    "--events", default=5_000_000, show_default=True, help="Of the journal on PostgreSQL; 0 for none."
)
@click.option("--sqlite-events", default=1_000_000, show_default=True, help="Likewise on SQLite.")
@click.option("--repeats", default=40, show_default=True, help="Requests for each page and period.")
@click.option("--ingest/--no-ingest", "with_ingest", default=True, help="Measure the speed of messages too.")
def main(events: int, sqlite_events: int, repeats: int, *, with_ingest: bool) -> None:
    """Measure and print."""
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="bench-desk-") as folder:
        log = Path(folder) / "log"
        if events:
            with machines.postgresql() as database:
                figures |= asyncio.run(
                    _measured(lambda: database.new()[0], events, repeats, log, with_ingest=with_ingest)
                )
        if sqlite_events:
            numbers = itertools.count()
            figures["sqlite"] = asyncio.run(
                _measured(
                    lambda: f"sqlite+aiosqlite:///{folder}/{next(numbers)}.db",
                    sqlite_events,
                    repeats,
                    log,
                    with_ingest=with_ingest,
                )
            )
    click.echo(json.dumps(figures))


async def _measured(
    new: Callable[[], str], events: int, repeats: int, log: Path, *, with_ingest: bool
) -> dict[str, object]:
    full, started = new(), time.monotonic()
    number = await loaded(full, load(), events)
    load_s = round(time.monotonic() - started)
    await rolled_up(full, load())
    roll_s = round(time.monotonic() - started) - load_s
    click.echo(f"{number} events loaded in {load_s} s, rolled up in {roll_s} s")
    appoint(full)
    storage = Storage(full)
    chosen = await pages.samples(storage, day_of(utc_now()))
    await storage.close()
    figures: dict[str, object] = {"events": number, "load_s": load_s, "roll_s": roll_s}
    async with stand(log) as other:
        async with service(full, other, log) as place, signed_in(place.url) as desk:
            timed = await pages.timed(desk, chosen, repeats)
        figures["pages"] = [{"name": page.name, "p95_ms": page.p95_ms} for page in timed]
        if with_ingest:
            whole = ingest.Full(full, other, chosen)
            figures["ingest_ratio"] = ingest.median(await ingest.ratios(whole, new, log))
    return figures


main()
