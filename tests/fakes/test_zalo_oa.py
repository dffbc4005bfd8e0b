"""The fake Zalo as zalo-sdk's client sees it, which somebody else wrote, and as a webhook sees it."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientSession
from zalo_sdk.oa import Client
from zalo_sdk.oa.ZaloMessage import ZaloAttachment, ZaloMessageBody, ZaloRecipient
from zalo_sdk.ZaloException import ZaloException

from bot.fakes.zalo_oa import (
    AN,
    APP_ID,
    APP_SECRET,
    CS,
    OA_ID,
    UNNAMED,
    WEBHOOK_SECRET,
    FakeZaloOA,
    fake_zalo_oa,
    refused,
)
from bot.fakes.zalo_oa_events import ATTACHMENTS
from bot.fakes.zalo_oa_rules import challenge, proof, signature
from tests.bot.parts import Clock
from tests.fakes.hook import Hook

BINH = "7411223344556677889"
DAY = 24 * 3600.0
BUTTON = {"title": "Giấy tờ", "type": "oa.query.hide", "payload": "#ask:documents"}


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


async def say(client: Client, text: str | None, person: str = AN, **more: Any) -> dict[str, Any]:
    """Send with the other's client, which waits: in a thread, so that the fake can answer."""
    body = ZaloMessageBody(text=text, **more)
    answer: dict[str, Any] = await asyncio.to_thread(client.send_message, ZaloRecipient(user_id=person), body)
    return answer


async def refusal(client: Client, text: str | None = "Chào", person: str = AN, **more: Any) -> int:
    """Return the number with which a message is refused."""
    with pytest.raises(ZaloException) as error:
        await say(client, text, person, **more)
    return int(re.search(r"-\d+", str(error.value))[0])  # type: ignore[index] # it always tells one


def with_buttons(*buttons: dict[str, Any]) -> ZaloAttachment:
    return ZaloAttachment("template", {"buttons": list(buttons)})


# Messages


async def test_a_message_of_a_foreign_client_arrives(zalo: FakeZaloOA, client: Client, clock: Clock) -> None:
    answer = await say(client, "Cần giấy tờ gì?", quote_message_id="96d3cdf3af150460909")
    (sent,) = zalo.sent
    assert (sent.person, sent.text, sent.quote) == (AN, "Cần giấy tờ gì?", "96d3cdf3af150460909")
    assert answer.pop("data") == {
        "message_id": sent.message_id,
        "user_id": AN,
        "sent_time": str(int(clock.now.timestamp() * 1000) + 1),
        "quota": {"quota_type": "reply", "remain": "8", "total": "8"},
    }
    assert answer == {"error": 0, "message": "Success"}


async def test_the_quota_may_be_absent(zalo: FakeZaloOA, client: Client) -> None:
    zalo.with_quota = False
    assert "quota" not in (await say(client, "Chào"))["data"]


async def test_buttons_are_kept_as_people_see_them(zalo: FakeZaloOA, client: Client) -> None:
    buttons: list[dict[str, Any]] = [
        BUTTON,
        {"title": "Hỏi tiếp", "type": "oa.query.show", "payload": "Hỏi tiếp"},
        {"title": "Mở cổng", "type": "oa.open.url", "payload": {"url": "https://dichvucong.gov.vn"}},
        {"title": "Gọi", "type": "oa.open.phone", "payload": {"phone_code": "84900000000"}},
        {"title": "Nhắn", "type": "oa.open.sms", "payload": {"content": "HOI", "phone_code": "84900000000"}},
    ]
    await say(client, "Chọn", attachment=with_buttons(*buttons))
    assert zalo.sent[0].labels == ["Giấy tờ", "Hỏi tiếp", "Mở cổng", "Gọi", "Nhắn"]
    assert zalo.sent[0].buttons == buttons


BROKEN_BUTTONS = {
    "six": [BUTTON] * 6,
    "none": [],
    "a title of 101": [BUTTON | {"title": "a" * 101}],
    "no title": [BUTTON | {"title": ""}],
    "a payload of 1001": [BUTTON | {"payload": "a" * 1001}],
    "a payload of the wrong shape": [BUTTON | {"payload": {"url": "https://dichvucong.gov.vn"}}],
    "an unknown type": [BUTTON | {"type": "oa.query.maybe"}],
    "a link without an address": [BUTTON | {"type": "oa.open.url"}],
    "a link to nowhere": [BUTTON | {"type": "oa.open.url", "payload": {"url": "nowhere"}}],
    "a call without a number": [BUTTON | {"type": "oa.open.phone", "payload": {"phone_code": "+84 9"}}],
    "an sms of 161": [
        BUTTON | {"type": "oa.open.sms", "payload": {"content": "a" * 161, "phone_code": "849"}}
    ],
}


