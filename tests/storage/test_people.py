"""A person is forgotten entirely, or marked as out of reach."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from sqlalchemy import Select, Table, select
from sqlalchemy.engine import make_url

from storage.db import Use, open_engine
from storage.models import Base
from storage.records import EventName, Retry
from storage.transactions import begun
from storage.unit_of_work import Storage
from tests.storage.builders import (
    BOT,
    CHANNEL,
    DAY,
    KEYS,
    NOW,
    a_receipt,
    accept,
    answer,
    bodies_due,
    bytes_on_disk,
    claim,
    conversation_of,
)


def in_order(table: Table) -> Select[*tuple[Any, ...]]:
    return select(table).order_by(*table.primary_key)


async def rows_of(url: str) -> dict[str, list[dict[str, Any]]]:
    engine = open_engine(url, Use.MIGRATE)
    async with begun(engine) as connection:
        rows = {
            table.name: [dict(row) for row in (await connection.execute(in_order(table))).mappings()]
            for table in Base.metadata.sorted_tables
        }
    await engine.dispose()
    return rows


async def erase(storage: Storage, farewell: str | None = None) -> None:
    conversation = await conversation_of(storage)
    assert conversation
    async with storage.writing() as uow:
        erased = await uow.people.erase(conversation, NOW)
        assert erased
        if farewell:
            body = json.dumps({"text": farewell})
            await uow.outbox.add_farewell(erased, body, NOW, NOW + DAY)
        await uow.commit()


async def test_an_erased_person_leaves_receipts_and_facts_without_owner(
    storage: Storage, database_url: str
) -> None:
    await accept(storage, a_receipt("1"), a_receipt("2", payload="s|1"))
    await answer(storage, "one", "two")
    await erase(storage)
    rows = await rows_of(database_url)
    assert rows["people"] == rows["addresses"] == rows["conversations"] == []
    assert [row["message_id"] for row in rows["inbox"]] == ["1", "2"]
    for row in rows["inbox"]:
        assert (row["text"], row["payload"], row["conversation_id"]) == (None, None, None)
        assert row["handled_at"] == NOW
    for row in rows["outbox"]:
        assert (row["body"], row["sealed"], row["conversation_id"]) == (None, None, None)
    assert [row["name"] for row in rows["journal"]] == [EventName.PERSON_STARTED, EventName.PERSON_ERASED]
    assert [row["conversation_id"] for row in rows["journal"]] == [None, None]
    assert await bodies_due(storage) == []
    assert await claim(storage) is None


async def test_only_the_erased_person_is_forgotten(storage: Storage) -> None:
    await accept(storage, a_receipt("1"), a_receipt("2", user_id="other"))
    await answer(storage, "for the first")
    await answer(storage, "for the other")
    await erase(storage)
    assert await bodies_due(storage) == ["for the other"]
    assert await conversation_of(storage, "other")


async def test_a_redelivery_after_an_erasure_stays_a_repeat(storage: Storage) -> None:
    await accept(storage, a_receipt("1"))
    await erase(storage)
    assert await accept(storage, a_receipt("1")) == [False]
    assert await conversation_of(storage) is None


async def test_an_erased_person_may_start_anew(storage: Storage) -> None:
    await accept(storage, a_receipt("1"))
    await erase(storage)
    assert await accept(storage, a_receipt("2")) == [True]
    claimed = await claim(storage)
    assert claimed
    assert claimed.state is None


async def test_erasing_twice_is_harmless(storage: Storage) -> None:
    await accept(storage, a_receipt("1"))
    await erase(storage)
    async with storage.writing() as uow:
        assert await uow.people.erase(1, NOW) is None
        await uow.people.block(1, NOW)


async def test_the_farewell_bears_the_address_until_it_is_sent(storage: Storage, database_url: str) -> None:
    await accept(storage, a_receipt("1", user_id="8812345678"))
    await answer(storage, "never sent")
    await erase(storage, "đã xóa")
    async with storage.reading() as unit:
        (farewell,) = await unit.outbox.due(CHANNEL, BOT, NOW, 10)
    assert farewell.last
    assert farewell.conversation_id is None
    assert KEYS.unseal(farewell.sealed) == {"chat_id": "8812345678"}
    async with storage.writing() as uow:
        await uow.outbox.mark_sent([farewell.id], NOW)
        await uow.commit()
    *_, row = (await rows_of(database_url))["outbox"]
    assert (row["last"], row["sent_at"], row["body"], row["sealed"]) == (True, NOW, None, None)


async def test_a_farewell_given_up_loses_its_address_too(storage: Storage, database_url: str) -> None:
    await accept(storage, a_receipt("1"))
    await erase(storage, "đã xóa")
    async with storage.writing() as uow:
        (farewell,) = await uow.outbox.due(CHANNEL, BOT, NOW, 10)
        await uow.outbox.retry_later(Retry(farewell.id, NOW, "down"))
        await uow.outbox.give_up(farewell.id, NOW, "ChannelBlockedError")
        await uow.commit()
    (row,) = (await rows_of(database_url))["outbox"]
    assert (row["failed_at"], row["body"], row["sealed"]) == (NOW, None, None)


async def test_a_message_arriving_during_an_erasure_is_erased_or_starts_anew(
    storage: Storage, database_url: str
) -> None:
    for number in range(5):
        await accept(storage, a_receipt(f"first-{number}"))
        await asyncio.gather(erase(storage), accept(storage, a_receipt(f"second-{number}", text="MEANWHILE")))
        rows = await rows_of(database_url)
        owners = {row["id"] for row in rows["conversations"]}
        for row in rows["inbox"]:
            assert (row["text"] is None) == (row["conversation_id"] not in owners)


async def test_who_blocked_us_gets_no_more_replies_until_they_write_again(
    storage: Storage, database_url: str
) -> None:
    await accept(storage, a_receipt("1"))
    conversation = await answer(storage, "one", "two")
    async with storage.writing() as uow:
        await uow.people.block(conversation, NOW)
        await uow.commit()
    assert await bodies_due(storage, NOW + DAY) == []
    rows = await rows_of(database_url)
    assert [row["blocked_at"] for row in rows["addresses"]] == [NOW]
    async with storage.reading() as unit:
        counts = await unit.journal.counts(NOW, NOW + DAY)
    assert (counts[EventName.PERSON_BLOCKED], counts[EventName.DELIVERY_FAILED]) == (1, 2)
    await accept(storage, a_receipt("2"))
    assert [row["blocked_at"] for row in (await rows_of(database_url))["addresses"]] == [None]


async def test_no_id_of_a_person_stands_in_clear_in_any_table(storage: Storage, database_url: str) -> None:
    await accept(storage, a_receipt("1", user_id="8812345678"))
    await answer(storage, "one")
    assert "8812345678" not in repr(await rows_of(database_url))


async def test_nothing_of_erased_people_stays_in_any_byte_of_the_file(
    storage: Storage, database_url: str
) -> None:
    if not database_url.startswith("sqlite"):
        return
    file = Path(str(make_url(database_url).database))
    people = [f"88{number:08d}" for number in range(40)]
    for turn in range(4):
        for number, user_id in enumerate(people):
            # Long and short, so that rows move between pages: there copies stay behind.
            text = f"TEXT-{user_id} " * (1, 3, 30, 300)[(turn + number) % 4]
            await accept(storage, a_receipt(f"{turn}-{number}", user_id=user_id, text=text))
            await answer(storage, f"BODY-{user_id} " * (300, 1, 30, 3)[(turn + number) % 4])
    assert b"TEXT-8800000000" in bytes_on_disk(file)
    gone = people[::2]
    for user_id in gone:
        conversation = await conversation_of(storage, user_id)
        assert conversation
        async with storage.writing() as uow:
            await uow.people.erase(conversation, NOW)
            await uow.commit()
    assert await storage.scrub()
    left = bytes_on_disk(file)
    for user_id in gone:
        assert user_id.encode() not in left
        assert KEYS.key(CHANNEL, BOT, user_id).encode() not in left
    assert f"TEXT-{people[1]}".encode() in left
