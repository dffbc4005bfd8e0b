"""Read amounts of money in a note: how much, in force from when to when, by which rule."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from content.wording import clauses, clean, fold, rule_in, sentences

_DATE = r"(\d{1,2})(?:/| thang )(\d{1,2})(?:/| nam )(\d{4})"
_SINCE = re.compile(rf"\btu (?:ngay )?{_DATE}")
_UNTIL = re.compile(rf"\bden (?:het )?(?:ngay )?{_DATE}")
_AMOUNT = re.compile(
    r"(?P<label>\bphi ?: ?)?(?<![\d.,])(?P<number>\d+(?:\.\d{3})*)"
    r"(?: ?(?P<million>trieu) ?)?(?: ?(?:dong|vnd|d)\b|(?<=\.\d{3}) ?/)"
)
_BOUND = re.compile(r"(?:khong qua|toi da|toi thieu|khong duoi)[^\d]{0,20}$")
_SHARE = re.compile(r"\bbang (\d{1,2}) ?% (?:muc|phi|le phi)")
_OF_ELSE = re.compile(rf"{_SHARE.pattern}|\bty le\b")
_FORMULA = re.compile(r"\d ?%|\+ ?\(|\bx \d|\bty le\b")


@dataclass(frozen=True, slots=True)
class Period:
    """The days on which an amount is in force; an open end is None."""

    since: dt.date | None = None
    until: dt.date | None = None

    def holds(self, day: dt.date) -> bool:
        """Tell whether the day lies in the period."""
        return not self.ended(day) and (self.since is None or self.since <= day)

    def ended(self, day: dt.date) -> bool:
        """Tell whether the period is over on the day."""
        return self.until is not None and self.until < day

    def __bool__(self) -> bool:
        """Tell whether the period is limited at all."""
        return bool(self.since or self.until)


ALWAYS = Period()


@dataclass(frozen=True, slots=True)
class Quote:
    """One amount in đồng as a note states it."""

    amount: int
    period: Period = ALWAYS
    rule: str = ""
    labelled: bool = False
    """True for «Phí: 250.000 đồng»: a row of its own that the portal has merged into another's note."""


@dataclass(frozen=True, slots=True)
class Quotes:
    """What a note says of money."""

    quotes: tuple[Quote, ...] = ()
    period: Period = ALWAYS
    """A period that stands without an amount: it dates the row's own value."""
    rule: str = ""
    """The rule cited with that period, else the first one cited."""
    share: bool = False
    """True when the fee is a share of something else, so that a bare number may be before or after it."""
    formula: bool = False
    """True when the amount must be computed by the citizen's case, so that bare numbers would mislead."""


def read_quotes(note: str, value: int = 0) -> Quotes:
    """Read all amounts of a note; `value` is the row's own amount, of which a share may be quoted."""
    text = clean(note)
    groups: list[list[Quote]] = []
    loose, rule = ALWAYS, ""
    for part in _parts(text):
        period, cited = _period(fold(part)), rule_in(part)
        own = list(_amounts(part, value))
        if own:
            groups.append(own)
        elif "mien" not in fold(part).split():
            loose, rule = (period, cited or rule) if period else (loose, rule or cited)
            groups[-1:] = [_completed(group, period, cited) for group in groups[-1:]]
    folded = fold(text)
    quotes = tuple(quote for group in groups for quote in group)
    return Quotes(
        _dated(quotes, loose, rule), loose, rule, bool(_OF_ELSE.search(folded)), bool(_FORMULA.search(folded))
    )


def _parts(text: str) -> Iterator[str]:
    for sentence in sentences(text):
        yield from clauses(sentence)


def _amounts(part: str, value: int) -> Iterator[Quote]:
    folded, rule = fold(part), rule_in(part)
    period = _period(folded)
    share = _SHARE.search(folded)
    if share and period and value:
        yield Quote(value * int(share[1]) // 100, period, rule)
    for found in _AMOUNT.finditer(folded):
        amount = int(found["number"].replace(".", "")) * (1_000_000 if found["million"] else 1)
        if amount and not _BOUND.search(folded[: found.start()]):
            yield Quote(amount, period, rule, labelled=bool(found["label"]))


def _completed(group: list[Quote], period: Period, rule: str) -> list[Quote]:
    """Give a period or a rule that follows amounts in parentheses to these amounts."""
    return [replace(q, period=q.period or period, rule=q.rule or rule) for q in group]


def _dated(quotes: tuple[Quote, ...], period: Period, rule: str) -> tuple[Quote, ...]:
    """Give a period that stands before all amounts to them, with its rule."""
    if not period or any(q.period for q in quotes):
        return quotes
    return tuple(replace(q, period=period, rule=q.rule or rule) for q in quotes)


def _period(folded: str) -> Period:
    return Period(_date(_SINCE.search(folded)), _date(_UNTIL.search(folded)))


def _date(found: re.Match[str] | None) -> dt.date | None:
    if not found:
        return None
    day, month, year = (int(part) for part in found.groups())
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
