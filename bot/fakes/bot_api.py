"""The way of calling that Telegram began and the Zalo Bot Platform took over: `/bot<token>/<method>`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NoReturn

from aiohttp import web

from bot.fakes.scene import Act, Json, Scene, SentT, Trouble

Params = Json
Method = Callable[[Params], Awaitable[object]]


class RefusedError(Exception):
    """What is answered instead of a result."""

    def __init__(self, description: str, code: int = 400, **parameters: int) -> None:
        """Take the service's words, its code and what it adds."""
        self.description, self.code, self.parameters = description, code, parameters
        super().__init__(description)


@dataclass(kw_only=True)
class BotApi(Scene[SentT]):
    """A stand-in that is called in this way."""

    token: str
    plain_status: bool = False
    """Answer errors with HTTP 200, so that only the body tells them."""
    methods: dict[str, Method] = field(init=False, default_factory=dict)

    def named(self, method: str) -> str:
        """Return the name of a method as the service reads it."""
        return method

    def unknown(self) -> RefusedError:
        """Return what is answered to a call of a method that does not exist."""
        return RefusedError("Not Found", HTTPStatus.NOT_FOUND)

    def routes(self, prefix: str = "") -> list[web.RouteDef]:
        """Return the address of all methods."""
        return [web.route("*", f"{prefix}/bot{{token}}/{{method}}", self.handle)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        method, params = self.named(request.match_info["method"]), await _params(request)
        with self.heard(method, params):
            try:
                act = self._act(request.match_info["token"], method, params)
                result = await self.troubled(request, method, act)
            except RefusedError as error:
                status = HTTPStatus.OK if self.plain_status else error.code
                return web.json_response(_failure(error), status=status)
        if isinstance(result, web.StreamResponse):
            return result
        return web.json_response({"ok": True} if result is None else {"ok": True, "result": result})

    def _act(self, token: str, method: str, params: Json) -> Act:
        if token != self.token:
            raise RefusedError("Unauthorized: invalid token specified", HTTPStatus.UNAUTHORIZED)
        call = self.methods.get(method)
        if call is None:
            raise self.unknown()
        return lambda: call(params)


async def _params(request: web.Request) -> Json:
    body: Any = {}
    if request.content_type != "application/json":
        body = await request.post()
    elif request.can_read_body:
        body = await request.json()
    return {**request.query, **body}


def _failure(error: RefusedError) -> Json:
    failure: Json = {"ok": False, "error_code": error.code, "description": error.description}
    return failure | ({"parameters": error.parameters} if error.parameters else {})


def refused_as(error: RefusedError) -> Trouble:
    """Answer with an error."""

    async def trouble(_request: web.Request, _act: Act) -> NoReturn:
        raise error

    return trouble


def refused(description: str, code: int = 400, **parameters: int) -> Trouble:
    """Answer with an error in these words."""
    return refused_as(RefusedError(description, code, **parameters))
