"""The web chat shows a message, its replies, the next message."""

from __future__ import annotations

import json

from storage.records import Side, TranscriptLine
from storage.unit_of_work import Storage
from tests.storage.builders import BOT, CHANNEL, DAY, KEYS, NOW, SECOND, a_receipt, a_reply, accept, answer

PERSON = KEYS.key(CHANNEL, BOT, "8812345678")


async def lines(storage: Storage, after: int = 0, limit: int = 100) -> list[tuple[int, str, str | None]]:
    async with storage.reading() as unit:
        found = await unit.transcript.lines(PERSON, after, limit)
    return [(line.number, line.side.value[0], said(line)) for line in found]


def said(line: TranscriptLine) -> str | None:
    return line.text if line.side is Side.PERSON else json.loads(line.body or "{}")["text"]


async def test_each_message_is_followed_by_its_replies(storage: Storage) -> None:
    await accept(storage, a_receipt("1", text="q1"), a_receipt("2", text="q2"), a_receipt("3", user_id="x"))
    await answer(storage, "r1a", "r1b")
    assert await lines(storage) == [(1, "p", "q1"), (1, "a", "r1a"), (2, "a", "r1b")]
    await answer(storage, "r2")
    assert await lines(storage, after=2) == [(3, "p", "q2"), (3, "a", "r2")]
    assert await lines(storage, after=1, limit=1) == [(3, "p", "q2"), (3, "a", "r2")]
    assert await lines(storage, limit=2) == [(2, "a", "r1b"), (3, "p", "q2"), (3, "a", "r2")]
    assert await lines(storage, after=3) == []


async def test_a_reply_to_nothing_in_particular_stands_alone(storage: Storage) -> None:
    await accept(storage, a_receipt("1", text="q1"))
    conversation = await answer(storage, "r1")
    async with storage.writing() as uow:
        await uow.outbox.add(a_reply(conversation, "by the way"))
        await uow.commit()
    assert await lines(storage) == [(1, "p", "q1"), (1, "a", "r1"), (2, "a", "by the way")]


async def test_lines_say_which_message_they_belong_to(storage: Storage) -> None:
    await accept(storage, a_receipt("m-1", text="q1", payload="s|1"))
    await answer(storage, "r1")
    async with storage.reading() as unit:
        person, assistant = await unit.transcript.lines(PERSON)
    assert person == TranscriptLine(1, Side.PERSON, "m-1", NOW, "text", "q1", "s|1")
    assert assistant == TranscriptLine(1, Side.ASSISTANT, "m-1", NOW, body='{"text": "r1"}')


async def newest(storage: Storage, *users: str) -> dict[str, int]:
    keys = {KEYS.key(CHANNEL, BOT, user): user for user in users}
    async with storage.reading() as unit:
        return {keys[key]: number for key, number in (await unit.transcript.newest(keys)).items()}


async def test_the_newest_line_of_each_who_has_one(storage: Storage) -> None:
    await accept(storage, *(a_receipt(f"{user}-1", user_id=user) for user in ("an", "binh", "chi")))
    await answer(storage, "an 1", "an 2")
    await answer(storage, "binh 1")
    everybody = ("an", "binh", "chi", "a stranger")
    assert await newest(storage, *everybody) == {"an": 2, "binh": 3}
    await accept(storage, a_receipt("an-2", user_id="an"))
    assert await newest(storage, *everybody) == {"an": 2, "binh": 3}
    await answer(storage, "chi 1")
    await answer(storage, "an 3")
    assert await newest(storage, *everybody) == {"an": 5, "binh": 3, "chi": 4}
    assert await newest(storage, "binh") == {"binh": 3}


async def test_the_newest_line_is_the_last_one_shown(storage: Storage) -> None:
    await accept(storage, a_receipt("1"))
    await answer(storage, "r1", "r2")
    user = "8812345678"
    assert (await newest(storage, user))[user] == (await lines(storage))[-1][0]
    async with storage.writing() as uow:
        await uow.retention.purge(NOW + 31 * DAY)
        await uow.commit()
    assert await newest(storage, user) == {}


async def test_a_forgotten_conversation_shows_nothing(storage: Storage) -> None:
    await accept(storage, a_receipt("1", text="q1"))
    await answer(storage, "r1")
    async with storage.writing() as uow:
        await uow.retention.purge(NOW + 31 * DAY)
        await uow.commit()
    assert await lines(storage) == []


async def test_the_desk_reads_also_what_nobody_replied_to(storage: Storage) -> None:
    await accept(storage, a_receipt("1", text="q1"))
    conversation = await answer(storage, "r1", at=NOW + SECOND)
    await accept(storage, a_receipt("2", text="to staff", at=NOW + 2 * SECOND))
    await answer(storage, at=NOW + 3 * SECOND)
    await accept(storage, a_receipt("3", text="q3", at=NOW + 4 * SECOND))
    async with storage.reading() as unit:
        shown = await unit.transcript.of(conversation)
        newest = await unit.transcript.of(conversation, limit=2)
        silent = await unit.transcript.unanswered(PERSON)
    assert [said(line) for line in shown] == ["q1", "r1", "to staff", "q3"]
    assert shown[-2:] == newest
    assert [line.text for line in silent] == ["to staff"], "q3 still waits for its turn"
