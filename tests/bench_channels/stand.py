"""The outside services of a run, all on one port: `python -m tests.bench_channels.stand PORT [WEATHER]`.

WEATHER is a JSON object, see `bot.fakes.weather`: how long a send takes and which share of sends goes wrong.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from typing import Any

import uvloop
from aiohttp import web

from bot.fakes.telegram import FakeTelegram
from bot.fakes.weather import Weather
from bot.fakes.zalo_bot import FakeZaloBot
from bot.fakes.zalo_oa import FakeZaloOA, Person
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


@dataclass(frozen=True, slots=True)
class Services:
    """The three, each knowing all people."""

    telegram: FakeTelegram
    zalo_oa: FakeZaloOA
    zalo_bot: FakeZaloBot

    def said(self) -> dict[str, list[tuple[str, str]]]:
        """Return person and first line of each message that was accepted, in order."""
        return {
            "telegram": [(str(m.chat_id), _first_line(m.text)) for m in self.telegram.sent],
            "zalo_oa": [(m.person, _first_line(m.text)) for m in self.zalo_oa.sent],
            "zalo_bot": [(m.chat, _first_line(m.text)) for m in self.zalo_bot.sent],
        }


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def services(weather: dict[str, Any]) -> Services:
    """Return the services in their weather; the messages of people come from elsewhere."""
    telegram = FakeTelegram(token=TELEGRAM_TOKEN, pushing=False, weather=Weather(**weather))
    oa = FakeZaloOA(
        app_id=APP,
        webhook_secret=OA_SECRET,
        oa_id=OA,
        echoing=False,
        pushing=False,
        weather=Weather(**weather),
    )
    bot = FakeZaloBot(token=ZALO_BOT_TOKEN, pinging=False, pushing=False, weather=Weather(**weather))
    telegram._people.update(int(TELEGRAM.address(n)) for n in range(PEOPLE))  # noqa: SLF001 - all have written
    bot._people.update(ZALO_BOT.address(n) for n in range(PEOPLE))  # noqa: SLF001 - as above
    oa.people.update({ZALO_OA.address(n): Person(oa.clock()) for n in range(PEOPLE)})
    return Services(telegram, oa, bot)


def figures(weather: Weather) -> dict[str, int]:
    """Return what a service counted."""
    return {
        "sent": weather.accepted.total,
        "under_way": weather.under_way,
        "lost": weather.lost,
        "peak": weather.arrived.peak,
        "peak_of_one": weather.arrived.peak_of_one,
    }


def stand(weather: dict[str, Any]) -> web.Application:
    """Return the services with two more addresses that tell what they saw."""
    three = services(weather)
    weathers = {
        "telegram": three.telegram.weather,
        "zalo_oa": three.zalo_oa.weather,
        "zalo_bot": three.zalo_bot.weather,
    }

    async def counted(_request: web.Request) -> web.Response:
        return web.json_response({name: figures(weather) for name, weather in weathers.items()})

    async def told(_request: web.Request) -> web.Response:
        return web.json_response(three.said())

    app = web.Application()
    app.add_routes([web.get("/bench", counted), web.get("/bench/said", told)])
    app.add_routes([*three.telegram.routes(), *three.zalo_oa.routes(), *three.zalo_bot.routes("/zalo-bot")])
    return app


async def serve(port: int, weather: dict[str, Any]) -> None:
    """Serve until killed; who hangs up is not served further."""
    runner = web.AppRunner(stand(weather), handler_cancellation=True, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


def main() -> None:
    """Read the arguments."""
    weather: dict[str, Any] = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
    uvloop.run(serve(int(sys.argv[1]), weather))


if __name__ == "__main__":
    main()
