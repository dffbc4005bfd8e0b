"""One conversation over every channel: `python -m tests.side_by_side` prints the transcripts side by side.

Exits 1 when a channel decides otherwise than the others.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import textwrap
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import click
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer, unused_port

from bot.app import create_app
from bot.channels.numbered import BOLD
from bot.config import Config
from bot.fakes import telegram, zalo_bot, zalo_oa
from bot.fakes.telegram import FakeTelegram, fake_telegram
from bot.fakes.zalo_bot import FakeZaloBot, fake_zalo_bot
from bot.fakes.zalo_oa import FakeZaloOA, fake_zalo_oa
from bot.logs import set_up_logs
from intents.knowledge import Knowledge
from storage.migrate import upgrade
from tests.real import real_knowledge

SECRET = "made-up-webhook-secret"
SECONDS = 20.0
WIDTH = 30
PERSON = 5001

CONVERSATION: tuple[str | int, ...] = (
    "xin chào",
    "con mới đẻ thì làm giấy khai sinh cần giấy tờ gì",
    "lệ phí bao nhiêu",
    1,
    "mất căn cước",
    2,
    "nộp qua bưu điện được không",
    "có người gọi xưng công an bắt đọc mã OTP",
    "bao giờ Việt Nam vô địch thế giới",
    "cảm ơn",
)
"""What the person says; a number is a choice among the buttons of the last answer."""


@dataclass(frozen=True, slots=True)
class Said:
    """One answer as the person sees it."""

    text: str
    buttons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """What the journal holds of a message."""

    message: int
    name: str
    topic: str
    aspect: str
    service: str
    value: str


@dataclass(kw_only=True)
class Way(ABC):
    """A way to us: how it is set up, how one writes and taps there, what one sees."""

    name: str
    url: str = ""
    """Of the running application."""

    @abstractmethod
    def settings(self) -> dict[str, object]:
        """Return the settings that switch it on."""

    @abstractmethod
    async def says(self, text: str) -> None:
        """Write."""

    @abstractmethod
    async def chooses(self, number: int) -> None:
        """Take a choice of the last answer, as one does there."""

    @abstractmethod
    async def answers(self) -> list[Said]:
        """Return what was said to the person so far."""


@dataclass(kw_only=True)
class OverTelegram(Way):
    """Telegram, by webhook or by polling."""

    fake: FakeTelegram
    mode: str

    def settings(self) -> dict[str, object]:
        """Name the bot and where its Telegram is."""
        return {
            "telegram_token": telegram.TOKEN,
            "telegram_api_url": self.fake.url,
            "telegram_mode": self.mode,
            "telegram_webhook_secret": SECRET,
            "telegram_chat_rate_per_s": 1000,
        }

    async def says(self, text: str) -> None:
        """Write in the private chat."""
        await self.fake.says(text, PERSON)

    async def chooses(self, number: int) -> None:
        """Tap a button below the last message."""
        buttons = [button for row in self.fake.sent[-1].buttons for button in row]
        await self.fake.taps(buttons[number - 1]["callback_data"], PERSON)

    async def answers(self) -> list[Said]:
        """Return what Telegram accepted."""
        return [Said(message.text, tuple(message.labels)) for message in self.fake.sent]


@dataclass(kw_only=True)
class OverZaloOA(Way):
    """A Zalo official account."""

    fake: FakeZaloOA

    def settings(self) -> dict[str, object]:
        """Name the account and where its Zalo is."""
        return {
            "zalo_oa_app_id": zalo_oa.APP_ID,
            "zalo_oa_app_secret": zalo_oa.APP_SECRET,
            "zalo_oa_webhook_secret": zalo_oa.WEBHOOK_SECRET,
            "zalo_oa_id": zalo_oa.OA_ID,
            "zalo_oa_refresh_token": self.fake.tokens.refresh,
            "zalo_oa_api_url": self.fake.url,
            "zalo_oa_oauth_url": self.fake.url,
            "zalo_oa_rate_per_s": 1000,
            "zalo_oa_chat_rate_per_s": 1000,
        }

    async def says(self, text: str) -> None:
        """Write to the account."""
        self.fake.webhook = f"{self.url}/webhook/zalo-oa"
        await self.fake.says(text)

    async def chooses(self, number: int) -> None:
        """Tap a button: its payload comes as text."""
        await self.fake.taps(self.fake.sent[-1].buttons[number - 1]["payload"])

    async def answers(self) -> list[Said]:
        """Return what Zalo accepted."""
        return [Said(message.text, tuple(message.labels)) for message in self.fake.sent]


@dataclass(kw_only=True)
class OverZaloBot(Way):
    """A Zalo bot, by webhook or by polling."""

    fake: FakeZaloBot
    mode: str

    def settings(self) -> dict[str, object]:
        """Name the bot and where its Zalo is."""
        return {
            "zalo_bot_token": zalo_bot.TOKEN,
            "zalo_bot_api_url": self.fake.url,
            "zalo_bot_mode": self.mode,
            "zalo_bot_webhook_secret": SECRET,
            "zalo_bot_rate_per_s": 1000,
            "zalo_bot_chat_rate_per_s": 1000,
        }

    async def says(self, text: str) -> None:
        """Write to the bot."""
        await self.fake.says(text)

    async def chooses(self, number: int) -> None:
        """Type the number: there are no buttons."""
        await self.fake.says(str(number))

    async def answers(self) -> list[Said]:
        """Return what Zalo accepted."""
        return [Said(message.text, ()) for message in self.fake.sent]


@dataclass(kw_only=True)
class OverPage(Way):
    """The web chat."""

    session: ClientSession
    visitor: str = field(default_factory=lambda: uuid4().hex)

    def settings(self) -> dict[str, object]:
        """Take off the limits for one visitor."""
        return {"web_rate_per_s": 1000, "web_chat_rate_per_s": 1000}

    async def says(self, text: str) -> None:
        """Send the form."""
        await self._send({"text": text})

    async def chooses(self, number: int) -> None:
        """Press a button of the last answer."""
        lines = [line for line in await self._lines() if line["side"] == "assistant"]
        await self._send({"payload": lines[-1]["buttons"][number - 1]["payload"]})

    async def answers(self) -> list[Said]:
        """Return what the page shows of the assistant."""
        lines = [line for line in await self._lines() if line["side"] == "assistant"]
        return [
            Said(one["text"].replace(BOLD, ""), tuple(button["label"] for button in one["buttons"]))
            for one in lines
        ]

    async def _send(self, fields: dict[str, str]) -> None:
        form = {"id": uuid4().hex, "visitor": self.visitor, **fields}
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        async with self.session.post(f"{self.url}/chat", data=urlencode(form), headers=kind) as response:
            response.raise_for_status()

    async def _lines(self) -> list[dict[str, Any]]:
        address, headers = f"{self.url}/chat/lines?after=0", {"Cookie": f"visitor={self.visitor}"}
        async with self.session.get(address, headers=headers) as response:
            lines: list[dict[str, Any]] = (await response.json())["lines"]
            return lines


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation over one way."""

    way: str
    answers: tuple[Said, ...]
    decided: tuple[Decided, ...]


