"""Alarms reach the operators: by mail, by a chat, and where one way fails by the others."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest
import structlog
from aiohttp.test_utils import TestServer

from bot import alerts
from bot.alerts import AGAIN, Alerts, ByChat, ByMail, Destination, Notice, destinations, written
from bot.app import create_app
from bot.channels.base import ChannelDownError, Received
from bot.channels.telegram import Telegram, TelegramSettings
from bot.config import Config
from bot.fakes.telegram import TOKEN, FakeTelegram
from bot.jobs import WATCH
from bot.mail import Mail, MailServer, parse_server
from intents.knowledge import Knowledge
from intents.turn import Reply
from storage.records import Alarm
from tests.bot.parts import NOW, House, Scripted
from tests.bot.postbox import Letter, Postbox, postbox
from tests.bot.tls import HOST, certified

FROM, TO = "tro-ly@made-up.example", ("truc@made-up.example", "truc-2@made-up.example")
PASSWORD = "hunter2/?"
ROOM = 4001
"""The operators' chat."""


class Room:
    """A destination that keeps what it was told, or fails."""

    def __init__(self, name: str = "room", failures: int = 0) -> None:
        self.name, self.failures = name, failures
        self.heard: list[str] = []

    async def tell(self, notice: Notice) -> None:
        if self.failures:
            self.failures -= 1
            raise ChannelDownError("made up")
        self.heard.append(notice.text)


def alerts_of(house: House, *rooms: Destination) -> Alerts:
    return Alerts(house.storage, house.clock, house.knowledge.content.answers, rooms)


async def sound(house: House, name: str, detail: str = "made up") -> None:
    async with house.storage.writing() as unit:
        await unit.alarms.sound(name, detail, house.clock())
        await unit.commit()


async def end(house: House, name: str) -> None:
    async with house.storage.writing() as unit:
        await unit.alarms.end(name, house.clock())
        await unit.commit()


# When something is told


async def test_an_alarm_is_told_at_once_then_every_six_hours_and_its_end_once(house: House) -> None:
    room = Room()
    told = alerts_of(house, room)
    await told.tell()
    assert room.heard == []
    await sound(house, "outbox waits", "3 replies")
    await told.tell()
    (first,) = room.heard
    assert first.startswith("Cần xem: câu trả lời chưa gửi đi được\n")
    assert "Chi tiết: 3 replies\nTừ 08:00 20/7." in first
    house.clock.pass_by(AGAIN.total_seconds() - 1)
    await told.tell()
    assert len(room.heard) == 1
    house.clock.pass_by(1)
    await told.tell()
    assert room.heard == [first, first]
    await end(house, "outbox waits")
    for _ in range(2):
        await told.tell()
    assert room.heard[2:] == ["Đã hết: câu trả lời chưa gửi đi được\nTừ 08:00 20/7 đến 14:00 20/7."]


async def test_of_several_processes_one_tells(house: House) -> None:
    room = Room()
    await sound(house, "inbox waits")
    for _ in range(3):
        await alerts_of(house, room).tell()
    assert len(room.heard) == 1


async def test_what_is_new_at_the_same_time_is_told_in_one_message(house: House) -> None:
    room = Room()
    await sound(house, "inbox waits")
    await sound(house, "telegram unusable")
    await alerts_of(house, room).tell()
    (said,) = room.heard
    assert said.count("Cần xem: ") == 2


async def test_one_that_fails_keeps_no_other_from_being_told(house: House) -> None:
    broken, room = Room("broken", failures=1), Room()
    told = alerts_of(house, broken, room)
    await sound(house, "inbox waits")
    for _ in range(2):
        await told.tell()
    assert (len(room.heard), broken.heard) == (1, [])


async def test_when_nobody_could_be_told_it_is_tried_at_the_next_look(house: House) -> None:
    rooms = Room("one", failures=2), Room("two", failures=3)
    told = alerts_of(house, *rooms)
    await sound(house, "inbox waits")
    for _ in range(4):
        await told.tell()
    assert [len(room.heard) for room in rooms] == [1, 0]


class Deaf:
    """A destination that never answers."""

    name = "deaf"

    async def tell(self, notice: Notice) -> None:
        await asyncio.Event().wait()


async def test_one_that_never_answers_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "TELL_SECONDS", 0.01)
    room = Room()
    await sound(house, "inbox waits")
    await alerts_of(house, Deaf(), room).tell()
    assert len(room.heard) == 1


async def test_where_nobody_is_to_be_told_it_is_logged_once(house: House) -> None:
    await sound(house, "inbox waits", "7 messages")
    with structlog.testing.capture_logs() as lines:
        for _ in range(2):
            await alerts_of(house).tell()
        await end(house, "inbox waits")
        await alerts_of(house).tell()
    assert lines == [
        {
            "event": "alarm",
            "name": "inbox waits",
            "detail": "7 messages",
            "over": over,
            "log_level": "warning",
        }
        for over in (False, True)
    ]


