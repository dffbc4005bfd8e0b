"""Counting: any figure, over any local days, in whole or divided; small groups never leave this module."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from storage.days import DAY, Period, Span
from storage.figures import Count, Figure, Middle, People, Share, Unit, Who
from storage.groups import FEW, Gap, Group, Value, crowd, hidden, together
from storage.heads import Heads, Presences
from storage.measured import Measured
from storage.models import TallyRow
from storage.records import EventName
from storage.remembered import Remembered
from storage.repository import Repository
from storage.rolled import Rolled
from storage.rolling import EVERY

Kinds = Mapping[str, tuple[str, ...]]
"""What each service belongs to: its field, its tiers, its level."""


class By(StrEnum):
    """What a figure is divided by."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    CHANNEL = "channel"
    COMMUNE = "commune"
    SERVICE = "service"
    ASPECT = "aspect"
    TOPIC = "topic"
    VALUE = "value"


SPANS: Mapping[By, Span] = {By.DAY: Span.DAY, By.WEEK: Span.WEEK, By.MONTH: Span.MONTH}
UNKNOWN_FIRST = ("",)
"""Nobody can ask for people of no known commune alone: hiding these gives nothing away elsewhere."""
_COMMA = ","
_PLACES = (By.COMMUNE, By.SERVICE)
_KINDS = (By.CHANNEL, By.ASPECT, By.TOPIC, By.VALUE)


@dataclass(frozen=True, slots=True)
class Within:
    """What a figure is narrowed to; empty for everything."""

    channel: str = ""
    commune: str = ""
    service: str = ""


EVERYTHING = Within()


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """A figure with its numbers, as every page and file shows it."""

    figure: Figure
    period: Period
    within: Within = EVERYTHING
    total: Value = Gap.NOTHING
    by: By | None = None
    cells: Mapping[str, Value] = field(default_factory=dict)
    """By key, the greatest first; days, weeks and months in order, none left out."""


