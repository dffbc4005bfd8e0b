"""One picture for pages and report: bars, drawn on the server, with nothing that only colour tells."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Format = Literal["svg", "png"]
WIDTH, HEIGHT, DOTS = 7.0, 2.8, 200
"""Inches, and dots in each where a picture has dots."""
LABELS = 16
"""More bars than this have no room for a label each."""
BAR, HIDDEN_EDGE, TEXT, GRID = "#0b57a4", "#4d5b69", "#16202a", "#c6d0da"


@dataclass(frozen=True, slots=True)
class Bars:
    """What is drawn: a bar for each label; None for a number that must not be told."""

    labels: tuple[str, ...]
    numbers: tuple[float | None, ...]
    hidden: str
    """What stands where a number is hidden."""
    sideways: bool = False
    """For long labels: one below the other."""


@lru_cache(maxsize=128)
def draw(bars: Bars, kind: Format = "svg") -> bytes:
    """Draw bars; the same bars give the same bytes."""
    # Both cost time and memory that only who looks at a picture pays.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "bars", "font.family": "DejaVu Sans"}):
        height = 0.6 + 0.36 * len(bars.labels) if bars.sideways else HEIGHT
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = figure.add_subplot()
        places = range(len(bars.labels))
        heights = [number or 0 for number in bars.numbers]
        if bars.sideways:
            drawn = axes.barh(places, heights, color=BAR)
            axes.set_yticks(places, labels=bars.labels)
            axes.invert_yaxis()
        else:
            drawn = axes.bar(places, heights, color=BAR)
            step = -(-len(bars.labels) // LABELS) if bars.labels else 1
            shown = list(places)[::step]
            axes.set_xticks(shown, labels=[bars.labels[place] for place in shown])
        if len(bars.labels) <= LABELS:
            axes.bar_label(drawn, labels=[_written(n, bars.hidden) for n in bars.numbers], padding=2)
        _plain(axes, sideways=bars.sideways)
        out = io.BytesIO()
        metadata = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(out, format=kind, dpi=DOTS, metadata=metadata)
    return out.getvalue()


def _plain(axes: object, *, sideways: bool) -> None:
    """Leave out what carries no number."""
    from matplotlib.axes import Axes
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if not isinstance(axes, Axes):
        raise TypeError("bars are drawn on axes")
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(side == ("left" if sideways else "bottom"))
    values = axes.xaxis if sideways else axes.yaxis
    values.set_major_locator(MaxNLocator(nbins=4, integer=True))
    values.set_major_formatter(FuncFormatter(lambda value, _place: _written(value, "")))
    axes.grid(axis="x" if sideways else "y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelcolor=TEXT)
    axes.margins(x=0.02 if not sideways else 0.1, y=0.15 if not sideways else 0.02)


def _written(number: float | None, hidden: str) -> str:
    return hidden if number is None else f"{number:,.0f}".replace(",", ".")


def of_numbers(cells: Sequence[tuple[str, object]], hidden: str, *, sideways: bool = False) -> Bars:
    """Return bars for labels with numbers; what is no number is hidden."""
    numbers = tuple(number if isinstance(number, (int, float)) else None for _, number in cells)
    return Bars(tuple(label for label, _ in cells), numbers, hidden, sideways=sideways)