# What is told


def said(name: str, texts: Mapping[str, str], detail: str = "made up") -> Notice:
    return written([Alarm(name, detail, NOW)], texts)


@pytest.mark.parametrize(
    ("name", "title", "todo"),
    [
        ("telegram unusable", "telegram không gửi tin được", "khởi động lại"),
        ("telegram silent", "telegram không có tin nào đến", "Nhắn thử"),
        ("zalo_oa silent", "Zalo OA không có tin nào đến", "mục Webhook"),
        ("zalo_oa token", "Zalo OA cần cấp quyền lại", "ZALO_OA_REFRESH_TOKEN"),
        ("dead letters", "nhiều tin bị bỏ lại", "nhật ký"),
        ("disk full", "disk full", "nhật ký"),
    ],
)
def test_each_alarm_says_what_happened_and_what_to_do(house: House, name: str, title: str, todo: str) -> None:
    notice = said(name, house.knowledge.content.answers)
    assert notice.subject == f"Trợ lý dịch vụ công: {title}"
    assert notice.text.startswith(f"Cần xem: {title}\n")
    assert todo in notice.text


def test_somebodys_number_in_what_a_service_says_is_masked(house: House) -> None:
    texts = house.knowledge.content.answers
    assert "0912345678" not in said("zalo_oa unusable", texts, "user 0912345678 is locked").text


# Where it is told: by mail


