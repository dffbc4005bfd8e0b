"""Judges what services say of us. Pure.

Interfaces: core.telegram.org/bots/api#getwebhookinfo; docs.zaloplatforms.com; bot.zaloplatforms.com.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.channels.base import ChannelUnusableError
from bot.channels.zalo_oa_errors import TOKEN, channel_error
from bot.clock import duration
from bot.doctor.calls import Said
from bot.doctor.finding import Finding, ok, problem, warning
from bot.tokens import RENEWED_AFTER

ACCESS_LIVES = dt.timedelta(hours=25)
REFRESH_LIVES = dt.timedelta(days=90)
RECENT = dt.timedelta(hours=1)
MANY_PENDING = 100
UNAUTHORISED = (401, 404)
"""What both bot services answer to a wrong token: the address does not exist."""
ABROAD = "its interface may want a Vietnamese IP address; see also firewall and proxy"
AUTHORISE = "authorise the app anew, put the new token into ZALO_OA_REFRESH_TOKEN, restart"


def of_telegram(said: Said) -> Finding:
    """Judge getMe."""
    return _of_me(
        "telegram", said, "username", "see firewall and proxy; most networks in Vietnam block Telegram"
    )


def of_zalo_bot(said: Said) -> Finding:
    """Judge getMe of the Zalo Bot Platform."""
    return _of_me("zalo bot", said, "account_name", ABROAD)


def _of_me(name: str, said: Said, called: str, silent: str) -> Finding:
    if said.cause:
        return problem(name, f"cannot be reached: {said.cause}", silent)
    if said.content.get("ok") is True:
        return ok(name, f"{_part(said, 'result').get(called, 'the bot')} answers")
    code = said.content.get("error_code", said.status)
    if code in UNAUTHORISED:
        return problem(name, "the token is refused", f"correct {name.upper().replace(' ', '_')}_TOKEN")
    return problem(name, f"an answer of another kind (status {said.status})", silent)


def of_telegram_webhook(said: Said, wanted: str, allowed: Sequence[str], now: dt.datetime) -> Finding:
    """Judge getWebhookInfo, with the address that should be registered, empty when we poll."""
    name, info = "telegram webhook", _part(said, "result")
    if said.content.get("ok") is not True:
        return problem(name, f"not told: {said.cause or f'status {said.status}'}", "try again")
    registered = _of_registered(name, str(info.get("url", "")), wanted, "TELEGRAM_TOKEN")
    if not wanted or registered.todo:
        return registered
    return _of_deliveries(name, info, allowed, now) or registered


def _of_deliveries(
    name: str, info: Mapping[str, object], allowed: Sequence[str], now: dt.datetime
) -> Finding | None:
    pending, failed_at = _number(info.get("pending_update_count")), _number(info.get("last_error_date"))
    since = now - dt.datetime.fromtimestamp(failed_at, dt.UTC)
    if failed_at and since < RECENT:
        words = str(info.get("last_error_message", "no words"))[:120]
        failed = f"{pending} wait; {duration(since)} ago Telegram could not deliver: {words}"
        return (problem if pending else warning)(name, failed, "see certificate, proxy and log")
    if pending > MANY_PENDING:
        return warning(name, f"{pending} updates wait", "see that the service runs, and its log")
    brought = info.get("allowed_updates")
    missing = [kind for kind in allowed if kind not in brought] if isinstance(brought, list) else []
    if missing:
        todo = "restart the service: it asks for all it needs"
        return warning(name, f"does not bring {', '.join(missing)}", todo)
    return None


def of_zalo_bot_webhook(said: Said, wanted: str) -> Finding:
    """Judge getWebhookInfo of the Zalo Bot Platform; where none is set it may answer 404."""
    none = said.content.get("error_code", said.status) == 404  # noqa: PLR2004 - not found
    if said.content.get("ok") is not True and not none:
        cause = said.cause or f"status {said.status}"
        return problem("zalo bot webhook", f"not told: {cause}", "try again")
    registered = str(_part(said, "result").get("url", ""))
    return _of_registered("zalo bot webhook", registered, wanted, "ZALO_BOT_TOKEN")


def _of_registered(name: str, registered: str, wanted: str, token: str) -> Finding:
    if registered == wanted:
        return ok(name, f"{wanted} is registered" if wanted else "none, as it should be: messages are polled")
    if not wanted:
        return problem(
            name,
            "one is registered, so polling brings nothing",
            f"restart the service: it takes it away; see who else uses {token}",
        )
    what = "another address is registered" if registered else "none is registered"
    return problem(name, what, f"start the service: it registers {wanted}")


@dataclass(frozen=True, slots=True)
class TokensSeen:
    """What is known of the tokens of an official account."""

    minted_at: dt.datetime | None = None
    unreadable: bool = False
    first: bool = False
    """The settings hold a first refresh token that was not exchanged yet."""


def of_zalo_tokens(seen: TokensSeen, now: dt.datetime) -> Finding:
    """Judge the stored tokens by their age."""
    name = "zalo oa tokens"
    if seen.unreadable:
        return problem(
            name, "cannot be opened with SECRET_KEY", f"add the former key behind the new one, or {AUTHORISE}"
        )
    if seen.first:
        return warning(
            name, "ZALO_OA_REFRESH_TOKEN was not exchanged yet", "restart the service: it does so once"
        )
    if seen.minted_at is None:
        return problem(name, "there are none", AUTHORISE)
    return _of_age(name, now - seen.minted_at)


def _of_age(name: str, age: dt.timedelta) -> Finding:
    if age >= REFRESH_LIVES:
        return problem(name, f"renewed {duration(age)} ago; a refresh token lives 3 months", AUTHORISE)
    if age >= ACCESS_LIVES:
        return warning(
            name,
            f"renewed {duration(age)} ago: the access token is over",
            "start the service, or add --refresh",
        )
    if age >= RENEWED_AFTER + RECENT:
        return warning(
            name, f"renewed {duration(age)} ago", "see that the service runs: it renews them after 20 h"
        )
    return ok(name, f"renewed {duration(age)} ago")


def of_refresh(error: Exception | None) -> Finding:
    """Judge how renewing the tokens ended."""
    match error:
        case None:
            return ok("refresh", "the tokens are renewed and stored")
        case ChannelUnusableError():
            return problem("refresh", str(error), AUTHORISE)
    return problem("refresh", str(error), ABROAD)


def of_zalo_oa(said: Said, oa_id: str, *, token: bool) -> Finding:
    """Judge getoa, asked with the stored token, if there is one."""
    name, code = "zalo oa", said.content.get("error")
    if said.cause:
        return problem(name, f"cannot be reached: {said.cause}", ABROAD)
    if not isinstance(code, int):
        return problem(name, f"an answer of another kind (status {said.status})", ABROAD)
    if not token:
        return ok(name, "can be reached; there is no token to ask more")
    return _of_number(name, code) if code else _of_account(name, _part(said, "data"), oa_id)


def _of_number(name: str, code: int) -> Finding:
    if code in TOKEN:
        return problem(
            name, f"the access token is refused ({code})", "add --refresh; if that fails too, authorise anew"
        )
    return problem(name, str(channel_error(code)), "see the account and its package in Zalo's console")


def _of_account(name: str, account: Mapping[str, object], oa_id: str) -> Finding:
    theirs = str(account.get("oa_id", ""))
    if oa_id and theirs and theirs != oa_id:
        return problem(
            name, "the token is of another account than ZALO_OA_ID", "correct ZALO_OA_ID, or authorise anew"
        )
    return ok(name, f"{account.get('name', 'the account')} answers")


def of_zalo_webhook(said: Said) -> Finding:
    """Judge the answer to an unsigned post at our own address: the console's check sends one."""
    name = "zalo oa webhook"
    if said.status == 200:  # noqa: PLR2004 - success
        return ok(name, "our address takes what Zalo's console sends to try it")
    what = said.cause or f"status {said.status}"
    return problem(
        name,
        f"our address does not take it: {what}",
        "see that the service runs with ZALO_OA_APP_ID, and the proxy",
    )


def of_zalo_domain(said: Said | None, code: str) -> Finding:
    """Judge the page by which Zalo knows that the domain is ours."""
    name = "zalo oa domain"
    if said is None:
        return ok(name, "no page; Zalo wants one before it takes the webhook: ZALO_SITE_VERIFICATION")
    if said.status == 200 and code in said.text:  # noqa: PLR2004 - success
        return ok(name, "the page is there")
    what = said.cause or f"status {said.status}"
    return problem(
        name,
        f"the page is not there: {what}",
        "see that the service runs with ZALO_SITE_VERIFICATION, and the proxy",
    )


def _part(said: Said, name: str) -> dict[str, object]:
    found = said.content.get(name)
    return found if isinstance(found, dict) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