@pytest.mark.parametrize("buttons", BROKEN_BUTTONS.values(), ids=BROKEN_BUTTONS)
async def test_a_broken_button_is_refused(
    zalo: FakeZaloOA, client: Client, buttons: list[dict[str, Any]]
) -> None:
    assert await refusal(client, "Chọn", attachment=with_buttons(*buttons)) == -201
    assert not zalo.sent


@pytest.mark.parametrize(("text", "code"), [("a" * 2001, -210), ("😀" * 1001, -210), ("", -201), (" ", -201)])
async def test_a_text_has_up_to_2000_characters(
    zalo: FakeZaloOA, client: Client, text: str, code: int
) -> None:
    assert await refusal(client, text) == code
    await say(client, "đ" * 2000)
    assert zalo.texts_to(AN) == ["đ" * 2000]


async def test_pictures_files_and_forms_have_shapes_of_their_own(zalo: FakeZaloOA, client: Client) -> None:
    picture = {"template_type": "media", "elements": [{"media_type": "image", "url": "https://example.vn/a"}]}
    form = {"title": "Tên", "subtitle": "Để gọi lại", "image_url": "https://example.vn/a.jpg"}
    await say(client, "Đây", attachment=ZaloAttachment("template", picture))
    await say(client, None, attachment=ZaloAttachment("file", {"token": "made-up-upload"}))
    asked = {"template_type": "request_user_info", "elements": [form]}
    await say(client, None, attachment=ZaloAttachment("template", asked))
    assert [message.attachment and message.attachment["type"] for message in zalo.sent] == [
        "template",
        "file",
        "template",
    ]
    a_list = {"template_type": "list", "elements": [{"title": "a"}]}
    assert await refusal(client, "a", attachment=ZaloAttachment("template", a_list)) == -201
    assert (
        await refusal(client, "a", attachment=ZaloAttachment("template", picture | {"elements": []})) == -201
    )


async def test_where_buttons_are_not_supported_text_still_goes(zalo: FakeZaloOA, client: Client) -> None:
    zalo.buttons_allowed = False
    assert await refusal(client, "Chọn", attachment=with_buttons(BUTTON)) == -233
    await say(client, "1. Giấy tờ")
    assert zalo.texts_to(AN) == ["1. Giấy tờ"]


async def test_a_file_is_uploaded_before_it_is_sent(client: Client) -> None:
    image = await asyncio.to_thread(client.upload_file, b"a" * 9, "image", "a.jpg", "image/jpeg")
    paper = await asyncio.to_thread(client.upload_file, b"a" * 9, "file", "a.pdf", "application/pdf")
    assert image["data"]["attachment_id"] != paper["data"]["token"]
    with pytest.raises(ZaloException, match="-210"):
        await asyncio.to_thread(client.upload_file, b"a" * 1_048_577, "image", "a.jpg", "image/jpeg")


# Whom it reaches


async def test_people_are_told_apart(zalo: FakeZaloOA, client: Client) -> None:
    assert await refusal(client, person=BINH) == -213
    await zalo.opens_chat(BINH)
    await say(client, "Chào Bình", BINH)
    await zalo.unfollows(BINH)
    assert await refusal(client, person=BINH) == -213
    await zalo.follows(BINH)
    zalo.people[AN].blocks = True
    assert await refusal(client) == -213
    await say(client, "Chào lại", BINH)
    assert zalo.texts_to(BINH) == ["Chào Bình", "Chào lại"]


async def test_after_seven_days_of_silence_nothing_is_let_through(
    zalo: FakeZaloOA, client: Client, clock: Clock
) -> None:
    zalo.tokens.access_for = dt.timedelta(days=30)
    clock.pass_by(7 * DAY)
    await say(client, "Chào")
    clock.pass_by(1)
    assert await refusal(client) == -230
    await zalo.says("Còn đây")
    await say(client, "Chào")


async def test_a_person_is_described(client: Client) -> None:
    detail = (await asyncio.to_thread(client.get_user_detail, AN))["data"]
    assert (detail["user_id"], detail["user_is_follower"]) == (AN, True)
    assert detail["user_last_interaction_date"] == "20/07/2026"


