"""One picture for pages and report: bars, drawn on the server, with nothing that only colour tells."""

from __future__ import annotations

import io
import textwrap
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from xml.sax.saxutils import escape

from bot.staff.show import share, whole
from storage.figures import Unit
from storage.groups import Gap, Value

Format = Literal["svg", "png"]
WIDTH, HEIGHT, DOTS = 7.0, 2.8, 200
"""Inches, and dots in each where a picture has dots."""
LABELS = 16
"""More bars than this have no room for a number each."""
BESIDE = 12
"""Labels that fit beside each other."""
APART = 40
"""More bars than this are drawn as one shape, three times as fast."""
LABEL_CHARS, LABEL_LINES = 36, 3
SIDE, BELOW, ABOVE, LETTER = 0.2, 0.35, 0.1, 0.082
"""Inches beside, below and above the bars, and of a letter."""
BAR, TEXT, GRID = "#0b57a4", "#16202a", "#c6d0da"
_drawing = threading.Lock()
"""Its settings belong to the process: one picture at a time."""


@dataclass(frozen=True, slots=True)
class Bars:
    """What is drawn: a bar for each label, with what stands beside it."""

    labels: tuple[str, ...]
    numbers: tuple[float, ...]
    told: tuple[str, ...]
    """The numbers as they are written, or why there is none."""
    shares: bool = False
    """Whether the numbers are from 0 to 1."""
    sideways: bool = False
    """For long labels: one below the other."""
    title: str = ""
    """What is counted."""


@lru_cache(maxsize=128)
def draw(bars: Bars, kind: Format = "svg") -> bytes:
    """Draw bars; the same bars give the same bytes."""
    # Both cost time and memory that only who looks at a picture pays.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with (
        _drawing,
        rc_context(
            {
                "svg.fonttype": "none",
                "svg.hashsalt": "bars",
                "font.family": ["DejaVu Sans", "sans-serif"],
                # A label is a label, also when there are two dollar signs in it.
                "text.parse_math": False,
            }
        ),
    ):
        labels = [_short(label) for label in bars.labels]
        height = _height(labels) if bars.sideways else HEIGHT
        figure = Figure(figsize=(WIDTH, height))
        axes = figure.add_axes(_frame(bars, labels, height))
        places = range(len(labels))
        if bars.sideways:
            drawn = axes.barh(places, bars.numbers, color=BAR)
            axes.set_yticks(places, labels=labels)
            axes.invert_yaxis()
        else:
            if len(places) <= APART:
                drawn = axes.bar(places, bars.numbers, color=BAR)
            else:
                axes.stairs(bars.numbers, [n - 0.5 for n in range(len(places) + 1)], fill=True, color=BAR)
            step = -(-len(labels) // BESIDE) if labels else 1
            axes.set_xticks(list(places)[::step], labels=labels[::step])
        if len(labels) <= LABELS:
            axes.bar_label(drawn, labels=bars.told, padding=2)
        _plain(axes, bars)
        out = io.BytesIO()
        metadata = (
            dict.fromkeys(("Date", "Creator", "Format", "Type")) if kind == "svg" else {"Software": None}
        )
        figure.savefig(out, format=kind, dpi=DOTS, metadata=metadata)
    return _described(out.getvalue(), bars) if kind == "svg" else out.getvalue()


def _height(labels: Sequence[str]) -> float:
    lines = sum(label.count("\n") + 1 for label in labels)
    return 0.6 + 0.2 * len(labels) + 0.16 * lines


def _frame(bars: Bars, labels: Sequence[str], height: float) -> tuple[float, float, float, float]:
    """Return where the bars stand, as shares of the picture: left, bottom, width, height.

    Having it worked out from the size of every letter would take as long as drawing.
    """
    most = LETTER * len((share if bars.shares else whole)(max(bars.numbers, default=0)))
    longest = LETTER * max((len(line) for label in labels for line in label.split("\n")), default=0)
    before, after = (longest, most) if bars.sideways else (most, 0)
    width = WIDTH - before - after - 2 * SIDE
    return (before + SIDE) / WIDTH, BELOW / height, width / WIDTH, (height - BELOW - ABOVE) / height


def _short(label: str) -> str:
    """Break a long label into lines, so that it leaves room for its bar."""
    return "\n".join(textwrap.wrap(label, LABEL_CHARS, max_lines=LABEL_LINES, placeholder=" …"))


def _described(svg: bytes, bars: Bars) -> bytes:
    """Say in words what a picture shows, for who does not see it."""
    told = "; ".join(f"{label}: {words}" for label, words in zip(bars.labels, bars.told, strict=True))
    words = f"<title>{escape(bars.title)}</title><desc>{escape(told)}</desc>"
    before, mark, after = svg.partition(b' version="1.1">')
    return before + mark[:-1] + b' role="img">' + words.encode() + after


def _plain(axes: object, bars: Bars) -> None:
    """Leave out what carries no number."""
    from matplotlib.axes import Axes
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if not isinstance(axes, Axes):
        raise TypeError("bars are drawn on axes")
    sideways, told = bars.sideways, share if bars.shares else whole
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(side == ("left" if sideways else "bottom"))
    values = axes.xaxis if sideways else axes.yaxis
    values.set_major_locator(MaxNLocator(nbins=4, integer=not bars.shares))
    values.set_major_formatter(FuncFormatter(lambda value, _place: told(value)))
    axes.grid(axis="x" if sideways else "y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelcolor=TEXT)
    axes.margins(x=0.02, y=0.02 if sideways else 0.15)
    if not any(bars.numbers):  # without anything to measure, the axis would run through nought
        (axes.set_xlim if sideways else axes.set_ylim)(0, 1)


def of_values(
    cells: Sequence[tuple[str, Value]], unit: Unit, texts: Mapping[str, str], *, sideways: bool, title: str
) -> Bars:
    """Return bars for the parts of a figure; where there is no number, the bar says why."""
    numbers = tuple(0.0 if isinstance(value, Gap) else value for _, value in cells)
    shares = unit is Unit.SHARE
    written = share if shares else whole
    told = tuple(
        texts[f"gap.{value.value}"] if isinstance(value, Gap) else written(value) for _, value in cells
    )
    return Bars(tuple(label for label, _ in cells), numbers, told, shares, sideways, title)
