"""What staff correct, and who was there first."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from storage.corrections import CorrectedMeanwhileError, Correction, CorrectionKind, NewCorrection
from storage.errors import DatabaseUnavailableError
from storage.unit_of_work import Storage
from tests.storage.builders import MINUTE, NOW

BIRTH, DEATH = "1.001193", "1.000656"
LEVEL = NewCorrection(
    at=NOW,
    kind=CorrectionKind.LEVEL,
    target=BIRTH,
    value='"full"',
    reason="theo văn bản mới",
    staff_id=None,
    author="An",
    office="Sở Tư pháp",
)
PHRASE = replace(LEVEL, kind=CorrectionKind.PHRASE, item="báo tin em bé", value="true")


async def correct(storage: Storage, new: NewCorrection, seen: int = 0) -> Correction:
    async with storage.writing() as unit:
        stored = await unit.corrections.append(new, seen)
        await unit.commit()
    return stored


async def current(storage: Storage) -> list[tuple[str, str | None]]:
    async with storage.reading() as unit:
        return [(one.item or one.kind, one.value) for one in await unit.corrections.current()]


async def newest_id(storage: Storage) -> int:
    async with storage.reading() as unit:
        return await unit.corrections.newest_id()


async def test_without_corrections_the_version_is_zero(storage: Storage) -> None:
    assert await newest_id(storage) == 0
    assert await current(storage) == []


async def test_the_newest_of_each_thing_holds(storage: Storage) -> None:
    first = await correct(storage, LEVEL)
    await correct(storage, PHRASE)
    second = await correct(storage, replace(LEVEL, value='"none"'), first.id)
    assert await current(storage) == [("báo tin em bé", "true"), ("level", '"none"')]
    assert await newest_id(storage) == second.id


async def test_what_is_stored_comes_back_whole(storage: Storage) -> None:
    stored = await correct(storage, PHRASE)
    async with storage.reading() as unit:
        assert await unit.corrections.newest(PHRASE.kind, BIRTH, PHRASE.item) == stored
        assert await unit.corrections.newest(PHRASE.kind, DEATH, PHRASE.item) is None
        assert await unit.corrections.history() == (stored,)


async def test_giving_back_what_was_shipped_is_a_correction_too(storage: Storage) -> None:
    first = await correct(storage, LEVEL)
    back = await correct(storage, replace(LEVEL, value=None), first.id)
    assert await current(storage) == []
    assert await newest_id(storage) == back.id > first.id


async def test_history_is_of_everything_of_a_kind_or_of_a_target(storage: Storage) -> None:
    level = await correct(storage, LEVEL)
    phrase = await correct(storage, PHRASE)
    other = await correct(storage, replace(PHRASE, target=DEATH, at=NOW + MINUTE))
    async with storage.reading() as unit:
        assert await unit.corrections.history() == (other, phrase, level)
        assert await unit.corrections.history(CorrectionKind.PHRASE) == (other, phrase)
        assert await unit.corrections.history(target=BIRTH) == (phrase, level)
        assert await unit.corrections.history(limit=1) == (other,)


async def test_the_second_editor_is_told_who_and_when(storage: Storage) -> None:
    first = await correct(storage, LEVEL)
    with pytest.raises(CorrectedMeanwhileError) as refused:
        await correct(storage, replace(LEVEL, author="Bình", value='"none"'))
    assert refused.value.newest == first
    assert await current(storage) == [("level", '"full"')]


async def test_who_saw_what_is_not_there_is_refused(storage: Storage) -> None:
    with pytest.raises(CorrectedMeanwhileError) as refused:
        await correct(storage, LEVEL, seen=7)
    assert refused.value.newest is None
    assert await current(storage) == []


async def test_of_many_at_once_exactly_one_wins(storage: Storage) -> None:
    tries = [correct(storage, replace(LEVEL, author=f"editor {n}")) for n in range(6)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    (winner,) = [one for one in done if isinstance(one, Correction)]
    losers = [one for one in done if isinstance(one, CorrectedMeanwhileError)]
    assert [loser.newest for loser in losers] == [winner] * 5


async def test_a_number_once_seen_is_followed_by_higher_ones_only(storage: Storage) -> None:
    """Whoever looks while others append finds, later, nothing below the newest they saw."""
    seen: list[set[int]] = []

    async def look() -> None:
        async with storage.reading() as unit:
            seen.append({one.id for one in await unit.corrections.history()})

    async def append(number: int) -> None:
        async with storage.writing() as unit:
            await unit.corrections.append(replace(PHRASE, item=f"câu {number}"))
            await asyncio.sleep(0)  # others have their chance before the commit
            await unit.commit()
        await look()

    await asyncio.gather(*(append(number) for number in range(10)))
    for earlier, later in pairwise(seen):
        assert all(number > max(earlier, default=0) for number in later - earlier)
    assert len(seen[-1]) == 10


async def test_nobody_appends_beside_what_is_not_committed(storage: Storage, database_url: str) -> None:
    """Were the second to go on, its higher number would be seen before the first one's lower number."""
    impatient = Storage(database_url, wait_seconds=0.1)
    async with storage.writing() as unit:
        first = await unit.corrections.append(PHRASE)
        with pytest.raises(DatabaseUnavailableError, match="locked"):
            await correct(impatient, replace(PHRASE, item="câu khác"))
        await unit.commit()
    assert (await correct(impatient, replace(PHRASE, item="câu khác"))).id > first.id
    await impatient.close()