async def test_who_is_not_signed_in_is_answered_in_the_conversation(zalo: FakeZaloOA) -> None:
    await zalo.says_unnamed("Chào", "anonymous-1", "conversation-1")
    known = {"anonymous_id": "anonymous-1", "conversation_id": "conversation-1"}
    stranger = {"anonymous_id": "anonymous-1", "conversation_id": "conversation-2"}
    token = zalo.tokens.mint()
    codes = [
        (await called(zalo, "/v2.0/oa/message", token, recipient=one, message={"text": "Chào"}))["error"]
        for one in (known, stranger)
    ]
    assert codes == [0, -213]
    assert (zalo.texts_to("anonymous-1"), zalo.called(UNNAMED)) == (["Chào"], 2)


async def called(zalo: FakeZaloOA, path: str, token: str, proof: str = "", **body: Any) -> Any:
    headers = {"access_token": token} | ({"appsecret_proof": proof} if proof else {})
    async with (
        ClientSession(headers=headers) as session,
        session.request("POST" if body else "GET", f"{zalo.url}{path}", json=body or None) as response,
    ):
        assert response.status == 200
        return await response.json()


# Who may call


async def test_the_account_can_be_looked_at(zalo: FakeZaloOA) -> None:
    assert (await called(zalo, "/v2.0/oa/getoa", "stranger"))["error"] == -216
    assert (await called(zalo, "/v2.0/oa/getoa", ""))["error"] == -216
    assert (await called(zalo, "/v2.0/oa/getoa", zalo.tokens.mint()))["data"]["oa_id"] == OA_ID
    zalo.package_allows = False
    assert (await called(zalo, "/v2.0/oa/getoa", zalo.tokens.access))["error"] == -224


async def test_a_proof_of_the_secret_can_be_demanded(zalo: FakeZaloOA) -> None:
    zalo.proof_required = True
    token = zalo.tokens.mint()
    right = proof(APP_SECRET, token)
    given = [(await called(zalo, "/v2.0/oa/getoa", token, one))["error"] for one in ("", "0" * 64, right)]
    assert given == [-242, -242, 0]


async def test_bad_days_are_seen_as_such(zalo: FakeZaloOA, client: Client) -> None:
    zalo.next(CS, refused(-32), refused(-221))
    assert [await refusal(client) for _ in range(2)] == [-32, -221]
    await say(client, "Chào")
    zalo.always(CS, refused(-204))
    assert [await refusal(client) for _ in range(2)] == [-204, -204]
    assert (zalo.called(CS), zalo.texts_to(AN)) == (5, ["Chào"])


# Tokens


async def exchanged(zalo: FakeZaloOA, secret: str = APP_SECRET, **form: str) -> Any:
    form = {"app_id": APP_ID, "grant_type": "refresh_token", "refresh_token": zalo.tokens.refresh} | form
    async with (
        ClientSession(headers={"secret_key": secret}) as session,
        session.post(f"{zalo.url}/v4/oa/access_token", data=form) as response,
    ):
        assert response.status == 200
        return json.loads(await response.read() or "null")


async def test_a_new_pair_ends_the_one_before(zalo: FakeZaloOA, client: Client) -> None:
    first = zalo.tokens.refresh
    assert await exchanged(zalo) == {
        "access_token": zalo.tokens.access,
        "refresh_token": zalo.tokens.refresh,
        "expires_in": "90000",
    }
    assert await refusal(client) == -220
    assert (await say(a_client(zalo, zalo.tokens.access), "Chào"))["error"] == 0
    assert (await exchanged(zalo, refresh_token=first))["error"] == -14014
    assert zalo.tokens.refreshes == 1, "a token that is spent brings nothing"


async def test_a_spent_token_may_get_no_answer_at_all(zalo: FakeZaloOA) -> None:
    zalo.tokens.empty_when_spent = True
    first = zalo.tokens.refresh
    assert await exchanged(zalo, refresh_token=first)
    assert await exchanged(zalo, refresh_token=first) is None
    assert (await exchanged(zalo, refresh_token="stranger"))["error"] == -14014


async def test_who_is_wrong_is_told_what_is_wrong(zalo: FakeZaloOA) -> None:
    found = [
        await exchanged(zalo, app_id="1"),
        await exchanged(zalo, secret="wrong"),
        await exchanged(zalo, grant_type="password"),
        await exchanged(zalo, grant_type="authorization_code", code="stranger"),
        await exchanged(zalo, refresh_token="stranger"),
    ]
    assert [one["error"] for one in found] == [-14002, -14004, -14018, -14005, -14014]
    assert found[-1]["error_name"] == "Invalid refresh token."
    assert found[-1].keys() == {"error", "error_name", "error_description", "error_reason", "ref_doc"}
    assert zalo.tokens.refreshes == 0


