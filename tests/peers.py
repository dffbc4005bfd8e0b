"""The outside services as stand-ins on one port, each knowing five hundred people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.fakes.telegram import FakeTelegram
from bot.fakes.weather import Weather
from bot.fakes.zalo_bot import FakeZaloBot
from bot.fakes.zalo_oa import FakeZaloOA, Person
from tests.wires import (
    APP,
    APP_SECRET,
    OA,
    OA_SECRET,
    TELEGRAM,
    TELEGRAM_TOKEN,
    ZALO_BOT,
    ZALO_BOT_TOKEN,
    ZALO_OA,
)

PEOPLE = 500


@dataclass(frozen=True, slots=True)
class Services:
    """The three, each knowing all people."""

    telegram: FakeTelegram
    zalo_oa: FakeZaloOA
    zalo_bot: FakeZaloBot

    def said(self) -> dict[str, list[tuple[str, str]]]:
        """Return person and text of each message that was accepted, in order."""
        return {
            "telegram": [(str(m.chat_id), m.text) for m in self.telegram.sent],
            "zalo_oa": [(m.person, m.text) for m in self.zalo_oa.sent],
            "zalo_bot": [(m.chat, m.text) for m in self.zalo_bot.sent],
        }

    def routes(self) -> list[web.RouteDef]:
        """Return the addresses of all three; those of the Zalo Bot stand below /zalo-bot."""
        return [*self.telegram.routes(), *self.zalo_oa.routes(), *self.zalo_bot.routes("/zalo-bot")]


def services(**weather: Any) -> Services:
    """Return the services in their weather; the messages of people come from elsewhere."""
    telegram = FakeTelegram(token=TELEGRAM_TOKEN, pushing=False, weather=Weather(**weather))
    oa = FakeZaloOA(
        app_id=APP,
        app_secret=APP_SECRET,
        webhook_secret=OA_SECRET,
        oa_id=OA,
        echoing=False,
        pushing=False,
        weather=Weather(**weather),
    )
    bot = FakeZaloBot(token=ZALO_BOT_TOKEN, pinging=False, pushing=False, weather=Weather(**weather))
    telegram._people.update(int(TELEGRAM.address(n)) for n in range(PEOPLE))  # noqa: SLF001 - all have written
    bot._people.update(ZALO_BOT.address(n) for n in range(PEOPLE))  # noqa: SLF001 - as above
    oa.people.update({ZALO_OA.address(n): Person(oa.clock()) for n in range(PEOPLE)})
    return Services(telegram, oa, bot)
