"""Nothing is kept unless committed, and a unit is committed once."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError, ResourceClosedError

from storage.records import Event, EventName
from storage.unit_of_work import Storage
from tests.storage.builders import CHANNEL, DAY, NOW, a_receipt, accept, conversation_of


async def test_without_commit_nothing_is_kept(storage: Storage) -> None:
    async with storage.writing() as uow:
        assert await uow.inbox.accept(a_receipt())
    assert await conversation_of(storage) is None
    assert await accept(storage, a_receipt()) == [True]


async def test_an_error_keeps_nothing(storage: Storage) -> None:
    async def fail() -> None:
        async with storage.writing() as uow:
            await uow.inbox.accept(a_receipt())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await conversation_of(storage) is None


async def test_a_unit_is_committed_once_and_over_then(storage: Storage) -> None:
    async with storage.writing() as uow:
        await uow.commit()
        with pytest.raises(RuntimeError):
            await uow.commit()
        with pytest.raises(ResourceClosedError):
            await uow.inbox.accept(a_receipt())


async def test_the_database_itself_refuses_to_write_in_a_reading_unit(storage: Storage) -> None:
    async with storage.reading() as unit:
        with pytest.raises(DBAPIError, match=r"read-?only"):
            await unit.inbox.accept(a_receipt())
    assert await accept(storage, a_receipt()) == [True]


async def test_a_reading_unit_sees_one_moment(storage: Storage) -> None:
    async with storage.reading() as unit:
        assert await unit.journal.counts(NOW, NOW + DAY) == {}
        async with storage.writing() as uow:
            await uow.journal.append(Event(EventName.TURN_ANSWERED, NOW, CHANNEL))
            await uow.commit()
        assert await unit.journal.counts(NOW, NOW + DAY) == {}


async def test_a_naive_time_is_refused(storage: Storage) -> None:
    with pytest.raises(Exception, match="aware times"):
        await accept(storage, a_receipt(at=NOW.replace(tzinfo=None)))


async def test_a_ping_answers(storage: Storage) -> None:
    await storage.ping()