async def test_tokens_die_of_age_or_before(zalo: FakeZaloOA, client: Client, clock: Clock) -> None:
    clock.pass_by(90_000)
    await say(client, "Chào")
    clock.pass_by(1)
    assert await refusal(client) == -220
    await exchanged(zalo)
    renewed = a_client(zalo, zalo.tokens.access)
    await say(renewed, "Chào")
    zalo.tokens.expire()
    assert await refusal(renewed) == -220
    clock.pass_by(91 * DAY)
    assert (await exchanged(zalo))["error"] == -14014


async def test_the_first_pair_comes_by_a_code_after_consent(zalo: FakeZaloOA, clock: Clock) -> None:
    assert challenge("A" * 43) == "DwBzhbb51LfusnSGBa_hqYSgo7-j8BTQnip4TOnlzRo"
    code = await consent(zalo, challenge("A" * 43))
    redeem = {"grant_type": "authorization_code", "code": code}
    assert (await exchanged(zalo, **redeem, code_verifier="A" * 43))["access_token"] == zalo.tokens.access
    assert (await exchanged(zalo, **redeem, code_verifier="A" * 43))["error"] == -14005, "a code is used once"
    redeem["code"] = await consent(zalo, challenge("A" * 43))
    assert (await exchanged(zalo, **redeem, code_verifier="B" * 43))["error"] == -14005
    redeem["code"] = await consent(zalo, challenge("A" * 43))
    clock.pass_by(601)
    assert (await exchanged(zalo, **redeem, code_verifier="A" * 43))["error"] == -14005, (
        "ten minutes are over"
    )
    assert zalo.tokens.refreshes == 0


async def consent(zalo: FakeZaloOA, code_challenge: str) -> str:
    asked = {"app_id": APP_ID, "redirect_uri": "https://example.vn/back", "state": "made-up"}
    asked["code_challenge"] = code_challenge
    async with (
        ClientSession() as session,
        session.get(f"{zalo.url}/v4/oa/permission", params=asked, allow_redirects=False) as response,
    ):
        back = parse_qs(urlsplit(response.headers["Location"]).query)
    assert (back["oa_id"], back["state"]) == ([OA_ID], ["made-up"])
    return back["code"][0]


# What is reported


def test_the_signature_is_the_one_that_others_compute() -> None:
    raw = (
        '{"app_id":"360846524940903967","sender":{"id":"246845883529197922"},'
        '"user_id_by_app":"552177279717587730","recipient":{"id":"388613280878808645"},'
        '"event_name":"user_send_text","message":{"text":"Xin chào","msg_id":"96d3cdf3af150460909"},'
        '"timestamp":"1543908534740"}'
    ).encode()
    assert len(raw) == 266
    assert signature("360846524940903967", raw, "1543908534740", "TEST_OA_SECRET") == (
        "mac=f01d8760a7e06349cb298bb04a2e02e613353a41f1db1e55ffc0bce7c9733a51"
    )


@pytest.fixture(autouse=True)
def _told_of_the_webhook(zalo: FakeZaloOA, request: pytest.FixtureRequest) -> None:
    """Write the address into the console, in the tests that have one."""
    if "hook" in request.fixturenames:
        zalo.webhook = request.getfixturevalue("hook").url


async def test_an_event_is_signed_and_without_a_needless_blank(zalo: FakeZaloOA, hook: Hook) -> None:
    event = await zalo.says("Xin chào", BINH, quote="96d3cdf3af150460909")
    await zalo.until(lambda: not zalo.pending)
    ((raw, headers),) = hook.got
    assert headers["X-ZEvent-Signature"] == signature(APP_ID, raw, event["timestamp"], WEBHOOK_SECRET)
    assert b'","' in raw
    assert b'": ' not in raw
    assert "Xin chào".encode() in raw
    assert json.loads(raw) == {
        "app_id": APP_ID,
        "sender": {"id": BINH},
        "user_id_by_app": event["user_id_by_app"],
        "recipient": {"id": OA_ID},
        "event_name": "user_send_text",
        "message": {
            "text": "Xin chào",
            "msg_id": event["message"]["msg_id"],
            "quote_msg_id": "96d3cdf3af150460909",
        },
        "timestamp": event["timestamp"],
    }
    assert re.fullmatch(r"\d{13}", event["timestamp"])


