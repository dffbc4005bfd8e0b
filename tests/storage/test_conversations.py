"""One worker at a time works on a conversation, and a late one is stopped."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from storage.unit_of_work import Storage
from tests.storage.builders import LEASE, NOW, SECOND, a_receipt, accept, answer, claim, conversation_of


async def test_nothing_waits_nothing_is_claimed(storage: Storage) -> None:
    assert await claim(storage) is None
    await accept(storage, a_receipt())
    await answer(storage, "done")
    assert await claim(storage) is None


async def test_the_longest_waiting_message_decides_who_is_next(storage: Storage) -> None:
    await accept(storage, a_receipt("1", user_id="b"), a_receipt("2", user_id="a"))
    first, second, none = await claim(storage), await claim(storage), await claim(storage)
    assert first
    assert second
    assert none is None
    assert [first.id, second.id] == [await conversation_of(storage, "b"), await conversation_of(storage, "a")]
    assert (first.state, first.owner, first.channel, first.bot) == (None, "worker", "telegram", "the_bot")


async def test_two_owners_at_once_never_get_the_same_conversation(storage: Storage) -> None:
    await accept(storage, *(a_receipt(str(number), user_id=str(number)) for number in range(6)))
    claims = await asyncio.gather(*(claim(storage, owner) for owner in "abcdefgh"))
    got = [claimed.id for claimed in claims if claimed]
    assert len(got) == len(set(got))
    while more := await claim(storage, "later"):
        got.append(more.id)
    assert len(got) == len(set(got)) == 6


async def test_many_workers_handle_every_message_once_and_in_order(storage: Storage) -> None:
    people, each = 5, 4
    handled: dict[int, list[str]] = defaultdict(list)
    await accept(
        storage, *(a_receipt(f"{m}-{p}", user_id=str(p)) for m in range(each) for p in range(people))
    )

    async def work(owner: str) -> None:
        while claimed := await claim(storage, owner):
            async with storage.writing() as uow:
                for message in await uow.inbox.pending(claimed.id):
                    handled[claimed.id].append(message.message_id[0])
                    await uow.inbox.mark_handled([message.id], NOW)
                await uow.conversations.save({claimed: "{}"})
                await uow.commit()

    while len(handled) < people:
        await asyncio.gather(*(work(owner) for owner in "abcd"))
    assert all(messages == ["0", "1", "2", "3"] for messages in handled.values())


async def test_a_message_that_arrives_during_the_work_is_claimed_after_it(storage: Storage) -> None:
    await accept(storage, a_receipt("1"))
    claimed = await claim(storage)
    assert claimed
    await accept(storage, a_receipt("2"))
    assert await claim(storage, "other") is None
    async with storage.writing() as uow:
        await uow.conversations.release([claimed])
        await uow.commit()
    assert await claim(storage, "other")


async def test_an_expired_lease_is_recovered_and_its_late_owner_stopped(storage: Storage) -> None:
    await accept(storage, a_receipt())
    late = await claim(storage, "late")
    assert late
    assert await claim(storage, "next", NOW + LEASE - SECOND) is None
    following = await claim(storage, "next", NOW + LEASE)
    assert following
    assert following.fence == late.fence + 1
    async with storage.writing() as uow:
        assert await uow.conversations.still_held([late, following]) == {following.id}
        assert not await uow.conversations.still_held([late])
        await uow.conversations.save({late: '{"by": "late"}'})  # changes nothing
        await uow.conversations.release([late])  # frees nothing
        await uow.commit()
    assert await claim(storage, "third", NOW + LEASE) is None
    async with storage.writing() as uow:
        await uow.conversations.save({following: '{"by": "next"}'})
        await uow.commit()
    last = await claim(storage, "third", NOW + LEASE)
    assert last
    assert last.state == '{"by": "next"}'


async def test_the_state_is_there_next_time(storage: Storage) -> None:
    await accept(storage, a_receipt("1", text="phí"))
    await answer(storage, "done")
    await accept(storage, a_receipt("2"))
    claimed = await claim(storage)
    assert claimed
    assert claimed.state == '{"question": "ph\\u00ed"}'


async def test_attempts_tell_how_often_a_message_was_tried(storage: Storage) -> None:
    await accept(storage, a_receipt("1"), a_receipt("2"))
    for attempt in range(3):
        assert await claim(storage, at=NOW + attempt * LEASE)
    conversation = await conversation_of(storage)
    assert conversation
    async with storage.reading() as unit:
        assert [message.attempts for message in await unit.inbox.pending(conversation)] == [3, 0]


async def test_what_the_dead_worked_on_is_claimed_again_at_once(storage: Storage) -> None:
    await accept(storage, a_receipt("1"), a_receipt("2", user_id="8800000002"))
    dead, living = await claim(storage, "the dead"), await claim(storage, "the living")
    assert dead
    assert living
    async with storage.writing() as uow:
        assert set(await uow.conversations.owners()) == {"the dead", "the living"}
        await uow.conversations.free("the dead")
        await uow.commit()
    again = await claim(storage, "next")
    assert again
    assert (again.id, again.fence) == (dead.id, dead.fence + 1)
    assert await claim(storage, "nobody") is None
