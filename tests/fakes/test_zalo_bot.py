"""The fake Zalo Bot Platform as python-zalo-bot's client sees it, which somebody else wrote."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, FormData
from zalo_bot import Bot
from zalo_bot.error import Forbidden, InvalidToken, NetworkError

from bot.fakes.zalo_bot import AN, TOKEN, FakeZaloBot, fake_zalo_bot, lost_answer, refused
from tests.fakes.hook import Hook

BINH = "7411b3344c556d677e88"
SECRET = "made-up-webhook-secret"


@pytest.fixture
async def zalo() -> AsyncIterator[FakeZaloBot]:
    async with fake_zalo_bot(answer_seconds=0.5) as zalo:
        yield zalo


@pytest.fixture
async def client(zalo: FakeZaloBot) -> AsyncIterator[Bot]:
    async with Bot(TOKEN, base_url=zalo.url) as client:
        yield client


async def called(zalo: FakeZaloBot, method: str, **parameters: Any) -> tuple[int, dict[str, Any]]:
    """Call with a JSON body, as our own channel does; return status and answer."""
    async with (
        ClientSession() as session,
        session.post(f"{zalo.url}/bot{zalo.token}/{method}", json=parameters) as response,
    ):
        return response.status, await response.json()


async def test_it_tells_who_the_bot_is(client: Bot) -> None:
    me = await client.get_me()
    assert (me.id, me.account_type, me.can_join_groups) == ("1459232241454765289", "BASIC", False)


async def test_an_unknown_token_is_refused(zalo: FakeZaloBot) -> None:
    stranger = Bot("12345689:of-somebody-else", base_url=zalo.url)
    with pytest.raises(InvalidToken):
        await stranger.initialize()


async def test_a_message_of_a_foreign_client_arrives(zalo: FakeZaloBot, client: Bot) -> None:
    await zalo.says("Chào")
    await client.send_message(AN, "Cần giấy tờ gì?")
    assert zalo.texts_to(AN) == ["Cần giấy tờ gì?"]


@pytest.mark.parametrize("text", ["", " ", "a" * 2001, "😀" * 1001], ids=lambda text: text[:9])
async def test_a_text_has_up_to_2000_characters(zalo: FakeZaloBot, text: str) -> None:
    await zalo.says("Chào")
    status, answer = await called(zalo, "sendMessage", chat_id=AN, text=text)
    assert (status, answer["ok"], answer["error_code"]) == (404, False, 404)
    assert (await called(zalo, "sendMessage", chat_id=AN, text="đ" * 2000))[0] == 200
    assert zalo.texts_to(AN) == ["đ" * 2000]


async def test_a_message_that_is_accepted_has_an_id_and_a_time(zalo: FakeZaloBot) -> None:
    await zalo.says("Chào")
    _, answer = await called(zalo, "sendMessage", chat_id=AN, text="a", parse_mode="markdown")
    assert answer["ok"] is True
    assert answer["result"].keys() == {"message_id", "date"}
    assert answer["result"]["message_id"] == zalo.sent[0].message_id
    assert answer["result"]["date"] > 10**12


async def test_people_are_told_apart(zalo: FakeZaloBot) -> None:
    await zalo.says("Chào")
    await zalo.says("Chào", BINH)
    zalo.blocked_by.add(BINH)
    found = [(await called(zalo, "sendMessage", chat_id=chat, text="a"))[0] for chat in (AN, BINH, "nobody")]
    assert found == [200, 404, 404]


async def test_what_the_bot_does_can_be_shown(zalo: FakeZaloBot, client: Bot) -> None:
    await zalo.says("Chào")
    assert await called(zalo, "sendChatAction", chat_id=AN, action="typing") == (200, {"ok": True})
    await called(zalo, "sendChatAction", chat_id=AN, action="thinking")
    assert zalo.typing_in == {AN: 1}
    await client.send_chat_action(AN, "typing")
    assert zalo.typing_in == {AN: 2}


@pytest.mark.parametrize("way", ["json", "form", "query", "multipart"])
async def test_every_way_of_calling_is_understood(zalo: FakeZaloBot, way: str) -> None:
    await zalo.says("Chào")
    parameters = {"chat_id": AN, "text": f"by {way}"}
    ways: dict[str, dict[str, Any]] = {
        "json": {"json": parameters},
        "form": {"data": parameters},
        "query": {"params": parameters},
        "multipart": {"data": FormData(parameters, default_to_multipart=True)},
    }
    verb = "GET" if way == "query" else "POST"
    async with (
        ClientSession() as session,
        session.request(verb, f"{zalo.url}/bot{TOKEN}/sendMessage", **ways[way]) as response,
    ):
        assert response.status == 200
    assert zalo.texts_to(AN) == [f"by {way}"]


async def test_a_name_in_small_letters_is_another_name(zalo: FakeZaloBot) -> None:
    assert (await called(zalo, "getme"))[1]["error_code"] == 400
    assert (await called(zalo, "getMe"))[1]["ok"] is True


async def test_errors_may_come_with_a_status_that_says_nothing(zalo: FakeZaloBot) -> None:
    zalo.plain_status = True
    status, answer = await called(zalo, "getUpdates", timeout="0")
    assert (status, answer["ok"], answer["error_code"]) == (200, False, 408)


async def test_bad_days_are_seen_as_such(zalo: FakeZaloBot, client: Bot) -> None:
    await zalo.says("Chào")
    zalo.next(
        "sendMessage", refused("Quota exceeded", 429), refused("Internal server error", 403), lost_answer
    )
    with pytest.raises(NetworkError, match="429"):
        await client.send_message(AN, "a")
    with pytest.raises(Forbidden):
        await client.send_message(AN, "a")
    with pytest.raises(NetworkError):
        await client.send_message(AN, "a")
    assert (zalo.called("sendMessage"), zalo.texts_to(AN)) == (3, ["a"])


# Polling


async def test_an_event_is_fetched_once_and_never_again(zalo: FakeZaloBot, client: Bot) -> None:
    await zalo.says("một")
    await zalo.says("hai", BINH)
    updates = [await client.get_update() for _ in range(2)]
    assert [(update.message.chat.id, update.message.text) for update in updates] == [
        (AN, "một"),
        (BINH, "hai"),
    ]
    with pytest.raises(NetworkError, match="408"):
        await client.get_update(timeout=0)


async def test_a_long_poll_ends_when_somebody_writes(zalo: FakeZaloBot, client: Bot) -> None:
    poll = asyncio.create_task(client.get_update(timeout=10))
    await zalo.until(lambda: zalo.called("getUpdates") == 1)
    await zalo.says("Chào")
    assert (await poll).message.text == "Chào"


async def test_of_two_pollers_one_gets_the_event(zalo: FakeZaloBot) -> None:
    polls = [asyncio.create_task(called(zalo, "getUpdates", timeout=10)) for _ in range(2)]
    await zalo.until(lambda: zalo.busy == 2)
    await zalo.says("một")
    await zalo.says("hai")
    assert sorted([(await poll)[1]["result"]["message"]["text"] for poll in polls]) == ["hai", "một"]


# By webhook


async def test_a_foreign_client_sets_and_asks_for_a_webhook(zalo: FakeZaloBot, hook: Hook) -> None:
    """That client runs a loop of its own for it: in a thread, and each time anew."""
    assert await asyncio.to_thread(Bot(TOKEN, zalo.url).set_webhook, hook.url, SECRET)
    assert zalo.webhook == (hook.url, SECRET)
    info = await asyncio.to_thread(Bot(TOKEN, zalo.url).get_webhook_info)
    assert (info.url, type(info.updated_at)) == (hook.url, int)
    assert await asyncio.to_thread(Bot(TOKEN, zalo.url).delete_webhook)
    assert zalo.webhook == ("", "")
    assert (hook.bodies, hook.headers("X-Bot-Api-Secret-Token")) == ([{}], [SECRET]), "it was tried out"


async def test_without_a_webhook_there_is_nothing_to_tell_of_it(zalo: FakeZaloBot) -> None:
    assert (await called(zalo, "getWebhookInfo"))[0] == 404
    assert (await called(zalo, "deleteWebhook"))[1]["result"]["url"] == ""


async def test_an_event_comes_wrapped_or_bare_with_the_secret(zalo: FakeZaloBot, hook: Hook) -> None:
    await called(zalo, "setWebhook", url=hook.url, secret_token=SECRET)
    event = await zalo.says("Xin chào")
    await zalo.until(lambda: not zalo.pending)
    zalo.flat = True
    await zalo.says("Xin chào")
    await zalo.until(lambda: not zalo.pending)
    assert set(hook.headers("X-Bot-Api-Secret-Token")) == {SECRET}
    _, wrapped, bare = hook.bodies
    assert wrapped == {"ok": True, "result": event}
    assert bare.keys() == event.keys() == {"event_name", "message"}
    assert event["event_name"] == "message.text.received"
    assert event["message"] == {
        "from": {"id": AN, "display_name": "An", "is_bot": False},
        "chat": {"id": AN, "chat_type": "PRIVATE"},
        "text": "Xin chào",
        "message_id": event["message"]["message_id"],
        "date": event["message"]["date"],
        "message_type": "CHAT_MESSAGE",
    }


async def test_a_webhook_ends_polling_and_gets_what_waits(zalo: FakeZaloBot, hook: Hook) -> None:
    await zalo.says("Chào")
    await called(zalo, "setWebhook", url=hook.url, secret_token=SECRET)
    await zalo.until(lambda: not zalo.pending)
    assert [body["result"]["message"]["text"] for body in hook.bodies if body] == ["Chào"]
    assert (await called(zalo, "getUpdates", timeout=0))[1]["error_code"] == 404
    await called(zalo, "deleteWebhook")
    assert (await called(zalo, "getUpdates", timeout=0))[1]["error_code"] == 408


BROKEN_WEBHOOKS = {
    "no address": {"secret_token": SECRET},
    "no secret": {"url": "https://example.vn/hook"},
    "a secret of 7": {"url": "https://example.vn/hook", "secret_token": "a" * 7},
    "a secret of 257": {"url": "https://example.vn/hook", "secret_token": "a" * 257},
    "plain http": {"url": "http://example.vn/hook", "secret_token": SECRET},
}


@pytest.mark.parametrize("given", BROKEN_WEBHOOKS.values(), ids=BROKEN_WEBHOOKS)
async def test_a_broken_webhook_is_refused(zalo: FakeZaloBot, given: dict[str, str]) -> None:
    zalo.pinging = False
    assert (await called(zalo, "setWebhook", **given))[1]["error_code"] == 404
    assert zalo.webhook == ("", "")


async def test_an_address_that_does_not_answer_is_refused_unless_told(zalo: FakeZaloBot, hook: Hook) -> None:
    hook.statuses = [403]
    wanted = {"url": hook.url, "secret_token": SECRET}
    assert (await called(zalo, "setWebhook", **wanted))[1]["ok"] is False
    zalo.pinging, hook.statuses = False, [403]
    assert (await called(zalo, "setWebhook", **wanted))[1]["ok"] is True
    assert len(hook.got) == 1


async def test_what_is_not_taken_is_lost_unless_tries_are_asked_for(zalo: FakeZaloBot, hook: Hook) -> None:
    await called(zalo, "setWebhook", url=hook.url, secret_token=SECRET)
    hook.statuses = [500]
    await zalo.says("một")
    await zalo.until(lambda: not zalo.pending)
    zalo.retries, hook.statuses = (0.01,), [500]
    await zalo.says("hai")
    await zalo.until(lambda: not zalo.pending)
    assert [status for _, status in zalo.pushes] == [200, 500, 500, 200]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("image", {"photo", "caption"}),
        ("sticker", {"sticker", "url"}),
        ("voice", {"voice_url"}),
        ("unsupported", set()),
    ],
)
async def test_what_is_not_text_has_fields_of_its_own(zalo: FakeZaloBot, kind: str, fields: set[str]) -> None:
    event = await zalo.sends(kind, **({"caption": "Đây"} if kind == "image" else {}))
    assert event["event_name"] == f"message.{kind}.received"
    assert event["message"].keys() - {"from", "chat", "message_id", "date", "message_type"} == fields
