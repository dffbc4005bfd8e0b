"""Texts are forgotten when their time is over, facts stay."""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

from storage.exports import Begun
from storage.migrate import upgrade
from storage.records import EventName, Purged
from storage.unit_of_work import Storage
from tests.storage.builders import (
    DAY,
    NOW,
    SECOND,
    a_receipt,
    a_session,
    accept,
    an_account,
    an_export,
    answer,
    bodies_due,
    bytes_on_disk,
    claim,
    conversation_of,
)
from tests.storage.test_outbox import first_due, sent
from tests.storage.test_people import rows_of

LATER = NOW + 30 * DAY


async def purge(storage: Storage) -> Purged:
    async with storage.writing() as uow:
        purged = await uow.retention.purge(LATER)
        await uow.commit()
    return purged


async def test_nothing_is_forgotten_before_its_time(storage: Storage) -> None:
    await accept(storage, a_receipt())
    await answer(storage, "one")
    async with storage.writing() as uow:
        assert await uow.retention.purge(LATER - DAY) == Purged(texts=0, replies=0, given_up=0, states=0)
        await uow.commit()
    assert await bodies_due(storage) == ["one"]


async def test_expired_texts_bodies_and_states_are_forgotten(storage: Storage, database_url: str) -> None:
    await accept(storage, a_receipt("1"))
    await answer(storage, "one", "two")
    await sent(storage, (await first_due(storage)).id)
    assert await purge(storage) == Purged(texts=1, replies=2, given_up=1, states=1)
    rows = await rows_of(database_url)
    assert [row["text"] for row in rows["inbox"]] == [None]
    assert [row["body"] for row in rows["outbox"]] == [None, None]
    assert [row["error"] for row in rows["outbox"]] == [None, "expired"]
    assert [row["state"] for row in rows["conversations"]] == [None]
    assert await purge(storage) == Purged(texts=0, replies=0, given_up=0, states=0)


async def test_a_message_that_still_waits_keeps_its_text(storage: Storage) -> None:
    await accept(storage, a_receipt("1"))
    await answer(storage, "one")
    await accept(storage, a_receipt("2", text="still waiting"))
    assert (await purge(storage)).states == 0
    conversation = await conversation_of(storage)
    assert conversation
    async with storage.reading() as unit:
        assert [message.text for message in await unit.inbox.pending(conversation)] == ["still waiting"]


async def test_a_state_lives_as_long_as_the_newest_text(storage: Storage) -> None:
    await accept(storage, a_receipt("1"))
    await answer(storage, "one")
    await accept(storage, a_receipt("2", at=NOW + DAY))
    await answer(storage, "two", at=NOW + DAY)
    purged = await purge(storage)
    assert (purged.texts, purged.states) == (1, 0)
    await accept(storage, a_receipt("3"))
    claimed = await claim(storage, at=LATER)
    assert claimed
    assert claimed.state


async def test_a_purge_is_journaled(storage: Storage) -> None:
    await purge(storage)
    async with storage.reading() as unit:
        assert await unit.journal.counts(LATER, LATER + DAY) == {EventName.RETENTION_PURGED: 1}


async def test_a_purge_leaves_no_byte_after_scrubbing(storage: Storage, database_url: str) -> None:
    if not database_url.startswith("sqlite"):
        assert await storage.scrub()
        return
    await accept(storage, dataclasses.replace(a_receipt("1"), text="PURGED-TEXT"))
    await answer(storage, "PURGED-BODY")
    await purge(storage)
    assert await storage.scrub()
    left = await asyncio.to_thread(bytes_on_disk, Path(str(make_url(database_url).database)))
    assert b"PURGED-" not in left


async def test_scrubbing_leaves_statistics_without_a_word_of_anybody(sqlite_url: str) -> None:
    await upgrade(sqlite_url)
    storage = Storage(sqlite_url)
    for number in range(20):
        await accept(storage, dataclasses.replace(a_receipt(f"m-{number}"), text="HELD-TEXT"))
    assert await storage.scrub()
    await storage.close()
    with closing(sqlite3.connect(Path(str(make_url(sqlite_url).database)))) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        known = {row[0] for row in database.execute("SELECT tbl FROM sqlite_stat1")}
    assert {"people", "conversations", "inbox"} <= known
    assert [name for name in tables if name.startswith("sqlite_stat")] == ["sqlite_stat1"], "no samples"


async def test_sessions_and_files_whose_time_is_over_are_removed(storage: Storage, database_url: str) -> None:
    async with storage.writing() as unit:
        staff_id = await unit.staff.add(an_account(), NOW)
        for name, expires_at in (("over", LATER), ("lasts", LATER + SECOND)):
            await unit.sessions.open(a_session(staff_id, name, expires_at))
            await unit.exports.ask(an_export(staff_id, name, expires_at))
            await unit.exports.add(Begun(name, await unit.exports.start(name)), 0, b"a piece", 1)
        await unit.commit()
    await purge(storage)
    rows = await rows_of(database_url)
    assert [row["token_hash"] for row in rows["sessions"]] == ["lasts"]
    assert [row["id"] for row in rows["exports"]] == ["lasts"]
    assert [row["export_id"] for row in rows["export_parts"]] == ["lasts"]
