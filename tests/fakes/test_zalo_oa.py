"""The fake Zalo as zalo-sdk's client sees it, which somebody else wrote, and as a webhook sees it."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession, web
from zalo_sdk.oa import Client
from zalo_sdk.oa.ZaloMessage import ZaloMessageBody, ZaloRecipient
from zalo_sdk.ZaloException import ZaloException

from bot.fakes.scene import on_loopback
from bot.fakes.zalo_oa import AN, APP_ID, APP_SECRET, WEBHOOK_SECRET, FakeZaloOA, fake_zalo_oa
from bot.fakes.zalo_oa_rules import signature

BINH = "7411223344556677889"
NOW = dt.datetime(2026, 7, 20, 1, 0, tzinfo=dt.UTC)


class Clock:
    """Stands still until it is moved."""

    now = NOW

    def __call__(self) -> dt.datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += dt.timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def zalo(clock: Clock) -> AsyncIterator[FakeZaloOA]:
    async with fake_zalo_oa(clock=clock, retries=(0.01, 0.01), answer_seconds=0.5) as zalo:
        yield zalo


@pytest.fixture
async def client(zalo: FakeZaloOA) -> Client:
    await zalo.says("Chào")
    return a_client(zalo, zalo.tokens.mint())


def a_client(zalo: FakeZaloOA, access_token: str) -> Client:
    return Client(APP_ID, APP_SECRET, access_token=access_token, endpoint_prefix=zalo.url)


async def say(client: Client, text: str, person: str = AN) -> dict[str, Any]:
    """Send with the other's client, which waits: in a thread, so that the fake can answer."""
    answer: dict[str, Any] = await asyncio.to_thread(
        client.send_message, ZaloRecipient(user_id=person), ZaloMessageBody(text=text)
    )
    return answer


async def refusal(client: Client, text: str = "Chào", person: str = AN) -> int:
    with pytest.raises(ZaloException) as error:
        await say(client, text, person)
    return int(re.findall(r"-\d+", str(error.value) + repr(vars(error.value)))[0])


async def test_a_message_of_a_foreign_client_arrives(zalo: FakeZaloOA, client: Client) -> None:
    answer = await say(client, "Cần giấy tờ gì?")
    assert (answer["error"], answer["message"]) == (0, "Success")
    assert answer["data"]["user_id"] == AN
    assert zalo.texts_to(AN) == ["Cần giấy tờ gì?"]


async def test_a_new_pair_ends_the_one_before(zalo: FakeZaloOA, client: Client) -> None:
    assert await exchanged(zalo, zalo.tokens.refresh) == {
        "access_token": zalo.tokens.access,
        "refresh_token": zalo.tokens.refresh,
        "expires_in": "90000",
    }
    assert zalo.tokens.refreshes == 1
    assert await refusal(client) == -220
    assert (await say(a_client(zalo, zalo.tokens.access), "Chào"))["error"] == 0


async def exchanged(zalo: FakeZaloOA, refresh_token: str, secret: str = APP_SECRET, **form: str) -> Any:
    form = {"app_id": APP_ID, "grant_type": "refresh_token", "refresh_token": refresh_token} | form
    async with (
        ClientSession() as session,
        session.post(f"{zalo.url}/v4/oa/access_token", data=form, headers={"secret_key": secret}) as response,
    ):
        assert response.status == 200
        return json.loads(await response.read() or "null")


# What is reported


@dataclass
class Hook:
    """A webhook that answers as its script says, then with 200."""

    statuses: list[int] = field(default_factory=list)
    got: list[tuple[bytes, str, str]] = field(default_factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        retry = request.headers.get("num_retry", "")
        self.got.append((await request.read(), request.headers.get("X-ZEvent-Signature", ""), retry))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(raw) for raw, _, _ in self.got]


@pytest.fixture
async def hook(zalo: FakeZaloOA) -> AsyncIterator[Hook]:
    hook = Hook()
    async with on_loopback([web.post("/hook", hook.receive)]) as url:
        zalo.webhook = f"{url}/hook"
        yield hook


async def test_an_event_is_signed(zalo: FakeZaloOA, hook: Hook) -> None:
    event = await zalo.says("Xin chào", BINH)
    await zalo.until(lambda: not zalo.pending)
    ((raw, mac, _),) = hook.got
    assert json.loads(raw) == event
    assert mac == signature(APP_ID, raw, event["timestamp"], WEBHOOK_SECRET)
