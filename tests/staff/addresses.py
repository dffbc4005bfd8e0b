"""All addresses of the desk, as they are registered: a new page is in every test that asks here."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator

from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from bot.staff.access import LOGIN

OPEN = {("GET", LOGIN), ("HEAD", LOGIN), ("POST", LOGIN), ("GET", "/staff"), ("HEAD", "/staff")}
"""What needs no session."""
CANDIDATES = ("1", "people", "csv", "1.001193", "00721", "a" * 32, "3f2b8c1e-0000-4000-8000-000000000000")
"""Something of each form that a part of an address has."""


def registered(app: web.Application) -> list[tuple[str, str]]:
    """Return method and form of each address below `/staff`."""
    routes = ((route.method, route.resource.canonical) for route in app.router.routes() if route.resource)
    return sorted({route for route in routes if route[1].startswith("/staff")})


async def example(app: web.Application, method: str, form: str, known: Iterable[str] = ()) -> str:
    """Return an address of a form, with values that the route takes."""
    for address in _tried(form, (*known, *CANDIDATES)):
        found = await app.router.resolve(make_mocked_request(method, address))
        resource = found.route.resource
        if resource and resource.canonical == form:
            return address
    raise AssertionError(f"no example for {method} {form}: add a value to CANDIDATES")


def _tried(form: str, values: Iterable[str]) -> Iterator[str]:
    parts = re.findall(r"\{\w+\}", form)
    for chosen in itertools.product(tuple(values), repeat=len(parts)):
        address = form
        for part, value in zip(parts, chosen, strict=True):
            address = address.replace(part, value, 1)
        yield address
