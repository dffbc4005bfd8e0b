"""Replies are sent in order, tried again, and given up in the open."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from sqlalchemy import text

from storage.migrate import upgrade
from storage.records import Backlog, EventName, NewReply, OutgoingReply, Retry
from storage.unit_of_work import Storage
from tests.storage.builders import (
    BOT,
    CHANNEL,
    DAY,
    KEYS,
    MINUTE,
    NOW,
    SECOND,
    a_receipt,
    a_reply,
    accept,
    answer,
    bodies_due,
    conversation_of,
)


async def first_due(storage: Storage) -> OutgoingReply:
    async with storage.reading() as unit:
        reply, *_ = await unit.outbox.due(CHANNEL, BOT, NOW, 10)
    return reply


async def sent(storage: Storage, reply_id: int) -> None:
    async with storage.writing() as uow:
        await uow.outbox.mark_sent([reply_id], NOW)
        await uow.commit()


async def test_a_reply_comes_with_the_address_to_send_it_to(storage: Storage) -> None:
    await accept(storage, a_receipt(user_id="77"))
    conversation = await answer(storage, "xin chào")
    reply = await first_due(storage)
    assert KEYS.unseal(reply.sealed) == {"chat_id": "77"}
    assert (reply.conversation_id, reply.channel, reply.bot) == (conversation, CHANNEL, BOT)
    assert (json.loads(reply.body), reply.attempts, reply.last) == ({"text": "xin chào"}, 0, False)
    assert reply.created_at == NOW


async def test_the_newest_address_is_used(storage: Storage) -> None:
    await accept(storage, a_receipt("1"))
    await answer(storage, "a")
    moved = a_receipt("2")
    async with storage.writing() as uow:
        await uow.inbox.accept(moved)
        await uow.commit()
    assert (await first_due(storage)).sealed == moved.sealed


async def test_replies_of_a_conversation_go_one_after_the_other(storage: Storage) -> None:
    await accept(storage, a_receipt())
    await answer(storage, "one", "two", "three")
    order = []
    for _ in range(3):
        assert len(await bodies_due(storage)) == 1
        reply = await first_due(storage)
        order.append(json.loads(reply.body)["text"])
        await sent(storage, reply.id)
    assert order == ["one", "two", "three"]
    assert await bodies_due(storage) == []


async def test_a_later_reply_never_overtakes_one_that_waits_for_a_new_try(storage: Storage) -> None:
    await accept(storage, a_receipt("1", user_id="a"), a_receipt("2", user_id="b"))
    await answer(storage, "a1", "a2")
    await answer(storage, "b1")
    async with storage.writing() as uow:
        await uow.outbox.retry_later(Retry((await first_due(storage)).id, NOW + MINUTE, "down"))
        await uow.commit()
    assert await bodies_due(storage) == ["b1"]
    assert await bodies_due(storage, NOW + MINUTE) == ["b1", "a1"]
    async with storage.reading() as unit:
        _, again = await unit.outbox.due(CHANNEL, BOT, NOW + MINUTE, 10)
    assert again.attempts == 1


@pytest.mark.postgresql
async def test_neither_what_was_sent_nor_what_waits_is_read_to_find_the_next(postgresql_url: str) -> None:
    await upgrade(postgresql_url)
    storage = Storage(postgresql_url)
    await accept(storage, *(a_receipt(str(n), user_id=str(n)) for n in range(20)))
    talks = [await answer(storage, "xin chào") for _ in range(20)]
    async with storage.writing() as uow:
        await uow.outbox.add(*(a_reply(talk) for _ in range(100) for talk in talks))
        await uow.outbox.mark_sent(range(1, 1001), NOW)
        await uow.commit()
    async with storage.reading() as unit:
        assert len(await unit.outbox.due(CHANNEL, BOT, NOW, 5)) == 5
        rows = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'outbox'"
        read = (await unit._connection.execute(text(rows))).scalar_one()  # noqa: SLF001 - of this transaction
    await storage.close()
    assert read < 50


async def test_a_reply_given_up_makes_way_and_is_journaled(storage: Storage) -> None:
    await accept(storage, a_receipt())
    await answer(storage, "one", "two")
    async with storage.writing() as uow:
        await uow.outbox.give_up((await first_due(storage)).id, NOW, "ChannelRefusedError")
        await uow.commit()
    assert await bodies_due(storage) == ["two"]
    async with storage.reading() as unit:
        counts = await unit.journal.counts(NOW, NOW + DAY)
    assert counts[EventName.DELIVERY_FAILED] == 1


async def test_what_is_settled_stays_settled(storage: Storage) -> None:
    await accept(storage, a_receipt())
    await answer(storage, "one")
    reply = await first_due(storage)
    await sent(storage, reply.id)
    async with storage.writing() as uow:
        await uow.outbox.give_up(reply.id, NOW, "late")
        await uow.outbox.retry_later(Retry(reply.id, NOW, "late"))
        await uow.commit()
    assert await bodies_due(storage, NOW + DAY) == []
    async with storage.reading() as unit:
        assert EventName.DELIVERY_FAILED not in await unit.journal.counts(NOW, NOW + DAY)


async def test_only_the_asked_bot_gets_its_replies_and_no_more_than_the_limit(storage: Storage) -> None:
    await accept(storage, *(a_receipt(str(number), user_id=str(number)) for number in range(5)))
    for _ in range(5):
        await answer(storage, "x")
    async with storage.reading() as unit:
        assert await unit.outbox.due(CHANNEL, "another", NOW, 10) == ()
        assert await unit.outbox.due("zalo_oa", BOT, NOW, 10) == ()
        assert len(await unit.outbox.due(CHANNEL, BOT, NOW, 3)) == 3
        assert await unit.outbox.due(CHANNEL, BOT, NOW - SECOND, 10) == ()


async def test_the_oldest_unsent_reply_tells_its_age(storage: Storage) -> None:
    await accept(storage, a_receipt())
    conversation = await conversation_of(storage)
    assert conversation
    async with storage.writing() as uow:
        assert await uow.outbox.oldest_unsent() is None
        await uow.outbox.add(a_reply(conversation, at=NOW), a_reply(conversation, at=NOW - MINUTE))
        await uow.commit()
    async with storage.reading() as unit:
        assert await unit.outbox.oldest_unsent() == NOW - MINUTE
    await sent(storage, 2)
    await sent(storage, 1)
    async with storage.reading() as unit:
        assert await unit.outbox.oldest_unsent() is None


async def waiting(storage: Storage, at: dt.datetime = NOW) -> dict[tuple[str, str], Backlog]:
    async with storage.reading() as unit:
        return await unit.outbox.waiting(at)


async def test_what_should_be_out_is_counted_by_bot_until_it_is_settled(storage: Storage) -> None:
    await accept(storage, a_receipt("1"))
    conversation = await answer(storage, "một", "hai")
    async with storage.writing() as uow:
        later = NOW + MINUTE
        await uow.outbox.add(NewReply(conversation, "web", "page", "{}", later, later + DAY))
        await uow.commit()
    assert await waiting(storage) == {(CHANNEL, BOT): Backlog(2, NOW)}
    assert (await waiting(storage, NOW + MINUTE))["web", "page"] == Backlog(1, NOW + MINUTE)
    first = await first_due(storage)
    await sent(storage, first.id)
    assert await waiting(storage) == {(CHANNEL, BOT): Backlog(1, NOW)}
    async with storage.writing() as uow:
        await uow.outbox.give_up(first.id + 1, NOW, "refused")
        await uow.commit()
    assert await waiting(storage) == {}


async def test_a_reply_that_failed_waits_from_when_it_was_made(storage: Storage) -> None:
    await accept(storage, a_receipt("1"))
    await answer(storage, "một")
    first = await first_due(storage)
    async with storage.writing() as uow:
        await uow.outbox.retry_later(Retry(first.id, NOW + DAY, "down"))
        await uow.commit()
    assert await waiting(storage, NOW + MINUTE) == {(CHANNEL, BOT): Backlog(1, NOW)}