@pytest.mark.parametrize("kind", ATTACHMENTS)
async def test_what_is_not_text_comes_as_an_attachment(zalo: FakeZaloOA, kind: str) -> None:
    event = await zalo.sends(kind, text="Đây")
    assert event["event_name"] == f"user_send_{kind}"
    (attachment,) = event["message"]["attachments"]
    assert attachment["type"] == ("link" if kind == "business_card" else kind)
    assert event["message"]["text"] == "Đây"


async def test_a_place_is_told_in_text_and_a_card_in_json() -> None:
    coordinates = ATTACHMENTS["location"][1]["coordinates"]
    assert all(isinstance(number, str) for number in coordinates.values())
    assert json.loads(ATTACHMENTS["business_card"][1]["description"]).keys() == {"phone", "qrCodeUrl"}


async def test_who_follows_stands_elsewhere_than_who_writes(zalo: FakeZaloOA) -> None:
    for event in (await zalo.follows(BINH), await zalo.unfollows(BINH)):
        assert (event["follower"], event["oa_id"]) == ({"id": BINH}, OA_ID)
        assert "sender" not in event
    assert (await zalo.opens_chat(BINH))["user_id"] == BINH


async def test_our_own_words_come_back_and_those_of_our_staff_with_a_name(
    zalo: FakeZaloOA, hook: Hook, client: Client
) -> None:
    await say(client, "Chào")
    await zalo.staff_says("Để tôi xem", admin="490000000000000011")
    await zalo.until(lambda: not zalo.pending)
    _, echo, by_hand = sorted(hook.bodies, key=lambda event: str(event["timestamp"]))
    assert (echo["event_name"], echo["sender"], echo["recipient"]) == (
        "oa_send_text",
        {"id": OA_ID},
        {"id": AN},
    )
    assert echo["message"]["msg_id"] == zalo.sent[0].message_id
    assert by_hand["sender"] == {"id": OA_ID, "admin_id": "490000000000000011"}
    assert zalo.texts_to(AN) == ["Chào", "Để tôi xem"]


async def test_a_tap_is_written_text(zalo: FakeZaloOA) -> None:
    event = await zalo.taps("#ask:documents")
    assert (event["event_name"], event["message"]["text"]) == ("user_send_text", "#ask:documents")


async def test_other_things_happen_too(zalo: FakeZaloOA) -> None:
    assert (await zalo.withdraws())["event_name"] == "user_withdraw"
    assert (await zalo.sees("a", "b"))["message"] == {"msg_ids": ["a", "b"]}
    assert (await zalo.receives("a"))["message"] == {"msg_id": "a"}
    assert (await zalo.reacts("a"))["message"]["react_icon"]
    unnamed = await zalo.says_unnamed("Chào", "anonymous-1", "conversation-1")
    assert unnamed["message"]["conversation_id"] == "conversation-1"
    assert (await zalo.happens("user_send_hologram", beam={"strength": 7}))["beam"] == {"strength": 7}


async def test_no_two_events_have_the_same_time_even_when_the_clock_stands(zalo: FakeZaloOA) -> None:
    times = [(await zalo.follows())["timestamp"] for _ in range(5)]
    assert len(set(times)) == 5


async def test_what_is_not_taken_comes_again_with_a_number(zalo: FakeZaloOA, hook: Hook) -> None:
    hook.statuses = [503, 0]
    await zalo.says("Chào")
    await zalo.until(lambda: not zalo.pending)
    assert [status for _, status in zalo.pushes] == [503, 0, 200]
    assert hook.headers("num_retry") == ["", "1", "2"]
    assert len(set(hook.headers("X-ZEvent-Signature"))) == len({raw for raw, _ in hook.got}) == 1


async def test_after_the_last_try_nothing_is_reported_any_more(zalo: FakeZaloOA, hook: Hook) -> None:
    hook.statuses = [500, 201, 500]
    await zalo.says("Chào")
    await zalo.until(lambda: not zalo.subscribed)
    await zalo.says("Còn đó không")
    assert not zalo.pending
    assert len(hook.got) == 3


async def test_a_slow_one_holds_up_nobody_else(zalo: FakeZaloOA, hook: Hook) -> None:
    zalo.answer_seconds = 30
    hook.statuses = [0]
    await zalo.says("một")
    await zalo.says("hai")
    await zalo.until(lambda: [status for _, status in zalo.pushes] == [200])
    assert len(zalo.pending) == 1


async def test_the_console_tries_the_address_without_a_signature(zalo: FakeZaloOA, hook: Hook) -> None:
    assert await zalo.checks_webhook() == 200
    assert (hook.bodies, hook.headers("X-ZEvent-Signature")) == ([{}], [""])
