"""What the sends of a stand-in meet, and what is counted of them."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from aiohttp import ClientSession, ClientTimeout, web

from bot.fakes.bot_api import RefusedError
from bot.fakes.telegram import FakeTelegram, fake_telegram
from bot.fakes.weather import SWEEP, Tally, Weather
from bot.fakes.zalo_bot import fake_zalo_bot
from bot.fakes.zalo_oa import fake_zalo_oa

BUSY = RefusedError("later", 429)


class Watch:
    """A clock in seconds that is moved by hand, or by whoever waits."""

    now = 0.0

    def __init__(self) -> None:
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


def counted(watch: Watch, *moments: float, chats: str = "aaaaaaaa") -> Tally:
    tally = Tally(watch)
    for moment, chat in zip(moments, chats, strict=False):
        watch.now = moment
        tally.count(chat)
    return tally


def test_the_most_within_any_one_second_is_found_wherever_that_second_begins(watch: Watch) -> None:
    tally = counted(watch, 0.0, 0.9, 1.1, 1.5, 1.8, 2.0, 5.0)
    assert (tally.total, tally.peak) == (7, 4)


def test_a_second_holds_its_beginning_and_not_its_end(watch: Watch) -> None:
    assert counted(watch, 0.0, 1.0, 2.0).peak == 1
    assert counted(watch, 0.0, 0.999).peak == 2


def test_the_most_of_one_chat_is_counted_apart(watch: Watch) -> None:
    tally = counted(watch, 0.0, 0.1, 0.2, 0.3, chats="abab")
    assert (tally.peak, tally.peak_of_one) == (4, 2)


def test_those_who_are_quiet_are_forgotten(watch: Watch) -> None:
    tally = Tally(watch)
    for number in range(10 * SWEEP):
        watch.now = float(number)
        tally.count(number)
    assert len(tally._recent_of) <= SWEEP  # noqa: SLF001 - what it costs is the point
    assert len(tally._recent) == 1  # noqa: SLF001


async def test_in_fair_weather_a_send_waits_for_nothing(watch: Watch) -> None:
    weather = Weather(wait=watch.wait)
    assert await weather.carry("a", lambda: "accepted", BUSY) == "accepted"
    assert (watch.waits, weather.accepted.total, weather.under_way) == ([], 1, 0)


async def test_a_send_is_accepted_somewhere_within_its_time(watch: Watch) -> None:
    weather = Weather(latency=(2.0, 2.0), wait=watch.wait)
    moments = []
    for _ in range(200):
        began = watch.now
        accepted = await weather.carry("a", watch, BUSY)
        moments.append(accepted - began)
        assert watch.now - began == pytest.approx(2.0)
    assert min(moments) < 0.1
    assert max(moments) > 1.9


async def fates(seed: int) -> list[str]:
    weather = Weather(seed=seed, busy=0.2, broken=0.1)
    found = []
    for _ in range(500):
        try:
            found.append(await weather.carry("a", lambda: "well", BUSY))
        except RefusedError:
            found.append("busy")
        except web.HTTPBadGateway:
            found.append("broken")
    assert (weather.arrived.total, weather.accepted.total) == (500, found.count("well"))
    return found


async def test_shares_of_the_sends_fail_the_same_ones_each_time() -> None:
    drawn = Counter(await fates(1))
    assert 70 < drawn["busy"] < 130
    assert 25 < drawn["broken"] < 75
    assert await fates(1) == await fates(1) != await fates(2)


async def says(telegram: FakeTelegram, seconds: float = 10) -> int:
    """Send as a bot does; return the status."""
    async with (
        ClientSession(timeout=ClientTimeout(seconds)) as session,
        session.post(
            f"{telegram.url}/bot{telegram.token}/sendMessage", json={"chat_id": 5001, "text": "a"}
        ) as response,
    ):
        return response.status


async def test_who_gets_no_answer_leaves_and_the_send_was_accepted_all_the_same() -> None:
    async with fake_telegram(weather=Weather(unanswered=1)) as telegram:
        await telegram.says("Chào")
        with pytest.raises(TimeoutError):
            await says(telegram, 0.1)
        await telegram.until(lambda: telegram.weather.lost == 1)
        assert (telegram.texts_to(5001), telegram.weather.under_way) == (["a"], 0)


async def test_who_leaves_before_it_is_accepted_was_never_heard() -> None:
    async def for_ever(_seconds: float) -> None:
        await asyncio.Event().wait()

    async with fake_telegram(weather=Weather(latency=(1, 1), wait=for_ever)) as telegram:
        await telegram.says("Chào")
        with pytest.raises(TimeoutError):
            await says(telegram, 0.1)
        await telegram.until(lambda: not telegram.busy)
        assert (telegram.texts_to(5001), telegram.weather.lost) == ([], 0)


async def test_sends_under_way_are_counted() -> None:
    gate = asyncio.Event()

    async def until_open(_seconds: float) -> None:
        await gate.wait()

    async with fake_telegram(weather=Weather(latency=(1, 1), wait=until_open)) as telegram:
        await telegram.says("Chào")
        sends = [asyncio.create_task(says(telegram)) for _ in range(3)]
        await telegram.until(lambda: telegram.weather.under_way == 3)
        gate.set()
        assert await asyncio.gather(*sends) == [200] * 3
        assert (telegram.weather.under_way, telegram.weather.most_under_way) == (0, 3)


async def test_each_service_is_busy_and_broken_in_its_own_words() -> None:
    busy, broken = Weather(busy=1), Weather(broken=1)
    async with (
        fake_telegram(weather=busy) as telegram,
        fake_zalo_bot(weather=busy) as bot,
        fake_zalo_oa(weather=busy) as account,
        ClientSession() as session,
    ):
        token = account.tokens.mint()

        async def sent(url: str, **body: object) -> tuple[int, dict[str, object]]:
            async with session.post(url, json=body, headers={"access_token": token}) as response:
                status, json_is_told = response.status, response.content_type == "application/json"
                return status, await response.json() if json_is_told else {}

        async def all_sent() -> list[tuple[int, dict[str, object]]]:
            await telegram.says("Chào")
            chat = (await bot.says("Chào"))["message"]["chat"]["id"]
            person = (await account.says("Chào"))["sender"]["id"]
            return [
                await sent(f"{telegram.url}/bot{telegram.token}/sendMessage", chat_id=5001, text="a"),
                await sent(f"{bot.url}/bot{bot.token}/sendMessage", chat_id=chat, text="a"),
                await sent(
                    f"{account.url}/v3.0/oa/message/cs",
                    recipient={"user_id": person},
                    message={"text": "a"},
                ),
            ]

        (first, told), (second, _), (third, answer) = await all_sent()
        assert (first, second, third) == (429, 429, 200)
        assert told["parameters"] == {"retry_after": 1}
        assert answer["error"] == -32
        for one in (telegram, bot, account):
            one.weather = broken
        assert [status for status, _ in await all_sent()] == [502] * 3


async def test_history_is_kept_only_as_long_as_asked() -> None:
    async with fake_telegram(keep=3) as telegram:
        await telegram.says("Chào")
        for _ in range(20):
            await says(telegram)
        assert 3 <= len(telegram.sent) <= 6
        assert 3 <= len(telegram.calls) <= 6
        assert telegram.called("sendmessage") == telegram.weather.accepted.total == 20
