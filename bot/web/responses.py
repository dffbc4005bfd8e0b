"""Answers to browsers about somebody's own things: nothing from elsewhere, nothing kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Final

from aiohttp import web

_PRIVATE: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # Not no-referrer: with that, browsers send «Origin: null» from our own form as from a foreign one.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_dumps = partial(json.dumps, ensure_ascii=False)


def html(text: str, status: int = HTTPStatus.OK) -> web.Response:
    """Answer with a page."""
    return _small(web.Response(text=text, status=status, content_type="text/html", headers=_PRIVATE))


def as_json(value: Mapping[str, object], status: int = HTTPStatus.OK) -> web.Response:
    """Answer a script."""
    return _small(web.json_response(value, status=status, headers=_PRIVATE, dumps=_dumps))


def see_other(address: str) -> web.Response:
    """Send the browser to a page, so that a reload repeats no form."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={**_PRIVATE, "Location": address})


def empty(status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    """Answer with a status alone."""
    return web.Response(status=status, headers={**_PRIVATE, **(headers or {})})


def event_stream() -> web.StreamResponse:
    """Begin an answer that goes on: never compressed, and no proxy may gather it."""
    headers = {**_PRIVATE, "Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
    return web.StreamResponse(headers=headers)


def as_event(number: int, value: Mapping[str, object]) -> bytes:
    """Write a server-sent event; a browser that comes again names the number of the last."""
    return f"id: {number}\ndata: {_dumps(value)}\n\n".encode()


def download(body: bytes, name: str, content_type: str) -> web.Response:
    """Give a file to keep."""
    headers = {**_PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type=content_type, headers=headers)


def private_stream(name: str, content_type: str) -> web.StreamResponse:
    """Begin a file to keep that is sent piece by piece."""
    headers = {**_PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
    response = web.StreamResponse(headers=headers)
    response.content_type = content_type
    return response


def picture(svg: bytes) -> web.Response:
    """Answer with a picture, which carries its own style and nothing else."""
    headers = {**_PRIVATE, "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return _small(web.Response(body=svg, content_type="image/svg+xml", headers=headers))


def _small(response: web.Response) -> web.Response:
    response.enable_compression()
    return response