class Counting(Repository):
    """Counts figures within one look at the database."""

    def __init__(self, connection: AsyncConnection, remembered: Remembered | None = None) -> None:
        """Begin with nothing counted but what is remembered."""
        super().__init__(connection)
        self._remembered = remembered or Remembered()
        self._presences = Presences(connection, self._remembered)
        self._rolled = Rolled(connection)
        self._months: dict[Period, frozenset[dt.date]] = {}
        self._heads: dict[tuple[Period, str], dict[Who, Heads]] = {}
        self._kinds: dict[tuple[Period, str, str], tuple[_Kind, ...]] = {}

    async def count(
        self,
        figure: Figure,
        period: Period,
        within: Within = EVERYTHING,
        by: By | None = None,
        kinds: Kinds | None = None,
    ) -> Counted:
        """Count one figure; with `kinds`, services are put together by what they belong to."""
        counted = Counted(figure=figure, period=period, within=within, by=by)
        match figure:
            case Middle():
                return replace(counted, total=await self._middle(figure, period, within))
            case Share():
                part = await self._divided(figure.part, counted, kinds)
                rest = await self._divided(figure.rest, counted, kinds)
                closed = await self._closed(figure.part, counted)
                total = Gap.HIDDEN if closed else _share(part.whole, rest.whole)
                nobody = Group()
                keys = [*part.parts, *(key for key in rest.parts if key not in part.parts)]
                cells = {
                    key: _share(part.parts.get(key, nobody), rest.parts.get(key, nobody)) for key in keys
                }
            case _:
                divided = await self._divided(figure, counted, kinds)
                personal = not isinstance(figure, Count) or figure.personal
                closed = personal and (divided.whole.small or await self._closed(figure, counted))
                total = Gap.HIDDEN if closed else divided.whole.number
                cells = _told(divided.parts, personal=personal)
        if total == 0 and await self._unmeasured(figure):
            return replace(counted, total=Gap.NOT_MEASURED)
        cells = _ordered(cells, period, by, figure.unit)
        if total is Gap.HIDDEN:
            cells = dict.fromkeys(cells, Gap.HIDDEN)
        return replace(counted, total=total, cells=cells)

    async def _unmeasured(self, figure: Figure) -> bool:
        links = isinstance(figure, Count) and EventName.LINK_OPENED in figure.names
        return links and not await Measured(self._connection).has_links()

    async def version(self, period: Period) -> int | None:
        """Return a number that differs once any day of a period is made anew; None while one is to be."""
        return await self._rolled.version(period)

    async def since(self) -> dt.date | None:
        """Return the first local day that anything is known of."""
        days = select(func.min(TallyRow.start)).where(TallyRow.span == Span.DAY)
        return await self._connection.scalar(days)

    async def _middle(self, figure: Middle, period: Period, within: Within) -> Value:
        """Return the middle of what is counted by value."""
        values = Counted(figure=figure.of, period=period, within=within, by=By.VALUE)
        divided = await self._divided(figure.of, values, None)
        if figure.of.personal and (divided.whole.small or await self._closed(figure.of, values)):
            return Gap.HIDDEN
        return _quantile(divided.parts, figure.part)

    async def _closed(self, figure: Count | People, asked: Counted) -> bool:
        """Tell whether one part was asked for that is hidden among all parts."""
        within = asked.within
        if within.commune:
            people = await self._everybody(asked.period, within.channel)
            parts = _summed(people[Who.PRESENT], By.COMMUNE)
            if within.commune in hidden(parts, UNKNOWN_FIRST):
                return True
        if within.channel:
            whole = replace(asked, within=replace(within, channel=""), by=By.CHANNEL)
            return within.channel in hidden((await self._divided(figure, whole, None)).parts)
        return False

    async def _divided(self, figure: Count | People, asked: Counted, kinds: Kinds | None) -> _Divided:
        if isinstance(figure, People):
            return await self._people(figure.who, asked)
        counted = [kind for kind in await self._of_all_kinds(asked) if kind.is_of(figure, asked.within)]
        whole = together([kind.group for kind in counted])
        found: defaultdict[str, list[Group]] = defaultdict(list)
        if asked.by in _KINDS:
            for kind in counted:
                found[getattr(kind, asked.by)].append(kind.group)
        elif asked.by is not None:
            for row_key, number, people, few in await self._parts(figure, asked, asked.by):
                for key in _keys(row_key, asked.by, kinds):
                    found[key].append(_group(number, people, few))
        return _Divided(whole, {key: together(groups) for key, groups in found.items()})

    async def _of_all_kinds(self, asked: Counted) -> tuple[_Kind, ...]:
        """Count all events at once, once: a page shows many figures of one period."""
        key = asked.period, asked.within.commune, asked.within.service
        if key not in self._kinds:
            found = _all_kinds(*key[1:], _during(asked.period, await self._whole_months(asked.period)))
            rows = await self._connection.execute(found)
            self._kinds[key] = tuple(
                _Kind(name, channel, topic, aspect, value, _group(number, people, few))
                for name, channel, topic, aspect, value, number, people, few in rows
            )
        return self._kinds[key]

    async def _parts(self, figure: Count, asked: Counted, by: By) -> list[_Part]:
        """Count the parts of a figure: of the last day, which is made anew all the time, and of before."""
        newest = await self._rolled.newest()
        if newest is None or newest < asked.period.first:
            return []
        period = Period(asked.period.first, min(asked.period.last, newest))
        last = await self._read(_events(figure, asked, by, [_days(Period(period.last, period.last))]))
        if period.days == 1:
            return last
        body = Period(period.first, period.last - DAY)
        what = figure, asked.within, by, body
        version = await self._rolled.version(body)
        before: list[_Part] | None = self._remembered.find(what, version)
        if before is None:
            months = frozenset[dt.date]() if by in {By.DAY, By.WEEK} else await self._whole_months(body)
            before = await self._read(_events(figure, asked, by, _during(body, months)))
            self._remembered.keep(what, version, before)
        return [*before, *last]

    async def _read(self, found: Select[*tuple[Any, ...]]) -> list[_Part]:
        return [_part(*row) for row in await self._connection.execute(found)]

    async def _whole_months(self, period: Period) -> frozenset[dt.date]:
        """Return the months of a period that need not be counted day by day."""
        if period not in self._months:
            self._months[period] = await self._rolled.closed(Span.MONTH, period)
        return self._months[period]

    async def _people(self, who: Who, asked: Counted) -> _Divided:
        """Count people; a service is asked about, not visited: there are none of one service."""
        within, by = asked.within, asked.by
        if within.service:
            return _Divided(Group(), {})
        heads = (await self._everybody(asked.period, within.channel))[who]
        there = {key: number for key, number in heads.items() if within.commune in {"", key[1]}}
        whole = crowd(sum(there.values()))
        if span := _span(by):
            starts = await self._presences.by_start(who, asked.period, span, within.channel, within.commune)
            return _Divided(whole, {start.isoformat(): crowd(number) for start, number in starts.items()})
        return _Divided(whole, _summed(there, by) if by in {By.CHANNEL, By.COMMUNE} else {})

    async def _everybody(self, period: Period, channel: str) -> dict[Who, Heads]:
        if (period, channel) not in self._heads:
            self._heads[period, channel] = await self._presences.heads(period, channel)
        return self._heads[period, channel]


