"""Making files that take a while: piece by piece, so that neither memory nor anybody's turn suffers."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from enum import StrEnum

import structlog

from bot.clock import Clock
from bot.leases import Lease
from bot.report.open_data import open_data
from bot.staff.labels import Division, Labels
from bot.tables import Cell, Table, as_xlsx, csv_lines
from intents.knowledge import Knowledge
from storage.counting import Within
from storage.days import Period
from storage.exports import Begun, Export
from storage.journal import Line
from storage.questions import Asked, Wanted
from storage.records import EventName
from storage.unit_of_work import Storage

log = structlog.get_logger(__name__)

EVERY = 2.0
"""Seconds between two looks for something to make."""
ROWS = 20_000
"""Rows of a piece: a second or so, and some megabytes."""
PIECE = 1024 * 1024
"""Bytes of a piece of a file that was made whole."""
KEPT = dt.timedelta(days=1)
"""How long a file waits to be fetched."""
ATTEMPTS = 5
"""A file that was begun so often and never ended may end every process that makes it."""
MOST_ROWS_OF_A_SHEET = 50_000
"""A workbook is made whole, in memory; a longer list is asked for as CSV."""
BOM = "\ufeff".encode()
"""Without it spreadsheets read Vietnamese letters wrongly."""


class Content(StrEnum):
    """What a file can hold."""

    JOURNAL = "journal"
    """Every event of a period, without whose it was; packed, as it is long."""
    QUESTIONS = "questions"
    OPEN_DATA = "open-data"


class TooLongError(Exception):
    """A workbook would have too many rows: ask for CSV."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a file is to hold, kept as JSON until it is made."""

    content: Content
    form: str
    """`csv`, `csv.gz` or `xlsx`."""
    first: str
    last: str
    channel: str = ""
    commune: str = ""
    service: str = ""
    outcomes: tuple[str, ...] = ()
    aspect: str = ""
    topic: str = ""
    words: str = ""
    text: str = ""
    unknown_id: int | None = None

    @property
    def period(self) -> Period:
        """Return its days."""
        return Period(dt.date.fromisoformat(self.first), dt.date.fromisoformat(self.last))

    @property
    def wanted(self) -> Wanted:
        """Return which questions are meant."""
        return Wanted(
            period=self.period,
            within=Within(self.channel, self.commune, self.service),
            outcomes=tuple(map(EventName, self.outcomes)),
            aspect=self.aspect,
            topic=self.topic,
            words=self.words,
            text=self.text,
            unknown_id=self.unknown_id,
        )

    def written(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)


def read_query(text: str) -> Query:
    """Read what was kept."""
    values = json.loads(text)
    return Query(**values | {"content": Content(values["content"]), "outcomes": tuple(values["outcomes"])})


