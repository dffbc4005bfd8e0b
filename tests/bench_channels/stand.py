"""The outside services of a run, all on one port: `python -m tests.bench_channels.stand PORT [WEATHER]`.

WEATHER is a JSON object: how long a send takes and which share of sends goes wrong.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NoReturn

import uvloop
from aiohttp import web

from bot.fakes import bot_api
from bot.fakes import zalo_oa_rules as oa_rules
from bot.fakes.scene import Act
from bot.fakes.telegram import FakeTelegram
from bot.fakes.zalo_bot import FakeZaloBot
from bot.fakes.zalo_oa import CS, FakeZaloOA, Person
from tests.bench_channels.wire import (
    APP,
    OA,
    OA_SECRET,
    TELEGRAM,
    TELEGRAM_TOKEN,
    ZALO_BOT,
    ZALO_BOT_TOKEN,
    ZALO_OA,
)

PEOPLE = 500
FOREVER = 3600.0


@dataclass(frozen=True, slots=True)
class Weather:
    """How a service behaves: seconds, and shares of sends."""

    takes: float = 0.0
    busy: float = 0.0
    """Asked to wait."""
    broken: float = 0.0
    """A server error."""
    silent: float = 0.0
    """Accepted and never answered."""
    seed: int = 1


@dataclass(slots=True)
class Gauge:
    """What one service saw."""

    weather: Weather
    wait: Callable[[], NoReturn]
    """Raise what asks to wait."""
    sent: list[tuple[str, str]] = field(default_factory=list)
    """Person and first line of what was accepted, in order."""
    under_way: int = 0
    silent: int = 0
    peak: int = 0
    peak_of_one: int = 0
    _chance: random.Random = field(init=False)
    _arrived: deque[float] = field(default_factory=deque)
    _arrived_of: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def __post_init__(self) -> None:
        """Take the same chances in every run."""
        self._chance = random.Random(self.weather.seed)  # noqa: S311 - no secret

    def arrive(self, person: str) -> None:
        """Note a send, and how many came within the last second."""
        now = asyncio.get_running_loop().time()
        self.peak = max(self.peak, _within_a_second(self._arrived, now))
        self.peak_of_one = max(self.peak_of_one, _within_a_second(self._arrived_of[person], now))

    async def send(self, person: str, text: str, act: Act) -> object:
        """Accept a message at some point of its way, unless the weather is against it."""
        self.arrive(person)
        self.under_way += 1
        try:
            luck, turn = self._chance.random(), self._chance.random() * self.weather.takes
            await asyncio.sleep(turn)
            if luck < self.weather.busy:
                self.wait()
            if luck < self.weather.busy + self.weather.broken:
                return web.Response(status=HTTPStatus.BAD_GATEWAY, text="<html>away</html>")
            result = await act()
            self.sent.append((person, text.partition("\n")[0]))
            if luck < self.weather.busy + self.weather.broken + self.weather.silent:
                self.silent += 1
                await asyncio.sleep(FOREVER)
            await asyncio.sleep(self.weather.takes - turn)
            return result
        finally:
            self.under_way -= 1

    def read(self) -> dict[str, int]:
        """Return the figures."""
        return {
            "sent": len(self.sent),
            "under_way": self.under_way,
            "silent": self.silent,
            "peak": self.peak,
            "peak_of_one": self.peak_of_one,
        }


def _within_a_second(arrived: deque[float], now: float) -> int:
    arrived.append(now)
    while arrived[0] <= now - 1:
        arrived.popleft()
    return len(arrived)


def _wait_telegram() -> NoReturn:
    raise bot_api.RefusedError("Too Many Requests: retry after 1", 429, retry_after=1)


def _wait_zalo_oa() -> NoReturn:
    raise oa_rules.RefusedError(-32)


def _wait_zalo_bot() -> NoReturn:
    raise bot_api.RefusedError("quota exceeded", 429)


def stand(weather: Weather) -> web.Application:
    """Return the three services, each knowing all people."""
    telegram = FakeTelegram(token=TELEGRAM_TOKEN, keep=10)
    oa = FakeZaloOA(app_id=APP, webhook_secret=OA_SECRET, oa_id=OA, echoing=False, keep=10)
    bot = FakeZaloBot(token=ZALO_BOT_TOKEN, keep=10)
    telegram._people.update(int(TELEGRAM.address(n)) for n in range(PEOPLE))  # noqa: SLF001 - all have written
    oa.people.update({ZALO_OA.address(n): Person(oa.clock()) for n in range(PEOPLE)})
    bot._people.update(ZALO_BOT.address(n) for n in range(PEOPLE))  # noqa: SLF001 - as above
    gauges = {
        "telegram": Gauge(weather, _wait_telegram),
        "zalo_oa": Gauge(weather, _wait_zalo_oa),
        "zalo_bot": Gauge(weather, _wait_zalo_bot),
    }

    async def to_telegram(_request: web.Request, act: Act) -> object:
        _, params = telegram.calls[-1]
        return await gauges["telegram"].send(str(params["chat_id"]), str(params["text"]), act)

    async def to_oa(_request: web.Request, act: Act) -> object:
        _, body = oa.calls[-1]
        return await gauges["zalo_oa"].send(body["recipient"]["user_id"], body["message"]["text"], act)

    async def to_bot(_request: web.Request, act: Act) -> object:
        _, params = bot.calls[-1]
        return await gauges["zalo_bot"].send(str(params["chat_id"]), str(params["text"]), act)

    telegram.always("sendmessage", to_telegram)
    oa.always(CS, to_oa)
    bot.always("sendMessage", to_bot)

    async def figures(_request: web.Request) -> web.Response:
        return web.json_response({name: gauge.read() for name, gauge in gauges.items()})

    async def sent(request: web.Request) -> web.Response:
        return web.json_response(gauges[request.match_info["channel"]].sent)

    app = web.Application()
    app.add_routes([web.get("/bench", figures), web.get("/bench/{channel}", sent)])
    app.add_routes([*oa.routes(), *bot.routes("/zalo-bot"), *telegram.routes()])
    return app


async def serve(port: int, weather: Weather) -> None:
    """Serve until killed; who hangs up is not served further."""
    runner = web.AppRunner(stand(weather), handler_cancellation=True, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


def main() -> None:
    """Read the arguments."""
    told: dict[str, Any] = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
    uvloop.run(serve(int(sys.argv[1]), Weather(**told)))


if __name__ == "__main__":
    main()
