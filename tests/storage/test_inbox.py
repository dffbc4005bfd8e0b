"""Each message is taken once, in the order of receipt."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from storage.records import Backlog, EventName, NewItem
from storage.unit_of_work import Storage
from tests.storage.builders import (
    BOT,
    CHANNEL,
    DAY,
    KEYS,
    MINUTE,
    NOW,
    a_receipt,
    accept,
    answer,
    conversation_of,
)


async def test_a_repeated_message_is_taken_once(storage: Storage) -> None:
    assert await accept(storage, a_receipt("1"), a_receipt("1", text="again")) == [True, False]
    conversation = await conversation_of(storage)
    assert conversation
    async with storage.reading() as unit:
        assert [message.text for message in await unit.inbox.pending(conversation)] == ["làm khai sinh"]


async def test_the_same_message_arriving_twice_at_once_is_taken_once(storage: Storage) -> None:
    results = await asyncio.gather(*(accept(storage, a_receipt("1")) for _ in range(8)))
    assert sorted(results) == [[False]] * 7 + [[True]]
    async with storage.reading() as unit:
        assert await unit.journal.counts(NOW, NOW + DAY) == {EventName.PERSON_STARTED: 1}


async def test_the_same_number_from_another_bot_is_another_message(storage: Storage) -> None:
    other = dataclasses.replace(a_receipt("1"), bot="other", person_key=KEYS.key(CHANNEL, "other", "1"))
    assert await accept(storage, a_receipt("1"), other) == [True, True]


async def test_messages_wait_in_the_order_of_receipt_with_all_they_hold(storage: Storage) -> None:
    await accept(storage, a_receipt("9", at=NOW + MINUTE), a_receipt("10", text=None, payload="s|1", at=NOW))
    conversation = await conversation_of(storage)
    assert conversation
    async with storage.reading() as unit:
        first, second = await unit.inbox.pending(conversation)
        assert await unit.inbox.oldest_unhandled() == NOW
    assert (first.message_id, first.kind, first.text, first.payload) == ("9", "text", "làm khai sinh", None)
    assert (second.message_id, second.text, second.payload) == ("10", None, "s|1")
    assert first.received_at == NOW + MINUTE
    assert first.received_at.utcoffset() == second.received_at.utcoffset() == NOW.utcoffset()


async def test_a_handled_message_waits_no_more(storage: Storage) -> None:
    await accept(storage, a_receipt("1"), a_receipt("2", text="second"))
    conversation = await answer(storage, "done")
    async with storage.reading() as unit:
        assert [message.text for message in await unit.inbox.pending(conversation)] == ["second"]


async def test_a_message_is_known_to_be_handled(storage: Storage) -> None:
    await accept(storage, a_receipt("1"), a_receipt("2"))
    await answer(storage, "done")
    async with storage.reading() as unit:
        assert await unit.inbox.handled(CHANNEL, BOT, "1")
        assert not await unit.inbox.handled(CHANNEL, BOT, "2")
        assert not await unit.inbox.handled(CHANNEL, BOT, "3")


async def test_a_person_starts_once_and_keeps_one_conversation(storage: Storage) -> None:
    await accept(storage, a_receipt("1"), a_receipt("2", at=NOW + DAY), a_receipt("3", user_id="2"))
    async with storage.reading() as unit:
        assert await unit.journal.counts(NOW, NOW + 2 * DAY) == {EventName.PERSON_STARTED: 2}
    assert await conversation_of(storage) != await conversation_of(storage, "2")
    assert await conversation_of(storage, "3") is None


async def test_many_first_messages_at_once_make_one_person(storage: Storage) -> None:
    await asyncio.gather(*(accept(storage, a_receipt(str(number))) for number in range(8)))
    conversation = await conversation_of(storage)
    assert conversation
    async with storage.reading() as unit:
        assert len(await unit.inbox.pending(conversation)) == 8
        assert await unit.journal.counts(NOW, NOW + DAY) == {EventName.PERSON_STARTED: 1}


async def test_characters_that_a_database_refuses_do_not_lose_the_message(storage: Storage) -> None:
    assert await accept(storage, a_receipt("1", text="a\0b\ud83dc")) == [True]
    conversation = await conversation_of(storage)
    assert conversation
    async with storage.reading() as unit:
        (message,) = await unit.inbox.pending(conversation)
    assert message.text == "a\N{REPLACEMENT CHARACTER}b?c"


@pytest.mark.parametrize("odd", ["'", '"', "\\", "{1,2}", "NULL", "", "a\0b", "\ud83d", "ữ" * 3000, "1, 2"])
async def test_a_message_is_known_again_whatever_its_id_looks_like(odd: str, storage: Storage) -> None:
    assert await accept(storage, a_receipt(odd), a_receipt("1")) == [True, True]
    assert await accept(storage, a_receipt(odd), a_receipt("2")) == [False, True]


async def test_hundreds_arrive_at_once(storage: Storage) -> None:
    receipts = [a_receipt(str(number), user_id=str(number % 70)) for number in range(300)]
    async with storage.writing() as unit:
        assert len(await unit.inbox.accept_all(receipts)) == 300
        assert len(await unit.inbox.accept_all([*receipts[:299], a_receipt("new")])) == 1
        await unit.commit()
    async with storage.reading() as unit:
        assert await unit.journal.counts(NOW, NOW + DAY) == {EventName.PERSON_STARTED: 71}


async def test_what_waits_is_counted_from_the_oldest(storage: Storage) -> None:
    async with storage.reading() as unit:
        assert await unit.inbox.waiting() == Backlog()
    await accept(storage, a_receipt("1"), a_receipt("2", user_id="2", at=NOW + MINUTE))
    async with storage.reading() as unit:
        assert await unit.inbox.waiting() == Backlog(2, NOW)
    await answer(storage, "một")
    async with storage.reading() as unit:
        assert await unit.inbox.waiting() == Backlog(1, NOW + MINUTE)


async def test_the_newest_receipt_of_each_bot_is_known(storage: Storage) -> None:
    other = dataclasses.replace(a_receipt("1", at=NOW + 2 * MINUTE), channel="web", bot="page")
    await accept(storage, a_receipt("1"), a_receipt("2", at=NOW + MINUTE), other)
    async with storage.reading() as unit:
        newest = await unit.inbox.newest()
        mine = newest[CHANNEL, BOT]
        assert {bot: heard.at for bot, heard in newest.items()} == {
            (CHANNEL, BOT): NOW + MINUTE,
            ("web", "page"): NOW + 2 * MINUTE,
        }
        assert list(await unit.inbox.newest(mine.id)) == [("web", "page")]
        assert await unit.inbox.newest(newest["web", "page"].id) == {}
        assert await unit.inbox.newest(but=("text",)) == {}


async def test_what_we_put_is_met_in_its_turn_and_once(storage: Storage) -> None:
    await accept(storage, a_receipt("1"))
    conversation = await conversation_of(storage)
    assert conversation
    item = NewItem(conversation, "ours:1", "follow_up", NOW, NOW + DAY, payload="x")
    assert [await put(storage, item), await put(storage, item)] == [True, False]
    async with storage.reading() as unit:
        theirs, ours = await unit.inbox.pending(conversation)
    assert (theirs.kind, ours.kind, ours.payload) == ("text", "follow_up", "x")


async def test_nothing_is_put_into_a_conversation_that_is_no_more(storage: Storage) -> None:
    assert not await put(storage, NewItem(4711, "ours:1", "follow_up", NOW, NOW + DAY))


async def put(storage: Storage, item: NewItem) -> bool:
    async with storage.writing() as unit:
        new = await unit.inbox.put(item)
        await unit.commit()
    return new
