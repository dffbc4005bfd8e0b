"""Tokens that change: renewed once for all processes, stored before use, never lost silently."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from bot.channels.base import ChannelDownError, ChannelError, ChannelTokenSpentError, ChannelUnusableError
from bot.leases import Lease
from bot.tokens import RENEWED_AFTER, TokenKeeper
from storage.errors import DatabaseUnavailableError
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage, UnitOfWork
from tests.bot.parts import KEYS, Clock, House, bytes_on_disk

FIRST = "first-refresh-token"


@dataclass
class Mint:
    """Gives new tokens for a refresh token, each once, as Zalo does."""

    good: str = FIRST
    exchanges: int = 0
    troubles: list[ChannelError] = field(default_factory=list)

    async def exchange(self, refresh: str) -> tuple[str, str]:
        await asyncio.sleep(0)
        if self.troubles:
            raise self.troubles.pop(0)
        if refresh != self.good:
            raise ChannelTokenSpentError("the refresh token is spent")
        self.exchanges += 1
        self.good = f"refresh-{self.exchanges}"
        return f"access-{self.exchanges}", self.good


def keeper(
    house: House, mint: Mint, *, owner: str = "one", first: str = FIRST, keys: PersonKeys = KEYS
) -> TokenKeeper:
    lease = Lease(house.storage, house.clock, "tokens", owner)
    return TokenKeeper(house.storage, keys, house.clock, lease, "zalo_oa", first, mint.exchange)


async def alarms(house: House) -> list[tuple[str, bool]]:
    async with house.storage.reading() as unit:
        return [(alarm.name, alarm.over_at is None) for alarm in await unit.alarms.all()]


async def test_the_first_token_is_exchanged_once_and_the_pair_is_used_from_then_on(house: House) -> None:
    mint = Mint()
    one = keeper(house, mint)
    assert [await one.access(), await one.access()] == ["access-1", "access-1"]
    assert await keeper(house, mint, owner="restarted").access() == "access-1"
    assert mint.exchanges == 1


async def test_tokens_are_stored_sealed(house: House, sqlite_url: str) -> None:
    await keeper(house, Mint()).access()
    remains = bytes_on_disk(sqlite_url)
    assert not [word for word in (b"access-1", b"refresh-1", FIRST.encode()) if word in remains]


async def test_they_are_renewed_in_time_even_when_nothing_is_sent(house: House) -> None:
    mint = Mint()
    one = keeper(house, mint)
    assert not await one.work()
    house.clock.now += RENEWED_AFTER - dt.timedelta(seconds=1)
    await one.work()
    assert mint.exchanges == 1
    house.clock.now += dt.timedelta(seconds=1)
    await one.work()
    assert (mint.exchanges, await one.access()) == (2, "access-2")


async def test_a_refused_token_is_renewed_by_one_of_many(house: House) -> None:
    mint = Mint()
    many = [keeper(house, mint, owner=f"process {number}") for number in range(4)]
    refused = [await one.access() for one in many]
    house.clock.now += dt.timedelta(hours=1)
    assert set(await asyncio.gather(*(one.renew(refused[0]) for one in many))) == {"access-2"}
    assert mint.exchanges == 2


async def test_many_sends_of_one_process_renew_once(house: House) -> None:
    mint = Mint()
    one = keeper(house, mint)
    assert set(await asyncio.gather(*(one.access() for _ in range(20)))) == {"access-1"}
    assert set(await asyncio.gather(*(one.renew("access-1") for _ in range(20)))) == {"access-2"}
    assert mint.exchanges == 2
    async with house.storage.reading() as unit:
        assert await unit.leases.owners() == (), "nobody is kept waiting"


async def test_who_comes_late_takes_what_another_process_stored(house: House) -> None:
    mint = Mint()
    one, two = keeper(house, mint), keeper(house, mint, owner="two")
    await one.access()
    assert await two.access() == "access-1"
    await one.renew("access-1")
    assert await two.renew("access-1") == "access-2"
    assert mint.exchanges == 2


async def test_a_spent_token_sounds_an_alarm_and_is_not_tried_again_and_again(house: House) -> None:
    mint = Mint(good="something else")
    one = keeper(house, mint)
    for _ in range(3):
        with pytest.raises(ChannelTokenSpentError):
            await one.access()
    assert await alarms(house) == [("zalo_oa token", True)]
    mint.good = FIRST
    with pytest.raises(ChannelTokenSpentError):
        await one.access()
    assert mint.exchanges == 0


async def test_a_new_first_token_from_the_operator_mends_it(house: House) -> None:
    mint = Mint()
    await keeper(house, mint).access()
    mint.good = "authorised anew"
    house.clock.now += RENEWED_AFTER
    with pytest.raises(ChannelUnusableError):
        await keeper(house, mint, owner="two").access()
    house.clock.now += dt.timedelta(minutes=1)
    mended = keeper(house, mint, owner="three", first="authorised anew")
    assert await mended.access() == "access-2"
    assert await alarms(house) == [("zalo_oa token", False)]
    house.clock.now += dt.timedelta(minutes=1)
    assert await keeper(house, mint, owner="four", first="authorised anew").access() == "access-2"
    assert mint.exchanges == 2, "the first token was used once"


async def test_without_the_setting_the_stored_pair_goes_on(house: House) -> None:
    mint = Mint()
    await keeper(house, mint).access()
    house.clock.now += RENEWED_AFTER
    assert await keeper(house, mint, owner="two", first="").access() == "access-2"


async def test_without_any_token_it_says_what_to_do(house: House) -> None:
    with pytest.raises(ChannelUnusableError, match="authorise"):
        await keeper(house, Mint(), first="").access()


async def test_an_oauth_server_that_is_away_is_tried_again_and_sounds_no_alarm(house: House) -> None:
    mint = Mint(troubles=[ChannelDownError("away")])
    one = keeper(house, mint)
    with pytest.raises(ChannelDownError):
        await one.access()
    assert await one.access() == "access-1"
    assert await alarms(house) == []


class Closing(Storage):
    """A storage that cannot write for as long as it is told."""

    closed = False

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[UnitOfWork]:
        if self.closed:
            raise DatabaseUnavailableError("away")
        async with super().writing() as unit:
            yield unit


async def test_a_pair_that_could_not_be_stored_is_not_used_and_not_lost(
    house: House, sqlite_url: str, clock: Clock
) -> None:
    mint, closing = Mint(), Closing(sqlite_url)
    one = keeper(house, mint)
    one.storage = closing
    assert await one.lease.held()
    closing.closed = True
    with pytest.raises(DatabaseUnavailableError):
        await one.access()
    with pytest.raises(DatabaseUnavailableError):
        await one.access()
    closing.closed = False
    assert await one.access() == "access-1"
    assert mint.exchanges == 1
    assert await keeper(house, mint, owner="two").access() == "access-1"
    assert clock is house.clock
    await closing.close()


async def test_a_pair_sealed_with_a_lost_secret_needs_a_new_first_token(house: House) -> None:
    mint = Mint()
    await keeper(house, mint).access()
    other = keeper(house, mint, owner="two", keys=PersonKeys("another secret"))
    with pytest.raises(ChannelTokenSpentError):
        await other.access()
