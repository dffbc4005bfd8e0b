"""What the pages of the desk need, put together once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.clock import Clock
from bot.handoffs import Duty
from bot.simulation.label import labelled
from bot.staff import show
from bot.web.assets import Asset, asset_of
from intents.knowledge import Knowledge
from storage.unit_of_work import Storage

_FOLDER = Path(__file__).parent


class Pages:
    """Renders the templates with the words of the desk."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """Take the words by key."""
        self.texts = texts
        self.simulated = False
        self.assets = (asset_of(_FOLDER / "desk.css"), asset_of(_FOLDER / "desk.js"))
        self._environment = Environment(
            loader=FileSystemLoader(_FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        assets = {asset.name: asset.url for asset in self.assets}
        self._environment.globals |= {"t": self.say, "options": self.options, "assets": assets}
        self._environment.globals["simulated"] = lambda: self.simulated
        self._environment.filters |= show.FILTERS

    def label(self) -> None:
        """Have every page and file say that its people are made up."""
        self.simulated, self.texts = True, labelled(self.texts)

    def say(self, key: str, **values: object) -> str:
        """Return words of the desk; a missing key is a mistake of ours."""
        text = self.texts[key]
        return text.format(**values) if values else text

    def options(self, values: Iterable[str], prefix: str) -> list[tuple[str, str]]:
        """Return what a list offers: values with what they are called."""
        return [(value, self.say(f"{prefix}{value}")) for value in values]

    def render(self, template: str, **values: object) -> str:
        """Return a page as HTML."""
        return self._environment.get_template(template).render(**values)


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """What every page can reach."""

    storage: Storage
    clock: Clock
    known: Callable[[], Knowledge]
    """The knowledge as it is now."""
    refresh: Callable[[], Awaitable[object]]
    """Takes in what was just corrected, here; other processes do within two seconds."""
    pages: Pages
    csrf_key: bytes
    public_url: str = ""
    network: Callable[[web.Request], str]
    """Names where a request comes from."""
    duty: Duty
    """When staff answer."""
    retention: dt.timedelta
    """How long texts are kept."""
    wake: Callable[[], None]
    """Tells the workers that something waits."""

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Return style and script."""
        return self.pages.assets