_Part = tuple[object, int, int, str | None]
"""What a part of a figure is known by, its number, how many people stand behind it, and who, while few."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """Events of one kind."""

    name: EventName
    channel: str
    topic: str
    aspect: str
    value: str
    group: Group

    def is_of(self, figure: Count, within: Within) -> bool:
        """Tell whether a figure counts them."""
        return (
            self.name in figure.names
            and within.channel in {"", self.channel}
            and (not figure.values or self.value in figure.values)
            and (not figure.aspects or self.aspect in figure.aspects)
            and (not figure.topics or bool(self.topic))
        )


@dataclass(frozen=True, slots=True)
class _Divided:
    """A whole and its parts, before anything is hidden."""

    whole: Group
    parts: Mapping[str, Group]


def _all_kinds(commune: str, service: str, during: Iterable[ColumnElement[bool]]) -> Select[*tuple[Any, ...]]:
    tally = _tallies(during, TallyRow.service == (service or EVERY), TallyRow.commune == (commune or EVERY))
    kind = tally.name, tally.channel, tally.topic, tally.aspect, tally.value
    return select(*kind, *_sums(tally)).group_by(*kind)


def _events(
    figure: Count, asked: Counted, by: By, during: Iterable[ColumnElement[bool]]
) -> Select[*tuple[Any, ...]]:
    within = asked.within
    commune = TallyRow.commune == (within.commune or EVERY)
    service = TallyRow.service == (within.service or EVERY)
    if by is By.COMMUNE and not within.commune:
        commune = TallyRow.commune != EVERY
    if by is By.SERVICE and not within.service:
        service = TallyRow.service != EVERY
    named = TallyRow.name.in_(figure.names)
    tally = _tallies(during, service, commune, named, *_narrowed(figure, within))
    key = getattr(tally, by if by in _PLACES else "start")
    return select(key.label("key"), *_sums(tally)).group_by(key)


def _tallies(during: Iterable[ColumnElement[bool]], *where: ColumnElement[bool]) -> type[TallyRow]:
    """Read the pieces of a period each for itself: within «this or that» no index leads to a day."""
    pieces = [select(TallyRow).where(piece, *where) for piece in during]
    return aliased(TallyRow, union_all(*pieces).subquery())


def _sums(tally: type[TallyRow]) -> tuple[ColumnElement[Any], ...]:
    return (
        func.sum(tally.number).label("number"),
        func.max(tally.people).label("people"),
        func.aggregate_strings(tally.few, _COMMA).label("few"),
    )


def _during(period: Period, months: Collection[dt.date]) -> Iterator[ColumnElement[bool]]:
    """Yield what a tally is of: a day of no such month, or one of these months as a whole."""
    for piece in _beside(period, months):
        yield _days(piece)
    if months:
        yield and_(TallyRow.span == Span.MONTH, TallyRow.start.in_(sorted(months)))


def _days(period: Period) -> ColumnElement[bool]:
    return and_(TallyRow.span == Span.DAY, TallyRow.start.between(period.first, period.last))


def _beside(period: Period, months: Collection[dt.date]) -> Iterator[Period]:
    """Yield what of a period lies in no such month, in as few pieces as there are."""
    first = period.first
    for piece in period.pieces(Span.MONTH):
        if piece.first in months:
            if first < piece.first:
                yield Period(first, piece.first - DAY)
            first = piece.last + DAY
    if first <= period.last:
        yield Period(first, period.last)


def _narrowed(figure: Count, within: Within) -> Iterable[ColumnElement[bool]]:
    if within.channel:
        yield TallyRow.channel == within.channel
    if figure.values:
        yield TallyRow.value.in_(figure.values)
    if figure.aspects:
        yield TallyRow.aspect.in_(figure.aspects)
    if figure.topics:
        yield TallyRow.topic != ""


def _summed(heads: Heads, by: By | None) -> dict[str, Group]:
    numbers: Counter[str] = Counter()
    for (channel, commune), number in heads.items():
        numbers[commune if by is By.COMMUNE else channel] += number
    return {key: crowd(number) for key, number in numbers.items()}


def _part(key: object, number: int, people: int, few: str | None) -> _Part:
    """Forget who they are once they are enough: what is remembered stays small, and quick to read."""
    if people < FEW and len(_listed(few)) < FEW:
        return key, number, people, few
    return key, number, FEW, None


def _group(number: int, people: int, few: str | None) -> Group:
    return Group(number, None if people >= FEW else _listed(few))


def _listed(few: str | None) -> frozenset[str]:
    return frozenset(few.split(_COMMA)) if few else frozenset()


def _keys(key: object, by: By, kinds: Kinds | None) -> tuple[str, ...]:
    if by in SPANS and isinstance(key, dt.date):
        return (SPANS[by].start(key).isoformat(),)
    return (str(key),) if kinds is None else kinds.get(str(key), ("",))


def _told(parts: Mapping[str, Group], *, personal: bool) -> dict[str, Value]:
    closed = hidden(parts, UNKNOWN_FIRST) if personal else frozenset()
    return {key: Gap.HIDDEN if key in closed else group.number for key, group in parts.items()}


def _ordered(cells: Mapping[str, Value], period: Period, by: By | None, unit: Unit) -> dict[str, Value]:
    if span := _span(by):
        nothing: Value = Gap.NOTHING if unit is Unit.SHARE else 0
        starts = [span.start(piece.first).isoformat() for piece in period.pieces(span)]
        return {start: cells.get(start, nothing) for start in starts}
    return dict(sorted(cells.items(), key=lambda cell: (-_size(cell[1]), cell[0])))


def _span(by: By | None) -> Span | None:
    return SPANS.get(by) if by else None


def _size(value: Value) -> float:
    return -1 if isinstance(value, Gap) else value


def _share(part: Group, rest: Group) -> Value:
    whole = part.number + rest.number
    if part.small or rest.small:
        return Gap.HIDDEN
    return round(part.number / whole, 4) if whole else Gap.NOTHING


def _quantile(values: Mapping[str, Group], part: float) -> Value:
    counted = sorted((int(value), group.number) for value, group in values.items() if value)
    least = part * sum(number for _, number in counted)
    below = 0
    for value, number in counted:
        below += number
        if below >= least:
            return value
    return Gap.NOTHING
