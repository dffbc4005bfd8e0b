"""Tokens, alarms and dead letters: what a service changed, what the operator must mend, what went wrong."""

from __future__ import annotations

from storage.records import Letter
from storage.unit_of_work import Storage
from tests.storage.builders import DAY, MINUTE, NOW, a_receipt, accept, answer, bodies_due, claim


async def test_the_newest_token_is_kept(storage: Storage) -> None:
    async with storage.writing() as uow:
        assert await uow.tokens.load("zalo_oa") is None
        await uow.tokens.store("zalo_oa", b"first", NOW)
        await uow.tokens.store("zalo_oa", b"second", NOW + DAY)
        await uow.tokens.store("other", b"third", NOW)
        await uow.commit()
    async with storage.reading() as unit:
        assert [await unit.tokens.load(name) for name in ("zalo_oa", "other")] == [b"second", b"third"]


async def test_an_alarm_lasts_from_its_first_sound_and_is_told_again_after_a_while(storage: Storage) -> None:
    async with storage.writing() as uow:
        await uow.alarms.sound("outbox", "3 replies wait", NOW)
        await uow.alarms.sound("outbox", "9 replies wait", NOW + MINUTE)
        (alarm,) = await uow.alarms.to_tell(NOW - DAY)
        assert (alarm.name, alarm.detail, alarm.since) == ("outbox", "9 replies wait", NOW)
        await uow.alarms.told([alarm], NOW + MINUTE)
        assert await uow.alarms.to_tell(NOW) == ()
        assert len(await uow.alarms.to_tell(NOW + MINUTE)) == 1


async def test_the_end_of_an_alarm_is_told_once_and_it_may_sound_again(storage: Storage) -> None:
    async with storage.writing() as uow:
        await uow.alarms.sound("outbox", "it grows", NOW)
        await uow.alarms.told(await uow.alarms.to_tell(NOW - DAY), NOW)
        await uow.alarms.end("outbox", NOW + MINUTE)
        await uow.alarms.end("never heard", NOW)
        (ended,) = await uow.alarms.to_tell(NOW - DAY)
        assert ended.over_at == NOW + MINUTE
        await uow.alarms.told([ended], NOW + MINUTE)
        assert await uow.alarms.all() == ()
        await uow.alarms.sound("outbox", "again", NOW + DAY)
        assert [alarm.since for alarm in await uow.alarms.all()] == [NOW + DAY]


async def test_an_alarm_that_comes_back_before_its_end_was_told_is_a_new_one(storage: Storage) -> None:
    async with storage.writing() as uow:
        await uow.alarms.sound("outbox", "it grows", NOW)
        await uow.alarms.end("outbox", NOW + MINUTE)
        (ended,) = await uow.alarms.to_tell(NOW - DAY)
        await uow.alarms.sound("outbox", "it grows again", NOW + DAY)
        await uow.alarms.told([ended], NOW + DAY)
        assert [(a.since, a.told_at) for a in await uow.alarms.all()] == [(NOW + DAY, None)]


async def test_dead_letters_are_listed_newest_first_and_can_be_tried_again(storage: Storage) -> None:
    await accept(storage, a_receipt("1"), a_receipt("2", user_id="2", text="hỏng"))
    await answer(storage, "một")
    claimed = await claim(storage)
    assert claimed
    async with storage.writing() as uow:
        (broken,) = await uow.inbox.pending(claimed.id)
        await uow.inbox.mark_failed([broken.id], NOW)
        await uow.conversations.release([claimed])
        await uow.outbox.give_up(1, NOW + MINUTE, "refused")
        await uow.commit()
    assert await claim(storage) is None
    async with storage.writing() as uow:
        reply, message = await uow.dead_letters.newest()
        assert (reply.kind, reply.cause, reply.at) == (Letter.REPLY, "refused", NOW + MINUTE)
        assert (message.kind, message.cause, message.at) == (Letter.MESSAGE, "text", NOW)
        for letter in (reply, message):
            assert await uow.dead_letters.try_again(letter.kind, letter.id, NOW)
            assert not await uow.dead_letters.try_again(letter.kind, letter.id, NOW)
        assert await uow.dead_letters.newest() == ()
        await uow.commit()
    assert await bodies_due(storage) == ["một"]
    assert await claim(storage)


async def test_what_was_forgotten_cannot_be_tried_again(storage: Storage) -> None:
    await accept(storage, a_receipt("1"))
    await answer(storage, "một")
    async with storage.writing() as uow:
        await uow.outbox.give_up(1, NOW, "refused")
        await uow.retention.purge(NOW + 40 * DAY)
        assert not await uow.dead_letters.try_again(Letter.REPLY, 1, NOW)


async def test_dead_letters_are_counted_by_cause_from_a_time_on(storage: Storage) -> None:
    await accept(storage, a_receipt("1"), a_receipt("2", user_id="2"), a_receipt("3", user_id="3"))
    for _ in range(2):
        await answer(storage, "một", "hai")
    claimed = await claim(storage)
    assert claimed
    async with storage.writing() as uow:
        assert await uow.dead_letters.causes(NOW - DAY) == {}
        (broken,) = await uow.inbox.pending(claimed.id)
        await uow.inbox.mark_failed([broken.id], NOW)
        await uow.outbox.give_up(1, NOW - MINUTE, "refused")
        await uow.outbox.give_up(2, NOW, "refused")
        await uow.outbox.give_up(3, NOW, "down")
        await uow.people.block(2, NOW)
        assert await uow.dead_letters.causes(NOW - DAY) == {"refused": 2, "down": 1, "message": 1}
        assert await uow.dead_letters.causes(NOW - MINUTE) == {"refused": 1, "down": 1, "message": 1}
        assert await uow.dead_letters.causes(NOW) == {}
