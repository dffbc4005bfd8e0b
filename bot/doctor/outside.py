"""Asks the services what they know of us."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.channels.base import ChannelError, ChannelUnusableError
from bot.channels.json_client import JsonClient
from bot.channels.telegram_updates import ALLOWED
from bot.channels.zalo_oa import proof
from bot.clock import Clock
from bot.config import Config
from bot.doctor.calls import Caller
from bot.doctor.finding import Finding, Grade
from bot.doctor.services import (
    ACCESS_LIVES,
    TokensSeen,
    of_refresh,
    of_telegram,
    of_telegram_webhook,
    of_zalo_bot,
    of_zalo_bot_webhook,
    of_zalo_domain,
    of_zalo_oa,
    of_zalo_tokens,
    of_zalo_webhook,
)
from bot.leases import Lease
from bot.owner import new_owner
from bot.tokens import TokenKeeper
from bot.wiring import zalo_keeper
from storage.errors import StorageError
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage


async def ask_telegram(config: Config, caller: Caller) -> list[Finding]:
    """Ask Telegram who we are and where it sends updates."""
    bot = f"{config.telegram_api_url}/bot{config.telegram_token}"
    wanted = f"{config.public_url}/webhook/telegram" if config.telegram_mode == "webhook" else ""
    me, info = await asyncio.gather(
        caller.ask("Telegram", f"{bot}/getMe"), caller.ask("Telegram", f"{bot}/getWebhookInfo")
    )
    found = of_telegram(me)
    if found.grade is not Grade.OK:
        return [found]
    return [found, of_telegram_webhook(info, wanted, ALLOWED, caller.clock())]


async def ask_zalo_bot(config: Config, caller: Caller) -> list[Finding]:
    """Ask the Zalo Bot Platform who we are and where it sends messages."""
    bot = f"{config.zalo_bot_api_url}/bot{config.zalo_bot_token}"
    wanted = f"{config.public_url}/webhook/zalo-bot" if config.zalo_bot_mode == "webhook" else ""
    me, info = await asyncio.gather(
        caller.ask("Zalo Bot", f"{bot}/getMe"), caller.ask("Zalo Bot", f"{bot}/getWebhookInfo")
    )
    found = of_zalo_bot(me)
    return [found, of_zalo_bot_webhook(info, wanted)] if found.grade is Grade.OK else [found]


@dataclass(frozen=True, slots=True)
class Account:
    """The official account's stored tokens; a token is spent by being renewed, so they are only looked at."""

    keeper: TokenKeeper
    clock: Clock

    async def seen(self) -> TokensSeen:
        """Return what is known of the tokens."""
        async with self.keeper.storage.reading() as unit:
            stored = await unit.tokens.load(self.keeper.name) is not None
        pair = await self.keeper.stored()
        if pair is None:
            return TokensSeen(unreadable=stored, first=not stored and bool(self.keeper.first))
        return TokensSeen(pair.minted_at, first=self.keeper.told_anew(pair))

    async def access(self) -> str:
        """Return the stored access token while it lives; raise a `ChannelError` when there is none."""
        pair = await self.keeper.stored()
        if pair is None or self.clock() - pair.minted_at >= ACCESS_LIVES:
            raise ChannelUnusableError("no access token is stored that still lives")
        return pair.access

    async def renew(self, refused: str) -> str:
        """Refuse: only who asks for it has tokens renewed."""
        del refused
        raise ChannelUnusableError("the access token is refused")

    async def refresh(self) -> Finding:
        """Renew the tokens and store them."""
        try:
            pair = await self.keeper.stored()
            await self.keeper.renew(pair.access if pair else "")
        except (ChannelError, StorageError) as error:
            return of_refresh(error)
        return of_refresh(None)


def zalo_account(
    config: Config, storage: Storage, keys: PersonKeys, clock: Clock, client: JsonClient
) -> Account:
    """Return the official account that the settings name."""

    def lease(name: str) -> Lease:
        return Lease(storage, clock, name, new_owner())

    return Account(zalo_keeper(config, storage, keys, lease, client), clock)


async def ask_zalo_oa(config: Config, caller: Caller, account: Account | None) -> list[Finding]:
    """Ask Zalo about the official account, with the stored token as long as it lives."""
    tokens, headers = [], {}
    try:
        if account:
            tokens = [of_zalo_tokens(await account.seen(), caller.clock())]
            headers = _headers(config, await account.access())
    except (ChannelError, StorageError):
        headers = {}  # Zalo can still be reached, or not
    said = await caller.ask("Zalo", f"{config.zalo_oa_api_url}/v2.0/oa/getoa", headers)
    return [*tokens, of_zalo_oa(said, config.zalo_oa_id, token=bool(headers))]


def _headers(config: Config, token: str) -> dict[str, str]:
    headers = {"access_token": token}
    if config.zalo_oa_secret_proof:
        headers["appsecret_proof"] = proof(config.zalo_oa_app_secret, token)
    return headers


async def try_zalo_pages(config: Config, caller: Caller) -> list[Finding]:
    """Post to our own webhook as Zalo's console does, and fetch the page about the domain."""
    code = config.zalo_site_verification
    hook = caller.post(f"{config.public_url}/webhook/zalo-oa", {})
    if not code:
        return [of_zalo_webhook(await hook), of_zalo_domain(None, code)]
    posted, page = await asyncio.gather(hook, caller.get(f"{config.public_url}/zalo_verifier{code}.html"))
    return [of_zalo_webhook(posted), of_zalo_domain(page, code)]
