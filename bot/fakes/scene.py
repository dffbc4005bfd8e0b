"""What all stand-ins share: calls go wrong as told, tests wait for what happens, history is kept as asked."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from bot.fakes.weather import Weather

T = TypeVar("T")
SentT = TypeVar("SentT")
Json = dict[str, Any]
Act = Callable[[], Awaitable[object]]
Trouble = Callable[[web.Request, Act], Awaitable[object]]
"""What happens to a call instead of the usual: it may act as usual before or after."""


def foreign_page(status: int) -> Trouble:
    """Answer as something on the way that is not the service."""

    async def trouble(_request: web.Request, _act: Act) -> web.Response:
        return web.Response(status=status, text="<html>not here</html>", content_type="text/html")

    return trouble


def held(gate: asyncio.Event) -> Trouble:
    """Accept nothing before the gate opens; a caller who leaves earlier was never heard."""

    async def trouble(_request: web.Request, act: Act) -> object:
        await gate.wait()
        return await act()

    return trouble


async def lost_answer(request: web.Request, act: Act) -> object:
    """Accept, and drop the connection before saying so."""
    await act()
    if request.transport:
        request.transport.abort()
    return True


@dataclass(kw_only=True)
class Scene(Generic[SentT]):
    """One account of an outside service: what it was asked, what it accepted, what it does wrong."""

    url: str = ""
    keep: int | None = None
    """How many of the newest of each history are kept at least; None for all."""
    sent: list[SentT] = field(default_factory=list)
    """Messages that were accepted."""
    calls: list[tuple[str, Json]] = field(default_factory=list)
    """Calls with their parameters, also those refused."""
    pushes: list[tuple[Any, int]] = field(default_factory=list)
    """Each try to post something to the webhook: its id and the status that came back, 0 for none."""
    pushing: bool = True
    """Post to the webhook; the tests do it by hand when False."""
    busy: int = 0
    """Calls that wait for an answer."""
    weather: Weather = field(default_factory=Weather)
    """What the sends meet."""
    _counts: Counter[str] = field(default_factory=Counter)
    _trouble: defaultdict[str, deque[Trouble]] = field(default_factory=lambda: defaultdict(deque))
    _always: dict[str, Trouble] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def next(self, method: str, *troubles: Trouble) -> None:
        """Let the next calls of a method go wrong."""
        self._trouble[method].extend(troubles)

    def always(self, method: str, trouble: Trouble | None) -> None:
        """Let all calls of a method go wrong until told None."""
        self._always.pop(method, None)
        if trouble:
            self._always[method] = trouble

    def called(self, method: str) -> int:
        """Count the calls of a method."""
        return self._counts[method]

    def last(self, method: str) -> Json:
        """Return the parameters of the last call of a method."""
        return next(params for name, params in reversed(self.calls) if name == method)

    async def until(self, condition: Callable[[], T], seconds: float = 15) -> T:
        """Wait for something to become true."""
        try:
            async with asyncio.timeout(seconds):
                return await self.change(condition)
        except TimeoutError:
            raise AssertionError(
                f"waited {seconds} s in vain; sent {self.sent[-9:]}, pushes {self.pushes[-9:]}"
            ) from None

    # For the stand-ins

    async def change(self, condition: Callable[[], T]) -> T:
        """Wait, however long, for something to become true."""
        while not (found := condition()):
            await self._changed.wait()
        return found

    @property
    def next_change(self) -> asyncio.Event:
        """Return what is set as soon as anything happens."""
        return self._changed

    def tell(self) -> None:
        """Wake whoever waits for a change."""
        self._changed.set()
        self._changed = asyncio.Event()

    def remember(self, history: list[T], what: T) -> None:
        """Add to a history and, now and then, forget what is older than asked for."""
        history.append(what)
        if self.keep is not None and len(history) > 2 * self.keep:
            del history[: len(history) - self.keep]

    @contextmanager
    def heard(self, method: str, params: Json) -> Iterator[None]:
        """Note a call; it is being answered until the block ends."""
        self._counts[method] += 1
        self.remember(self.calls, (method, params))
        self.busy += 1
        self.tell()
        try:
            yield
        finally:
            self.busy -= 1
            self.tell()

    async def troubled(self, request: web.Request, method: str, act: Act) -> object:
        """Act as usual, or do what was told to go wrong."""
        queued = self._trouble[method]
        trouble = queued.popleft() if queued else self._always.get(method)
        return await (trouble(request, act) if trouble else act())


async def posted(
    session: ClientSession, url: str, body: bytes, headers: dict[str, str], seconds: float
) -> int:
    """Post JSON to a webhook; return the status, 0 for no answer in time."""
    limit = ClientTimeout(None, sock_connect=seconds, sock_read=seconds)
    told = {"Content-Type": "application/json"} | headers
    try:
        async with session.post(url, data=body, headers=told, timeout=limit) as response:
            return response.status
    except (ClientError, OSError, TimeoutError):
        return 0


@asynccontextmanager
async def on_loopback(routes: Iterable[web.AbstractRouteDef], port: int = 0) -> AsyncIterator[str]:
    """Serve on a port of loopback, a free one unless told; the value is the address."""
    app = web.Application(client_max_size=8 << 20)
    app.add_routes(routes)
    # A caller who hangs up is not served further, as if his call had never come.
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        host, bound = runner.addresses[0][:2]
        yield f"http://{host}:{bound}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def alongside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let something run until the block ends; what went wrong in it is raised there."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
