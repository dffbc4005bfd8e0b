"""The composition root: everything is put together here and nowhere else."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from ipaddress import ip_network

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.alerts import Alerts, destinations
from bot.channels.base import Channel
from bot.channels.visitors import network_of
from bot.clock import Clock, utc_now
from bot.config import Config, secret_of
from bot.handoffs import duty_of, notice_of, with_duty
from bot.links import Links, Redirect, tell_measured
from bot.runtime import Runtime
from bot.simulation.label import is_simulated
from bot.staff.app import routes as desk_routes
from bot.staff.desk import Desk, Pages
from bot.watch import Limits, Watch
from bot.web.assets import load_asset
from bot.web.page import Pages as WebPages
from bot.wiring import web_texts, wired
from intents.knowledge import Knowledge
from storage.errors import StorageError
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage

log = structlog.get_logger(__name__)

MAX_BODY = 256 * 1024
"""A larger request is refused with 413; the longest message of any channel is far below."""


def create_app(config: Config, knowledge: Knowledge, *, clock: Clock = utc_now) -> web.Application:
    """Return the application; the database is opened when it starts."""
    storage = Storage(config.database_url)
    keys = PersonKeys(secret_of(config))
    retention = dt.timedelta(days=config.retention_days)
    links = Links(config.public_url, keys.derived(b"links"))
    duty = duty_of(config)
    runtime = Runtime(
        storage=storage,
        knowledge=with_duty(knowledge, duty),
        keys=keys,
        retention=retention,
        clock=clock,
        links=links,
        duty=duty,
        notice=notice_of(config, storage, clock, knowledge.content.desk),
    )
    channels = list(wired(config, runtime))
    app = web.Application(client_max_size=MAX_BODY, middlewares=[_errors(knowledge.say("busy"))])
    app.add_routes([web.get("/healthz", _alive), web.get("/readyz", _ready(runtime))])
    for one in channels:
        app.add_routes(one.routes)
    desk = _desk(config, runtime)
    app.add_routes(desk_routes(desk))
    app.add_routes(_redirect(runtime, links).routes())
    runtime.watch = _watch(config, runtime, [one.channel for one in channels]).work

    async def life(_app: web.Application) -> AsyncIterator[None]:
        with contextlib.suppress(StorageError):  # the loops wait for a database that is away
            if await is_simulated(storage):
                desk.pages.label()
            if links.measured:
                await tell_measured(storage)
        works = [work for one in channels for work in one.works]
        async with runtime.running([(one.channel, one.pace) for one in channels], works):
            yield
        for one in channels:
            await one.close()
        await storage.close()

    async def shutdown(_app: web.Application) -> None:
        for one in channels:
            await one.hush()

    app.cleanup_ctx.append(life)
    app.on_shutdown.append(shutdown)
    return app


def _redirect(runtime: Runtime, links: Links) -> Redirect:
    lost = WebPages(web_texts(runtime.knowledge), {"chat.css": load_asset("chat.css").url}).lost()
    return Redirect(links, runtime.storage, runtime.clock, lambda: runtime.known.current, lost)


def _desk(config: Config, runtime: Runtime) -> Desk:
    proxies = tuple(ip_network(p, strict=False) for p in config.trusted_proxies)

    def network(request: web.Request) -> str:
        return network_of(request.remote, request.headers.getall("X-Forwarded-For", []), proxies)

    return Desk(
        storage=runtime.storage,
        clock=runtime.clock,
        known=lambda: runtime.known.current,
        refresh=runtime.known.work,
        pages=Pages(runtime.knowledge.content.desk),
        csrf_key=runtime.keys.derived(b"csrf"),
        public_url=config.public_url,
        network=network,
        duty=runtime.duty,
        retention=runtime.retention,
        wake=runtime.messages.ring,
    )


def _watch(config: Config, runtime: Runtime, channels: Sequence[Channel]) -> Watch:
    texts = runtime.knowledge.content.answers
    alerts = Alerts(runtime.storage, runtime.clock, texts, destinations(config, channels))
    limits = Limits(
        dt.timedelta(minutes=config.alert_wait_minutes), dt.timedelta(hours=config.alert_silent_hours)
    )
    return Watch(runtime.storage, runtime.clock, channels, limits, alerts)


async def _alive(_request: web.Request) -> web.Response:
    return web.json_response({"status": "alive"})


def _ready(runtime: Runtime) -> Handler:
    async def ready(_request: web.Request) -> web.Response:
        try:
            async with runtime.storage.reading() as unit:
                oldest = await unit.outbox.oldest_unsent()
                waiting = await unit.inbox.oldest_unhandled()
        except StorageError as error:
            log.warning("not ready", cause=str(error))
            return web.json_response({"status": "database unavailable"}, status=503)
        now = runtime.clock()
        return web.json_response(
            {
                "status": "ready",
                "services": len(runtime.known.current.content.catalogue.services),
                "corrections": runtime.known.current.version,
                "oldest_unsent_s": round((now - oldest).total_seconds(), 1) if oldest else 0,
                "oldest_unhandled_s": round((now - waiting).total_seconds(), 1) if waiting else 0,
            }
        )

    return ready


def _errors(busy: str) -> Middleware:
    """Answer every outage and mistake of ours with words for people; details go to the log."""

    @web.middleware
    async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except StorageError as error:
            log.warning("request refused: no database", path=request.path, cause=str(error))
            # 503 makes whoever sent the message try again.
            status, headers = HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "5"}
        except web.HTTPException:
            raise
        except Exception:
            log.exception("request failed", path=request.path)
            status, headers = HTTPStatus.INTERNAL_SERVER_ERROR, {}
        if "application/json" in request.headers.get("Accept", ""):
            return web.json_response({"notice": busy}, status=status, headers=headers)
        return web.Response(text=busy, status=status, headers=headers)

    return errors
