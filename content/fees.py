"""Read what one method costs from the portal's rows and notes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from content.models import Fee, FeeKind
from content.quotes import Quote, Quotes, read_quotes
from content.wording import clean, fold, rule_in, sentences

_LEAST, _STEP, _MOST = 1_000, 500, 200_000_000
"""Below, between and beyond these stand placeholders (20 for 20.000) and slips of the pen."""

_EXEMPT = re.compile(
    r"(?:(?:le )?phi[^:]{0,60}: ?)?"
    r"(?:khong|khong co|0(?: dong)?"
    r"|(?:khong (?:thu|phai nop|mat)|(?:duoc )?mien(?: thu)?)(?: phi| le phi| phi, le phi)?)"
)
_COUNCIL = re.compile(
    r"(?:hoi dong nhan dan|hdnd|uy ban nhan dan|ubnd) (?:cap )?(?:tinh|thanh pho)|chinh quyen dia phuong"
)
_SETS = re.compile(r"quy dinh|quyet dinh|nghi quyet|ban hanh")
_COPIES = re.compile(r"neu co yeu cau|khong duoc quy dinh tai bieu phi")
_POSTAGE = re.compile(r"(?:phi|cuoc) buu chinh")
_FEE_WORDS = re.compile(r"(?<!kinh )(?<!chi )\bphi\b|dong/(?:trang|ban|truong hop|giay|ho so|lan|the)\b")
_FEE_LABEL = re.compile(r"\W*(?:le )?phi\b")
_BENEFIT = re.compile(r"\b(?:ho tro|tro cap|chi tra|vay|thuong|boi thuong)\b")


@dataclass(frozen=True, slots=True)
class Row:
    """One fee row of the portal, in đồng."""

    value: int
    note: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One listing of a method: its fee rows and its description."""

    rows: tuple[Row, ...]
    description: str


class _Said(Enum):
    NOTHING = 0
    EXEMPT = 1
    PROVINCE = 2
    OTHER = 3


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one row or description says."""

    said: _Said
    rule: str = ""
    quotes: tuple[Quote, ...] = ()
    doubtful: bool = False


def read_fee(listings: Sequence[Listing], day: dt.date) -> tuple[Fee, bool]:
    """Return what a method costs on a day, and whether a person should look at it."""
    rows = [_row(row) for listing in listings for row in listing.rows]
    told = [_description(listing, bare=not any(r.quotes for r in rows)) for listing in listings]
    readings = [*rows, *told]
    quotes = [quote for reading in readings for quote in reading.quotes]
    doubtful = any(r.doubtful for r in readings) or any(q.period.ended(day) for q in quotes)
    kept = _in_force(quotes, day)
    if kept:
        amounts = tuple(sorted({q.amount for q in kept}))
        return Fee(FeeKind.AMOUNT, amounts, _first(q.rule for q in kept)), doubtful
    return _without_amount(rows, readings), doubtful


def _without_amount(rows: Sequence[_Reading], readings: Sequence[_Reading]) -> Fee:
    province = [r for r in readings if r.said is _Said.PROVINCE]
    if province:
        return Fee(FeeKind.PROVINCE, rule=_first(r.rule for r in province))
    exempt = bool(rows) and all(r.said is _Said.EXEMPT for r in rows)
    sound = (r.rule for r in readings if not r.doubtful and not r.quotes)  # never the rule of a past amount
    return Fee(FeeKind.EXEMPT if exempt else FeeKind.UNKNOWN, rule=_first(sound))


def _in_force(quotes: Iterable[Quote], day: dt.date) -> list[Quote]:
    """Keep the amounts of the day; a temporary half suspends the full amount that it halves."""
    holding = [q for q in quotes if q.period.holds(day)]
    suspended = {2 * q.amount for q in holding if q.period}
    return [q for q in holding if q.period or q.amount not in suspended]


def _row(row: Row) -> _Reading:
    said, rule = _remark(row.note)
    told = read_quotes(row.note, row.value)
    if said is _Said.PROVINCE and (row.value or not told.quotes):
        return _Reading(said, rule, doubtful=bool(row.value))
    quotes = _of_value(row.value, told) if row.value else () if told.formula else told.quotes
    return _Reading(said, rule, quotes or (), doubtful=quotes is None)


def _of_value(value: int, told: Quotes) -> tuple[Quote, ...] | None:
    """Return a row's own amount with what its note adds; None when the two contradict each other."""
    stated = {q.amount for q in told.quotes}
    if value < _LEAST or value % _STEP or value > _MOST:
        return told.quotes if stated & {value * 1_000, value * 500} else None
    more = tuple(q for q in told.quotes if q.amount != value and (q.period or q.labelled))
    if value in stated:
        return (*(q for q in told.quotes if q.amount == value), *more)
    if told.period and (not stated or 2 * value in stated):
        return (Quote(value, told.period, told.rule),)
    undated = {q.amount for q in told.quotes if not q.period} - {q.amount for q in told.quotes if q.labelled}
    raised = any(q.period.until and q.amount > value for q in told.quotes)
    if told.share or raised or (undated and sum(undated) != value):
        return None
    return (Quote(value, rule=told.rule), *more)


def _description(listing: Listing, *, bare: bool) -> _Reading:
    """Read the fee sentences of a description; its undated amounts count only where the rows have none."""
    parts = [(s, fold(s)) for s in sentences(clean(listing.description))]
    money = [s for s, folded in parts if _FEE_WORDS.search(folded) and not _BENEFIT.search(folded)]
    told = read_quotes("; ".join(money))
    said, rule = _remark("; ".join(s for s in money if _FEE_LABEL.match(fold(s))))
    quotes = tuple(q for q in told.quotes if q.period or q.labelled or (bare and not told.formula))
    return _Reading(said, rule, quotes)


def _remark(note: str) -> tuple[_Said, str]:
    """Sort a note without amounts, and find the rule that it cites for the fee itself."""
    said, rules = [], []
    for sentence in sentences(clean(note)):
        kind = _sentence(fold(sentence))
        said.append(kind)
        if kind is not _Said.NOTHING:
            rules.append((kind, rule_in(sentence)))
    for kind in (_Said.PROVINCE, _Said.OTHER, _Said.EXEMPT):
        if kind in said:
            return kind, _first(rule for k, rule in rules if k is kind)
    return _Said.NOTHING, ""


def _sentence(folded: str) -> _Said:
    bare = re.sub(r"\([^)]*\)?", "", folded.lstrip(" (")).strip(" ().,:")
    if not bare or _COPIES.search(folded) or _POSTAGE.fullmatch(bare):
        return _Said.NOTHING
    if _COUNCIL.search(folded) and _SETS.search(folded):
        return _Said.PROVINCE
    return _Said.EXEMPT if _EXEMPT.fullmatch(bare) else _Said.OTHER


def _first(rules: Iterable[str]) -> str:
    return next((rule for rule in rules if rule), "")