@asynccontextmanager
async def ways() -> AsyncIterator[Sequence[Way]]:
    """Open every way, each with a service of its own."""
    async with AsyncExitStack() as stack:
        chats = [await stack.enter_async_context(fake_telegram()) for _ in range(2)]
        bots = [await stack.enter_async_context(fake_zalo_bot()) for _ in range(2)]
        account = await stack.enter_async_context(fake_zalo_oa())
        session = await stack.enter_async_context(ClientSession())
        yield (
            OverTelegram(name="Telegram, webhook", fake=chats[0], mode="webhook"),
            OverTelegram(name="Telegram, polling", fake=chats[1], mode="polling"),
            OverZaloOA(name="Zalo official account", fake=account),
            OverZaloBot(name="Zalo bot, webhook", fake=bots[0], mode="webhook"),
            OverZaloBot(name="Zalo bot, polling", fake=bots[1], mode="polling"),
            OverPage(name="web chat", session=session),
        )


async def held(way: Way, knowledge: Knowledge, folder: Path) -> Transcript:
    """Hold the conversation over one way, with an application and a database of its own."""
    port = unused_port()
    way.url = f"http://127.0.0.1:{port}"
    database = folder / f"{uuid4().hex}.db"
    url = f"sqlite+aiosqlite:///{database}"
    await upgrade(url)
    told = {"database_url": url, "secret_key": "a secret", "public_url": way.url, **way.settings()}
    async with TestServer(create_app(Config.model_validate(told), knowledge), port=port):
        for turn, said in enumerate(CONVERSATION, 1):
            await (way.says(said) if isinstance(said, str) else way.chooses(said))
            await _answered(way, turn)
        answers = tuple(await way.answers())
    return Transcript(way.name, answers, _decided(database))


async def _answered(way: Way, number: int) -> None:
    async with asyncio.timeout(SECONDS):
        while len(await way.answers()) < number:  # noqa: ASYNC110 - the page is asked over HTTP
            await asyncio.sleep(0.02)


def _decided(database: Path) -> tuple[Decided, ...]:
    columns = "name, topic, aspect, service, value"
    told = f"SELECT inbox_id, {columns} FROM journal WHERE inbox_id IS NOT NULL ORDER BY id"  # noqa: S608
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(told).fetchall()
    messages = sorted({message for message, *_ in rows})
    return tuple(Decided(messages.index(message), *told) for message, *told in rows)


async def all_held(knowledge: Knowledge) -> list[Transcript]:
    """Hold the conversation over all ways, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        async with ways() as opened:
            return [await held(way, knowledge, Path(folder)) for way in opened]


def columns(transcripts: Sequence[Transcript]) -> list[str]:
    """Return the lines of a table, a column a transcript."""
    lines = [_row([one.way for one in transcripts])]
    for turn, said in enumerate(CONVERSATION):
        lines += ["", f"> {said}" if isinstance(said, str) else f"> [choice {said}]"]
        cells = [_cell(one, turn) for one in transcripts]
        lines += [_row(list(row)) for row in zip_longest(*cells, fillvalue="")]
    return lines


def _cell(transcript: Transcript, turn: int) -> list[str]:
    answer, decided = transcript.answers[turn], transcript.decided[turn]
    known = (decided.name, decided.topic, decided.aspect, decided.service)
    lines = textwrap.wrap("= " + " ".join(filter(None, known)), WIDTH)
    for paragraph in answer.text.split("\n"):
        lines += textwrap.wrap(paragraph, WIDTH) or [""]
    return lines + [f"[{label}]"[:WIDTH] for label in answer.buttons]


def _row(cells: Sequence[str]) -> str:
    return " | ".join(cell.ljust(WIDTH) for cell in cells).rstrip()


def main() -> None:
    """Hold, print, compare."""
    set_up_logs("ERROR")
    transcripts = asyncio.run(all_held(real_knowledge()))
    click.echo("\n".join(columns(transcripts)))
    same = {one.decided for one in transcripts}
    verdict = "the same decisions everywhere" if len(same) == 1 else "DIFFERENT DECISIONS"
    click.echo(f"\n{verdict}: {len(CONVERSATION)} turns over {len(transcripts)} ways")
    raise SystemExit(len(same) != 1)


if __name__ == "__main__":
    main()
