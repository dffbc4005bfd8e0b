"""The outside services of a run, all on one port: `python -m tests.bench_channels.stand PORT [WEATHER]`.

WEATHER is a JSON object, see `bot.fakes.weather`: how long a send takes and which share of sends goes wrong.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import uvloop
from aiohttp import web

from bot.fakes.weather import Weather
from tests.peers import services


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
    three = services(**weather)
    weathers = {
        "telegram": three.telegram.weather,
        "zalo_oa": three.zalo_oa.weather,
        "zalo_bot": three.zalo_bot.weather,
    }

    async def counted(_request: web.Request) -> web.Response:
        return web.json_response({name: figures(weather) for name, weather in weathers.items()})

    async def told(_request: web.Request) -> web.Response:
        return web.json_response(
            {
                name: [(person, text.partition("\n")[0]) for person, text in said]
                for name, said in three.said().items()
            }
        )

    app = web.Application()
    app.add_routes([web.get("/bench", counted), web.get("/bench/said", told)])
    app.add_routes(three.routes())
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
