"""All addresses of the desk, as they are registered: a new page is in every test that asks here."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from bot.staff.access import LOGIN
from tests.staff.world import Browser, Page, World

OPEN = {("GET", LOGIN), ("HEAD", LOGIN), ("POST", LOGIN), ("GET", "/staff"), ("HEAD", "/staff")}
"""What needs no session."""
CANDIDATES = (
    "people",
    "unasked",
    "csv",
    "1.001193",
    "00691",
    "1",
    "a" * 32,
    "3f2b8c1e-0000-4000-8000-000000000000",
)
"""Something of each form that a part of an address has."""


NO_PAGES = {"/staff", LOGIN, "/staff/{rest}", "/staff/people/count", "/staff/exports/{id}"}
"""What shows nothing by itself: ways to other pages, what the script asks for, long files."""


async def pages(world: World, browser: Browser) -> dict[str, Page]:
    """Open every page, each with something on it, as somebody who may see all; return them by address."""
    opened = {}
    for method, form in registered(world.app):
        if method != "GET" or form in NO_PAGES:
            continue
        address = world.examples.get(form) or await example(world.app, method, form)
        opened[address] = await browser.get(address)
        assert opened[address].status == 200, f"{address}: say in life.py what there is of {form}"
    return opened


def registered(app: web.Application) -> list[tuple[str, str]]:
    """Return method and form of each address below `/staff`."""
    routes = ((route.method, route.resource.canonical) for route in app.router.routes() if route.resource)
    return sorted({route for route in routes if route[1].startswith("/staff")})


async def example(app: web.Application, method: str, form: str) -> str:
    """Return an address of a form, with values that the route takes."""
    for address in _tried(form, (*CANDIDATES, *_named(app, form))):
        found = await app.router.resolve(make_mocked_request(method, address))
        resource = found.route.resource
        if resource and resource.canonical == form:
            return address
    raise AssertionError(f"no example for {method} {form}: add a value to CANDIDATES")


def _named(app: web.Application, form: str) -> Iterator[str]:
    """Yield the values that a route names itself: `{kind:csv|xlsx}`."""
    for resource in app.router.resources():
        pattern = resource.get_info().get("pattern")
        if resource.canonical == form and pattern:
            for choice in re.findall(r"\(\?P<\w+>([\w|-]+)\)", pattern.pattern):
                yield from choice.split("|")


def _tried(form: str, values: tuple[str, ...]) -> Iterator[str]:
    parts = re.findall(r"\{\w+\}", form)
    for chosen in itertools.product(values, repeat=len(parts)):
        address = form
        for part, value in zip(parts, chosen, strict=True):
            address = address.replace(part, value, 1)
        yield address
