"""The channels as the settings want them: one function each, everything the application needs of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from aiohttp import web

from bot.channels.base import Channel
from bot.channels.json_client import JsonClient
from bot.channels.telegram import Telegram, TelegramSettings
from bot.channels.telegram_commands import commands_of
from bot.channels.visitors import Rate, Rates
from bot.channels.webchat import WebChat, WebChatSettings
from bot.channels.zalo_bot import ZaloBot, ZaloBotSettings
from bot.channels.zalo_oa import ZaloOA, ZaloOASettings
from bot.channels.zalo_oa_tokens import ZaloOAuth
from bot.config import Config
from bot.leases import Lease
from bot.loops import Work
from bot.pace import Pace
from bot.runtime import Runtime
from bot.tokens import TokenKeeper
from bot.webview import WebView
from bot.windows import LAST
from intents import answers
from intents.engine import ERASED, greeting
from intents.knowledge import Knowledge
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage

UNLIMITED = 1000.0
"""Sends a second of the web chat, which only wakes its own page."""

End = Callable[[], Awaitable[None]]


async def _nothing() -> None:
    """End what needs no ending."""


@dataclass(frozen=True, slots=True)
class Wired:
    """A channel with what it takes to run it."""

    channel: Channel
    pace: Pace
    routes: Sequence[web.RouteDef] = ()
    works: Sequence[Work] = ()
    """What it does by itself: polling, keeping tokens fresh."""
    hush: End = _nothing
    """Lets go of requests that wait, when the process is to stop."""
    close: End = _nothing
    """Closes its connections, when nothing uses them any more."""


def wired(config: Config, runtime: Runtime) -> Iterator[Wired]:
    """Yield every channel that is switched on."""
    yield _web_chat(config, runtime)
    if config.telegram_token:
        yield _telegram(config, runtime)
    if config.zalo_bot_token:
        yield _zalo_bot(config, runtime)
    if config.zalo_oa_app_id:
        yield _zalo_oa(config, runtime)


def _web_chat(config: Config, runtime: Runtime) -> Wired:
    knowledge = runtime.knowledge
    rates = Rates(visitor=Rate(8, config.web_chat_rate_per_s), address=Rate(40, config.web_rate_per_s))
    proxies = tuple(ip_network(p, strict=False) for p in config.trusted_proxies)
    settings = WebChatSettings(config.public_url, proxies, rates)
    chat = WebChat(
        accept=runtime.intake.accept,
        view=WebView(runtime),
        texts=web_texts(knowledge),
        greeting=greeting(knowledge),
        farewell=answers.topic(knowledge.topic(ERASED), knowledge).text,
        settings=settings,
    )
    return Wired(chat, Pace(UNLIMITED, UNLIMITED), chat.routes(), [chat.look], hush=chat.stop)


def web_texts(knowledge: Knowledge) -> dict[str, str]:
    """Return the sentences of the web chat."""
    texts = knowledge.content.answers.items()
    return {key.removeprefix("web."): text for key, text in texts if key.startswith("web.")}


def _telegram(config: Config, runtime: Runtime) -> Wired:
    webhook = f"{config.public_url}/webhook/telegram" if config.telegram_mode == "webhook" else ""
    settings = TelegramSettings(
        config.telegram_token, config.telegram_api_url, webhook, config.telegram_webhook_secret
    )
    poller = runtime.lease(f"poller:telegram:{config.telegram_token.partition(':')[0]}")
    commands = commands_of(runtime.knowledge.content.answers)
    telegram = Telegram(settings, runtime.intake.accept, poller.held, commands)
    pace = Pace(config.telegram_rate_per_s, config.telegram_chat_rate_per_s)
    return Wired(telegram, pace, telegram.routes(), [telegram.poll], close=telegram.stop)


def _zalo_bot(config: Config, runtime: Runtime) -> Wired:
    webhook = f"{config.public_url}/webhook/zalo-bot" if config.zalo_bot_mode == "webhook" else ""
    settings = ZaloBotSettings(
        token=config.zalo_bot_token,
        api_url=config.zalo_bot_api_url,
        webhook_url=webhook,
        webhook_secret=config.zalo_bot_webhook_secret,
        hint=runtime.knowledge.say("numbers"),
    )
    poller = runtime.lease(f"poller:zalo_bot:{config.zalo_bot_token.partition(':')[0]}")
    bot = ZaloBot(settings, runtime.intake.accept, poller.held, JsonClient())
    pace = Pace(config.zalo_bot_rate_per_s, config.zalo_bot_chat_rate_per_s)
    return Wired(bot, pace, bot.routes(), [bot.poll], close=bot.stop)


def zalo_keeper(
    config: Config, storage: Storage, keys: PersonKeys, lease_of: Callable[[str], Lease], client: JsonClient
) -> TokenKeeper:
    """Return what keeps the tokens of the official account."""
    oauth = ZaloOAuth(config.zalo_oa_app_id, config.zalo_oa_app_secret, config.zalo_oa_oauth_url, client)
    lease = lease_of(f"tokens:zalo_oa:{config.zalo_oa_app_id}")
    return TokenKeeper(
        storage=storage,
        keys=keys,
        clock=lease.clock,
        lease=lease,
        name="zalo_oa",
        first=config.zalo_oa_refresh_token,
        exchange=oauth.exchange,
    )


def _zalo_oa(config: Config, runtime: Runtime) -> Wired:
    client = JsonClient()
    keeper = zalo_keeper(config, runtime.storage, runtime.keys, runtime.lease, client)
    settings = ZaloOASettings(
        app_id=config.zalo_oa_app_id,
        app_secret=config.zalo_oa_app_secret,
        webhook_secret=config.zalo_oa_webhook_secret,
        oa_id=config.zalo_oa_id,
        api_url=config.zalo_oa_api_url,
        buttons=config.zalo_oa_buttons,
        title_chars=config.zalo_oa_title_chars,
        site_verification=config.zalo_site_verification,
        secret_proof=config.zalo_oa_secret_proof,
    )
    account = ZaloOA(settings, runtime.intake.accept, keeper, runtime.clock, client)
    pace = Pace(config.zalo_oa_rate_per_s, config.zalo_oa_chat_rate_per_s, LAST["zalo_oa"])
    return Wired(account, pace, account.routes(), [keeper.work], close=account.stop)
