"""People write on Telegram, the whole service runs beside it: replaced by a newer one, killed, by webhook."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import unused_port

from bot.fakes.telegram import TOKEN, FakeTelegram, held
from tests.bot.service import Service

BINH, CHI, DUNG = 7_700_010_001, 7_700_010_002, 7_700_010_003
QUESTION = "đăng ký khai sinh cần giấy tờ gì"
WEBHOOK = {"TELEGRAM_MODE": "webhook", "TELEGRAM_WEBHOOK_SECRET": "a-Secret_1"}


@pytest.fixture
def service(fake: FakeTelegram, tmp_path: Path) -> Service:
    settings = {
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_API_URL": fake.url,
        "TELEGRAM_RATE_PER_S": "1000",
        "TELEGRAM_CHAT_RATE_PER_S": "1000",
    }
    return Service(tmp_path, unused_port(), settings)


def answers(fake: FakeTelegram) -> Counter[int]:
    """Count the messages that each person was sent."""
    return Counter(message.chat_id for message in fake.sent)


async def test_stopped_moved_to_a_webhook_and_killed_it_answers_everything_once(
    service: Service, fake: FakeTelegram
) -> None:
    """One story, since every start of the service reads all content, which takes seconds."""
    newer = replace(service, port=unused_port())
    async with service.running() as older:
        await hold_a_conversation(fake)
        async with newer.running(**WEBHOOK) as process:
            await answer_what_stays_unconfirmed(fake)
            assert fake.webhook == ("", ""), "the older still decides how updates come"
            await service.stop(older)
            await fake.says(QUESTION, DUNG)
            await fake.until(lambda: answers(fake) == {BINH: 3, CHI: 1, DUNG: 1})
            assert fake.webhook[0].startswith(newer.url)
            await receive_what_cannot_be_answered(fake)
            process.kill()
    await fake.until(lambda: not fake.busy)
    assert answers(fake) == {BINH: 3, CHI: 1, DUNG: 1}, "Telegram accepted nothing more"
    fake.always("sendmessage", None)
    await fake.says(QUESTION, DUNG)
    async with service.running(**WEBHOOK) as process:
        await fake.until(lambda: answers(fake) == {BINH: 4, CHI: 2, DUNG: 2})
        for person in (BINH, CHI, DUNG):
            await fake.says("/start", person)
        await fake.until(lambda: answers(fake) == {BINH: 5, CHI: 3, DUNG: 3} and not fake.pending)
        await service.stop(process)
    assert answers(fake) == {BINH: 5, CHI: 3, DUNG: 3}
    tells_nothing_of_people(service)


async def hold_a_conversation(fake: FakeTelegram) -> None:
    await fake.says("/start 1_001193", BINH)
    await fake.until(lambda: answers(fake) == {BINH: 1})
    assert "khai sinh" in fake.sent[-1].text.lower(), "the link led to the service"
    await fake.says(QUESTION, BINH)
    await fake.until(lambda: answers(fake) == {BINH: 2})
    assert "khai sinh" in fake.sent[-1].text.lower()
    tapped = fake.sent[-1].buttons[0][0]
    tap = await fake.taps(tapped["callback_data"], BINH)
    await fake.until(lambda: answers(fake) == {BINH: 3} and fake.taps_answered)
    assert fake.taps_answered == [tap["callback_query"]["id"]]
    await fake.until(lambda: f"✓ {tapped['text']}" in fake.sent[1].labels)
    assert set(fake.commands) == {"", "vi"}


async def answer_what_stays_unconfirmed(fake: FakeTelegram) -> None:
    """A photo is fetched and answered, but the call that would confirm it never comes through."""
    await fake.until(lambda: not fake.pending)
    fake.next("getupdates", held(asyncio.Event()))
    photo = {"file_id": "made-up", "file_unique_id": "made-up", "width": 90, "height": 67}
    chat = {"id": CHI, "type": "private"}
    await fake.happens("message", {"message_id": 7, "date": 0, "chat": chat, "photo": [photo]}, CHI)
    await fake.until(lambda: answers(fake) == {BINH: 3, CHI: 1})
    assert len(fake.pending) == 1


async def receive_what_cannot_be_answered(fake: FakeTelegram) -> None:
    """One answer is under way and never accepted; the other question has only just been received."""
    fake.always("sendmessage", held(asyncio.Event()))
    sends = fake.called("sendmessage")
    await fake.says(QUESTION, BINH)
    await fake.until(lambda: fake.called("sendmessage") > sends)
    second = await fake.says(QUESTION, CHI)
    await fake.until(lambda: (second["update_id"], 200) in fake.pushes)


def tells_nothing_of_people(service: Service) -> None:
    log = service.log
    for secret in (TOKEN.partition(":")[2], "a-Secret_1", "khai sinh", str(BINH), str(CHI), str(DUNG)):
        assert secret not in log
