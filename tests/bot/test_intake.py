"""The door: what is stored when somebody was told «received»."""

from __future__ import annotations

import pytest

from bot.channels.base import Received
from intents.text import MAX_CHARS
from intents.turn import Inbound, Kind
from storage.errors import DatabaseUnavailableError
from storage.records import PendingMessage
from storage.unit_of_work import Storage
from tests.bot.parts import BOT, CHANNEL, RETENTION, House, a_message, bytes_on_disk


async def pending(house: House, user: str = "an") -> tuple[PendingMessage, ...]:
    conversation = await house.conversation(user)
    assert conversation is not None
    async with house.storage.reading() as unit:
        return await unit.inbox.pending(conversation)


async def stored(house: House, text: str) -> str:
    await house.receives(text)
    (message,) = await pending(house)
    return message.text or ""


async def test_the_receipt_is_there_when_accept_returns(house: House) -> None:
    assert await house.intake.accept(a_message("món 1"))
    (message,) = await pending(house)
    assert (message.kind, message.text, message.attempts) == ("text", "món 1", 0)
    assert message.received_at == house.clock()
    assert house.woken == ["workers"]


async def test_a_repeat_is_told_and_wakes_nobody(house: House) -> None:
    assert await house.intake.accept(a_message("món 1"))
    assert not await house.intake.accept(a_message("món 1"))
    assert not await house.intake.accept(a_message("other words, same message"))
    assert len(await pending(house)) == 1
    assert house.woken == ["workers"]


async def test_ids_of_two_bots_may_collide(house: House) -> None:
    other = Received(CHANNEL, "another_bot", "1", "an", {"chat": "an"}, Inbound(Kind.TEXT, "món 2"))
    assert [await house.intake.accept(one) for one in (a_message("món 1"), other)] == [True, True]


async def test_personal_numbers_are_masked_before_anything_is_stored(house: House, sqlite_url: str) -> None:
    text = await stored(house, "CCCD 024099001234, số 0912 345 678, mã OTP là 482913, việc 1.001193")
    assert "1.001193" in text
    assert text.count("[•••]") == 3
    for number in (b"024099001234", b"345 678", b"482913"):
        assert number not in bytes_on_disk(sqlite_url)


async def test_neither_id_nor_address_of_a_person_is_stored_in_clear(house: House, sqlite_url: str) -> None:
    await house.receives("món 1", user="8812345678")
    assert b"8812345678" not in bytes_on_disk(sqlite_url).replace(b"8812345678-1", b"")


async def test_20000_characters_are_cut(house: House) -> None:
    text = await stored(house, "a b" * 7000)
    assert 0 < len(text) <= MAX_CHARS + 1


async def test_the_need_at_the_end_of_a_long_message_is_kept(house: House) -> None:
    assert (await stored(house, "kể lể " * 3000 + "món 7")).endswith("món 7")


@pytest.mark.parametrize("text", ["a" * 200_000, "1" * 200_000, "a." * 100_000, "otp " * 50_000])
async def test_a_hostile_text_is_masked_in_a_moment(house: House, text: str) -> None:
    """Without a clock: what is quadratic runs into the time limit of all tests."""
    assert len(await stored(house, text)) <= MAX_CHARS + 1


async def test_bytes_that_databases_refuse_are_left_out(storage: Storage, house: House) -> None:
    house.storage = storage
    await house.receives("món\x00 1", "nửa \ud83d cặp")
    assert [message.text for message in await pending(house)] == ["món 1", "nửa ? cặp"]


async def test_a_button_and_a_link_bring_their_payload(house: House) -> None:
    await house.intake.accept(a_message("Giấy tờ", payload="ask:documents"))
    start = Inbound(Kind.START, payload="dish-3")
    await house.intake.accept(Received(CHANNEL, BOT, "2", "an", {"chat": "an"}, start))
    kinds = [(message.kind, message.payload) for message in await pending(house)]
    assert kinds == [("button", "ask:documents"), ("start", "dish-3")]


async def test_texts_expire_after_the_retention_time(house: House) -> None:
    await house.receives("món 1")
    await house.worker().work()
    house.clock.now += RETENTION
    async with house.storage.writing() as unit:
        assert (await unit.retention.purge(house.clock())).texts == 1


async def test_nobody_is_told_received_while_the_database_is_away(house: House, sqlite_url: str) -> None:
    impatient = Storage(sqlite_url, wait_seconds=0.05)
    house.storage, held = impatient, house.storage
    async with held.writing():
        with pytest.raises(DatabaseUnavailableError):
            await house.intake.accept(a_message("món 1"))
    assert house.woken == []
    assert await house.intake.accept(a_message("món 1"))
    await impatient.close()
    house.storage = held
