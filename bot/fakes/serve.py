"""All stand-ins on one port of loopback, with a page of three telephones: `python -m bot fake-services`."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.fakes import telegram, zalo_bot, zalo_oa
from bot.fakes.phones import AccountPhone, BotPhone, Phone, Table, TelegramPhone
from bot.fakes.scene import alongside, on_loopback
from bot.fakes.zalo_oa_tokens import FIRST_REFRESH

ZALO_BOT_PATH = "/zalo-bot"
"""Before the methods of the Zalo bot, which have the same addresses as Telegram's."""
SECRET = "made-up-webhook-secret"
KEPT = 1000
RETRIES = (1.0, 2.0, 5.0, *[10.0] * 10_000)
"""Who develops stops and starts the service as he likes."""


@dataclass(frozen=True, slots=True)
class Services:
    """The stand-ins and where they are."""

    url: str
    telegram: telegram.FakeTelegram
    zalo_oa: zalo_oa.FakeZaloOA
    zalo_bot: zalo_bot.FakeZaloBot
    phones: tuple[Phone, ...]


def environment(url: str, bot_url: str, *, webhooks: bool) -> dict[str, str]:
    """Return the settings with which the service talks to the stand-ins."""
    mode = "webhook" if webhooks else "polling"
    return {
        "PUBLIC_URL": bot_url,
        "TELEGRAM_TOKEN": telegram.TOKEN,
        "TELEGRAM_API_URL": url,
        "TELEGRAM_MODE": mode,
        "TELEGRAM_WEBHOOK_SECRET": SECRET,
        "ZALO_OA_APP_ID": zalo_oa.APP_ID,
        "ZALO_OA_APP_SECRET": zalo_oa.APP_SECRET,
        "ZALO_OA_WEBHOOK_SECRET": zalo_oa.WEBHOOK_SECRET,
        "ZALO_OA_REFRESH_TOKEN": FIRST_REFRESH,
        "ZALO_OA_ID": zalo_oa.OA_ID,
        "ZALO_OA_API_URL": url,
        "ZALO_OA_OAUTH_URL": url,
        "ZALO_BOT_TOKEN": zalo_bot.TOKEN,
        "ZALO_BOT_API_URL": f"{url}{ZALO_BOT_PATH}",
        "ZALO_BOT_MODE": mode,
        "ZALO_BOT_WEBHOOK_SECRET": SECRET,
    }


@asynccontextmanager
async def services(port: int, bot_url: str) -> AsyncIterator[Services]:
    """Serve all stand-ins on a port of loopback, a free one for 0."""
    # A service that outlives this process has seen its ids: they must not come again.
    numbers = itertools.count(int(time.time()))
    chat = telegram.FakeTelegram(keep=KEPT, numbers=numbers)
    account = zalo_oa.FakeZaloOA(
        keep=KEPT, numbers=numbers, retries=RETRIES, webhook=f"{bot_url}/webhook/zalo-oa"
    )
    account.tokens.forgiving = True
    bot = zalo_bot.FakeZaloBot(keep=KEPT, numbers=numbers, retries=RETRIES)
    phones = (
        TelegramPhone(name="telegram", title="Telegram", fake=chat),
        AccountPhone(name="zalo-oa", title="Zalo official account", fake=account),
        BotPhone(name="zalo-bot", title="Zalo bot", fake=bot),
    )
    routes = [*Table(phones).routes(), *account.routes(), *bot.routes(ZALO_BOT_PATH), *chat.routes()]
    async with (
        on_loopback(routes, port) as url,
        alongside(chat.push()),
        alongside(account.push()),
        alongside(bot.push()),
    ):
        chat.url = account.url = url
        bot.url = f"{url}{ZALO_BOT_PATH}"
        yield Services(url, chat, account, bot, phones)


async def serve(port: int, bot_url: str, say: Callable[[str], None], *, webhooks: bool) -> None:
    """Serve until stopped; say first where, and with which settings the service comes here."""
    async with services(port, bot_url) as opened:
        say(f"# three telephones: {opened.url}/")
        for name, value in environment(opened.url, bot_url, webhooks=webhooks).items():
            say(f"{name}={value}")
        await asyncio.Event().wait()
