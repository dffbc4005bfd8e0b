"""Tells alarms to the operators: by mail and by the chats that the settings name."""

from __future__ import annotations

import asyncio
import datetime as dt
import smtplib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from bot.channels.base import Channel, ChannelError
from bot.clock import Clock
from bot.config import Config
from bot.mail import Mail, parse_server
from intents.redact import redact
from intents.turn import Reply
from storage.records import Alarm
from storage.unit_of_work import Storage

log = structlog.get_logger(__name__)

AGAIN = dt.timedelta(hours=6)
"""How often an alarm that lasts is told."""
TELL_SECONDS = 20.0
"""How long one destination may take; shorter than the time in which the next look is due."""
VIETNAM = dt.timezone(dt.timedelta(hours=7))
TEXT = "operator.alarm."
"""Beginning of the names of the texts about alarms: what happened in the first line, then what to do."""
OTHER = f"{TEXT}other"


@dataclass(frozen=True, slots=True)
class Notice:
    """What an operator is told."""

    subject: str
    text: str


class Destination(Protocol):
    """Where operators are told something."""

    @property
    def name(self) -> str:
        """Return what the log calls it."""

    async def tell(self, notice: Notice) -> None:
        """Tell it; raise anything when that failed."""


@dataclass(frozen=True, slots=True)
class ByMail:
    """A few mail addresses."""

    mail: Mail
    name: str = "mail"

    async def tell(self, notice: Notice) -> None:
        """Send a mail."""
        await self.mail.send(notice.subject, notice.text)


@dataclass(frozen=True, slots=True)
class ByChat:
    """A chat of a channel that is on."""

    channel: Channel
    address: Mapping[str, str]

    @property
    def name(self) -> str:
        """Return the channel's name."""
        return self.channel.name

    async def tell(self, notice: Notice) -> None:
        """Send a message as to anybody."""
        await self.channel.send(self.address, Reply(notice.text))


def destinations(config: Config, channels: Sequence[Channel]) -> list[Destination]:
    """Return where the settings want alarms to go."""
    found: list[Destination] = []
    if config.alert_mail_to:
        server = parse_server(config.alert_smtp_url)
        found.append(ByMail(Mail(server, config.alert_mail_from, config.alert_mail_to)))
    chats = _chats(config)
    return found + [ByChat(channel, chats[channel.name]) for channel in channels if channel.name in chats]


def _chats(config: Config) -> dict[str, Mapping[str, str]]:
    """Return by channel to whom its alarms go, where somebody is named."""
    addresses = {
        "telegram": {"chat": config.alert_telegram_chat},
        "zalo_oa": {"user": config.alert_zalo_oa_user},
        "zalo_bot": {"chat": config.alert_zalo_bot_chat},
    }
    return {name: address for name, address in addresses.items() if all(address.values())}


def places(config: Config) -> list[str]:
    """Return the names of the destinations."""
    return [*(["mail"] if config.alert_mail_to else []), *_chats(config)]


@dataclass(frozen=True, slots=True)
class Alerts:
    """Tells what is new at once, what lasts every few hours, and what is over once."""

    storage: Storage
    clock: Clock
    texts: Mapping[str, str]
    destinations: Sequence[Destination]

    async def tell(self) -> None:
        """Tell what is to be told; what nobody could be told is tried again at the next look."""
        now = self.clock()
        async with self.storage.reading() as unit:
            alarms = await unit.alarms.to_tell(now - AGAIN)
        if not alarms:
            return
        for alarm in alarms:
            detail, over = redact(alarm.detail), alarm.over_at is not None
            log.warning("alarm", name=alarm.name, detail=detail, over=over)
        failed = await deliver(written(alarms, self.texts), self.destinations)
        if failed and all(failed.values()):
            return
        async with self.storage.writing() as unit:
            await unit.alarms.told(alarms, now)
            await unit.commit()


async def deliver(notice: Notice, destinations: Sequence[Destination]) -> dict[str, str]:
    """Tell all destinations at once; return by name why it failed, nothing where it did not."""
    causes = await asyncio.gather(*(_failure(destination, notice) for destination in destinations))
    return {destination.name: cause for destination, cause in zip(destinations, causes, strict=True)}


async def _failure(destination: Destination, notice: Notice) -> str:
    try:
        async with asyncio.timeout(TELL_SECONDS):
            await destination.tell(notice)
    except Exception as error:  # noqa: BLE001 - whatever it is, the others are told
        cause = _cause(error)
        log.warning("alarm not told", destination=destination.name, cause=cause)
        return cause
    return ""


def _cause(error: Exception) -> str:
    """Say why without addresses: a mail server repeats them."""
    kind = type(error).__name__
    match error:
        case smtplib.SMTPResponseException():
            return f"{kind} {error.smtp_code}"
        case ChannelError():
            return f"{kind}: {error}"
    return kind


def written(alarms: Sequence[Alarm], texts: Mapping[str, str]) -> Notice:
    """Write down what happened and what to do."""
    titles = ", ".join(dict.fromkeys(_about(alarm.name, texts)[0] for alarm in alarms))
    said = "\n\n".join(_said(alarm, texts) for alarm in alarms)
    return Notice(texts["operator.subject"].format(what=titles), said)


def trial(texts: Mapping[str, str]) -> Notice:
    """Write down that nothing happened: only whether it arrives is to be seen."""
    subject, _, _ = texts["operator.trial"].partition("\n")
    return Notice(texts["operator.subject"].format(what=subject), texts["operator.trial"])


def _said(alarm: Alarm, texts: Mapping[str, str]) -> str:
    title, todo = _about(alarm.name, texts)
    since = _local(alarm.since)
    if alarm.over_at is not None:
        over = texts["operator.over"]
        return over.format(title=title, time=since, now=_local(alarm.over_at))
    # What a service says may hold somebody's number.
    detail = redact(alarm.detail)
    return texts["operator.lasts"].format(title=title, what=todo, text=detail, time=since)


def _about(name: str, texts: Mapping[str, str]) -> tuple[str, str]:
    """Return what happened and what to do: said of this alarm, else of its kind on any channel."""
    channel, _, kind = name.partition(" ")
    keys = (f"{TEXT}{name.replace(' ', '_')}", f"{TEXT}{kind}", OTHER)
    text = next(texts[key] for key in keys if key in texts)
    title, _, todo = text.format(name=name if text == texts[OTHER] else channel).partition("\n")
    return title, todo


def _local(at: dt.datetime) -> str:
    return f"{at.astimezone(VIETNAM):%H:%M %-d/%-m}"