@dataclass(slots=True)
class Exporter:
    """Makes what was asked for, one file after the other."""

    storage: Storage
    clock: Clock
    lease: Lease
    """One process does it for all; should it die, another begins anew."""
    known: Callable[[], Knowledge]
    rows: int = ROWS

    async def work(self) -> bool:
        """Make the file that waits longest; False when none does."""
        async with self.storage.reading() as unit:
            export = await unit.exports.next_unfinished()
        if export is None or not await self.lease.held():
            return False
        async with self.storage.writing() as unit:
            begun = Begun(export.id, await unit.exports.start(export.id))
            await unit.commit()
        error = await self._tried(export, begun)
        if error is not None:
            async with self.storage.writing() as unit:
                await unit.exports.finish(begun, self.clock(), error)
                await unit.commit()
        return True

    async def _tried(self, export: Export, begun: Begun) -> str | None:
        """Make a file; return what went wrong, nothing when it is whole, None when it is not ours to end."""
        if begun.attempt > ATTEMPTS:
            log.error("export given up", export=export.id, attempts=ATTEMPTS)
            return "failed"
        try:
            return "" if await self._make(export, begun) else None
        except TooLongError:
            return "too_long"
        except Exception:
            log.exception("export failed", export=export.id)
            return "failed"

    async def _make(self, export: Export, begun: Begun) -> bool:
        """Make all pieces; False when the file is not wanted any more, or is another process's to make."""
        number = rows = 0
        async for body, more in self._pieces(read_query(export.query)):
            rows += more
            async with self.storage.writing() as unit:
                wanted = await unit.exports.add(begun, number, body, rows)
                await unit.commit()
            if not wanted or not await self.lease.held():
                return False
            number += 1
        return True

    async def _pieces(self, query: Query) -> AsyncIterator[tuple[bytes, int]]:
        """Yield the pieces of a file, each with how many rows are in it."""
        match query.content:
            case Content.JOURNAL:
                lines = self._journal(query)
            case Content.QUESTIONS:
                lines = self._questions(query)
            case Content.OPEN_DATA:
                lines = self._open_data(query)
        if query.form == "xlsx":
            async for piece in _as_workbook(lines, self._say(f"exports.{query.content}")):
                yield piece
            return
        head = True
        async for rows in lines:
            body = await asyncio.to_thread(_packed, rows, head=head, packs=query.form == "csv.gz")
            yield body, len(rows) - head
            head = False

    async def _journal(self, query: Query) -> AsyncIterator[list[tuple[Cell, ...]]]:
        """Yield the head with the first events, then the others."""
        rows: list[tuple[Cell, ...]] = [tuple(self._say(f"exports.column.{name}") for name in Line._fields)]
        after = None
        while True:
            async with self.storage.reading() as unit:
                lines = await unit.journal.of(query.period, self.rows, after)
            yield rows + [tuple(line) for line in lines]
            if len(lines) < self.rows:
                return
            rows, after = [], (lines[-1].at, lines[-1].id)

    async def _questions(self, query: Query) -> AsyncIterator[list[tuple[Cell, ...]]]:
        names = ("at", "text", "name", "service", "title", "aspect", "channel", "commune")
        rows: list[tuple[Cell, ...]] = [tuple(self._say(f"exports.column.{name}") for name in names)]
        before, labels = None, Labels(self.known(), self.known().content.desk)
        while True:
            async with self.storage.reading() as unit:
                found = await unit.questions.find(query.wanted, self.rows, before)
            yield rows + [_question(one, labels) for one in found]
            if len(found) < self.rows:
                return
            rows, before = [], (found[-1].at, found[-1].id)

    async def _open_data(self, query: Query) -> AsyncIterator[list[tuple[Cell, ...]]]:
        labels = Labels(self.known(), self.known().content.desk)
        async for rows in open_data(self.storage, query.period, labels):
            yield rows

    def _say(self, key: str) -> str:
        return self.known().content.desk[key]


def _question(asked: Asked, labels: Labels) -> tuple[Cell, ...]:
    title = labels.name_of_service(asked.service) if asked.service else ""
    return (
        asked.at,
        asked.text,
        labels.texts[f"outcome.{asked.outcome}"],
        asked.service,
        title,
        labels.name(Division.ASPECT, asked.aspect) if asked.aspect else "",
        labels.texts.get(f"channel.{asked.channel}", asked.channel),
        labels.name_of_commune(asked.commune),
    )


def _packed(rows: list[tuple[Cell, ...]], *, head: bool, packs: bool) -> bytes:
    body = (BOM if head else b"") + csv_lines(rows)
    return gzip.compress(body, 6, mtime=0) if packs else body


async def _as_workbook(
    lines: AsyncIterator[list[tuple[Cell, ...]]], title: str
) -> AsyncIterator[tuple[bytes, int]]:
    rows: list[tuple[Cell, ...]] = []
    async for some in lines:
        rows += some
        if len(rows) > MOST_ROWS_OF_A_SHEET:
            raise TooLongError
    head, *body = rows
    table = Table(title=title, columns=tuple(map(str, head)), rows=tuple(body))
    made = await asyncio.to_thread(as_xlsx, [table])
    for start in range(0, len(made), PIECE):
        yield made[start : start + PIECE], len(body) if start == 0 else 0