@pytest.fixture
def trust(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate: what the server shows, and what believes it."""
    return certified(tmp_path, NOW + dt.timedelta(days=3650))


async def send(box: Postbox, trusted: ssl.SSLContext | None = None, password: str = "") -> None:
    user = "truc" if password else ""
    server = MailServer(HOST, box.port, box.from_start, user, password)
    mail = Mail(server, FROM, TO, trusted) if trusted else Mail(server, FROM, TO)
    await mail.send("Trợ lý dịch vụ công", "Cần xem: hỏng\n.\nTừ 08:00.")


async def sent(box: Postbox, trusted: ssl.SSLContext | None = None, password: str = "") -> Letter:
    """Send through a mail server; return what it accepted."""
    async with postbox(box):
        await send(box, trusted, password)
    (letter,) = box.letters
    return letter


async def test_a_mail_says_from_whom_and_what() -> None:
    letter = await sent(Postbox())
    assert (letter.sender, letter.receivers) == (FROM, list(TO))
    assert (letter.message["Subject"], letter.text) == ("Trợ lý dịch vụ công", "Cần xem: hỏng\n.\nTừ 08:00.")
    assert letter.message["To"] == ", ".join(TO)
    assert {"Date", "Message-ID"} <= set(letter.message.keys())
    assert letter.message["Auto-Submitted"] == "auto-generated"


Trust = tuple[ssl.SSLContext, ssl.SSLContext]


async def test_a_password_goes_only_through_an_encrypted_line(trust: Trust) -> None:
    server, trusted = trust
    box = Postbox(tls=server, offers_tls=True, password=PASSWORD)
    letter = await sent(box, trusted, PASSWORD)
    assert (letter.encrypted, letter.user) == (True, "truc")
    assert [line.partition(" ")[0] for line in box.heard] == ["ehlo", "STARTTLS"]


async def test_where_no_encryption_is_offered_no_password_is_told(trust: Trust) -> None:
    async with postbox(Postbox(password=PASSWORD)) as box:
        with pytest.raises(OSError, match="STARTTLS"):
            await send(box, trust[1], PASSWORD)
    assert [line.partition(" ")[0] for line in box.heard] == ["ehlo"]


async def test_a_server_that_cannot_prove_its_name_is_told_no_password(trust: Trust) -> None:
    async with postbox(Postbox(tls=trust[0], offers_tls=True, password=PASSWORD)) as box:
        with pytest.raises(ssl.SSLCertVerificationError):
            await send(box, password=PASSWORD)
    assert box.letters == []


async def test_without_a_password_any_encryption_is_better_than_none(trust: Trust) -> None:
    assert (await sent(Postbox(tls=trust[0], offers_tls=True))).encrypted


async def test_a_line_may_be_encrypted_from_the_start(trust: Trust) -> None:
    server, trusted = trust
    box = Postbox(tls=server, from_start=True, password=PASSWORD)
    assert (await sent(box, trusted, PASSWORD)).user == "truc"
    assert box.heard == []


async def test_a_wrong_password_is_logged_without_itself_or_anybody(house: House, trust: Trust) -> None:
    server, trusted = trust
    await sound(house, "inbox waits")
    async with postbox(Postbox(tls=server, from_start=True, password="another")) as box:
        mail = Mail(
            MailServer(HOST, box.port, encrypted=True, user="truc", password=PASSWORD), FROM, TO, trusted
        )
        with structlog.testing.capture_logs() as lines:
            await alerts_of(house, ByMail(mail)).tell()
    assert lines[-1]["cause"] == "SMTPAuthenticationError 535"
    assert PASSWORD not in str((lines, mail))
    assert "truc" not in str(lines)


async def test_where_no_mail_server_answers_the_others_are_told(house: House, unused_tcp_port: int) -> None:
    room = Room()
    await sound(house, "inbox waits")
    mail = Mail(MailServer(HOST, unused_tcp_port, encrypted=False), FROM, TO)
    await alerts_of(house, ByMail(mail), room).tell()
    assert len(room.heard) == 1


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://host.example", MailServer("host.example", 587, encrypted=False)),
        ("smtps://host.example", MailServer("host.example", 465, encrypted=True)),
        ("smtp://localhost:25", MailServer("localhost", 25, encrypted=False)),
        (
            "smtps://truc%40made-up.example:hunter2%2F%3F@host.example:2525",
            MailServer("host.example", 2525, encrypted=True, user="truc@made-up.example", password=PASSWORD),
        ),
    ],
)
def test_a_mail_server_is_read_from_its_address(url: str, server: MailServer) -> None:
    assert parse_server(url) == server


# Where it is told: in chats


async def accepts_nothing(_received: Received) -> bool:
    return False


async def never() -> bool:
    return False


@pytest.fixture
async def telegram(fake: FakeTelegram) -> AsyncIterator[Telegram]:
    """Connect the bot that is configured."""
    telegram = Telegram(TelegramSettings(TOKEN, fake.url), accepts_nothing, never)
    yield telegram
    await telegram.stop()


async def test_an_operator_reads_it_on_telegram(house: House, telegram: Telegram, fake: FakeTelegram) -> None:
    await fake.says("/start", ROOM)
    await sound(house, "telegram silent", "no message for <3 days>")
    await alerts_of(house, ByChat(telegram, {"chat": str(ROOM)})).tell()
    (message,) = fake.texts_to(ROOM)
    assert "no message for <3 days>" in message


async def test_a_chat_that_telegram_does_not_know_is_logged_and_nobody_is_named(
    house: House, telegram: Telegram
) -> None:
    await sound(house, "telegram silent")
    with structlog.testing.capture_logs() as lines:
        await alerts_of(house, ByChat(telegram, {"chat": str(ROOM)})).tell()
    assert lines[-1]["cause"] == "ChannelBlockedError: the chat is gone"
    assert str(ROOM) not in str(lines)


class Named(Scripted):
    """A channel of any name that keeps the addresses."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.addresses: list[Mapping[str, str]] = []

    async def send(self, address: Mapping[str, str], reply: Reply, skip: int = 0) -> None:
        self.addresses.append(address)


def wanted(channels: Sequence[Named], **settings: object) -> list[Destination]:
    return destinations(Config.model_construct(None, **settings), channels)


async def test_the_settings_say_where_alarms_go() -> None:
    channels = [Named(name) for name in ("webchat", "telegram", "zalo_oa", "zalo_bot")]
    found = wanted(
        channels,
        alert_mail_to=TO,
        alert_mail_from=FROM,
        alert_smtp_url="smtp://localhost:25",
        alert_telegram_chat="4001",
        alert_zalo_oa_user="4002",
        alert_zalo_bot_chat="made-up",
    )
    assert [destination.name for destination in found] == ["mail", "telegram", "zalo_oa", "zalo_bot"]
    for chat in found[1:]:
        await chat.tell(Notice("", "hỏng"))
    expected = [[], [{"chat": "4001"}], [{"user": "4002"}], [{"chat": "made-up"}]]
    assert [channel.addresses for channel in channels] == expected


def test_without_settings_nobody_is_told() -> None:
    assert wanted([Named("telegram"), Named("zalo_oa")]) == []


async def test_the_running_service_tells(
    house: House, knowledge: Knowledge, sqlite_url: str, fake: FakeTelegram
) -> None:
    await fake.says("/start", ROOM)
    await sound(house, "inbox waits", "7 waiting")
    async with house.storage.writing() as unit:
        await unit.jobs.ensure(WATCH, NOW)
        await unit.commit()
    settings = {
        "database_url": sqlite_url,
        "secret_key": "a secret for tests",
        "telegram_token": TOKEN,
        "telegram_api_url": fake.url,
        "alert_telegram_chat": str(ROOM),
    }
    async with TestServer(create_app(Config.model_validate(settings), knowledge)):
        await fake.until(lambda: any("7 waiting" in text for text in fake.texts_to(ROOM)))
