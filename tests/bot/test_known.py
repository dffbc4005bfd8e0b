"""What staff correct is known to every process, soon, and to the first message after a start."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path

import pytest
import structlog
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer, unused_port
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot import known as knowing
from bot.app import create_app
from bot.config import Config
from bot.corrections import understood, written
from bot.known import Known
from content.models import Level, Method, Office
from intents.knowledge import Knowledge
from storage.corrections import Correction, CorrectionKind, NewCorrection
from storage.errors import StorageError
from storage.migrate import upgrade
from storage.staff import NewAccount, Role
from storage.unit_of_work import Storage
from tests.bot.parts import NOW, House, said
from tests.bot.service import Service

MOST_SECONDS = 60.0
"""Far more than it takes: reached only when something hangs."""
BIRTH = "1.001193"
NEWBORN = "báo tin nhóc tì chào đời cho ủy ban"
JSON = {"Accept": "application/json"}
PHRASE = NewCorrection(
    at=NOW,
    kind=CorrectionKind.PHRASE,
    target=BIRTH,
    item=NEWBORN,
    value=written(CorrectionKind.PHRASE, value=True),
    reason="không hiểu",
    staff_id=None,
    author="An",
    office="Sở Tư pháp",
)
LEVEL = replace(PHRASE, kind=CorrectionKind.LEVEL, item="", value=written(CorrectionKind.LEVEL, Level.FULL))


async def correct(storage: Storage, new: NewCorrection, seen: int = 0) -> Correction:
    async with storage.writing() as unit:
        stored = await unit.corrections.append(new, seen)
        await unit.commit()
    return stored


# One process


async def test_without_corrections_what_was_shipped_is_known(house: House) -> None:
    known = Known(house.storage, house.knowledge)
    assert not await known.work()
    assert known.current is house.knowledge


async def test_a_correction_is_taken_in_and_taken_back(house: House, knowledge: Knowledge) -> None:
    known = Known(house.storage, knowledge)
    stored = await correct(house.storage, LEVEL)
    await known.work()
    assert known.current.service(BIRTH).level is Level.FULL
    assert known.current.version == stored.id
    back = await correct(house.storage, replace(LEVEL, value=None), stored.id)
    await known.work()
    assert known.current.service(BIRTH).level is knowledge.service(BIRTH).level
    assert known.current.version == back.id


async def test_what_is_not_newer_is_not_built_again(house: House) -> None:
    known = Known(house.storage, house.knowledge)
    await correct(house.storage, PHRASE)
    await known.work()
    before = known.current
    await known.work()
    assert known.current is before


async def test_an_outage_leaves_what_is_known(house: House, sqlite_url: str) -> None:
    known = Known(house.storage, house.knowledge)
    await correct(house.storage, PHRASE)
    await known.work()
    before = known.current
    with away(sqlite_url), pytest.raises(StorageError):
        await known.work()
    assert known.current is before
    await correct(house.storage, replace(PHRASE, item="câu khác"))
    await known.work()
    assert known.current.version == before.version + 1


async def test_whether_somebody_answers_is_what_the_accounts_say(house: House) -> None:
    known = Known(house.storage, house.knowledge)
    assert not known.current.staffed
    for login, role, commune in (("xem", Role.VIEWER, ""), ("xa", Role.EDITOR, "00691")):
        await appointed(house.storage, login, role, commune)
        await known.work()
        assert known.current is house.knowledge, "they answer for nobody, or for their commune alone"
    number = await appointed(house.storage, "an", Role.EDITOR)
    await known.work()
    assert known.current.staffed
    await correct(house.storage, PHRASE)
    await known.work()
    assert known.current.staffed, "a correction leaves it as it is"
    async with house.storage.writing() as unit:
        await unit.staff.change(number, disabled_at=NOW)
        await unit.commit()
    await known.work()
    assert not known.current.staffed


async def appointed(storage: Storage, login: str, role: Role, commune: str = "") -> int:
    new = NewAccount(login=login, name=login, role=role, password_hash="x", commune=commune)
    async with storage.writing() as unit:
        number = await unit.staff.add(new, NOW)
        await unit.commit()
    return number


@contextlib.contextmanager
def away(url: str) -> Iterator[None]:
    """Take the file of an SQLite database away as long as the context is open."""
    file = Path(url.partition(":///")[2])
    elsewhere = file.rename(file.with_suffix(".away"))
    yield
    elsewhere.rename(file)


async def test_the_first_message_is_decided_with_all_corrections(house: House, sqlite_url: str) -> None:
    newest = await correct(house.storage, PHRASE)
    await house.receives(said(1))
    await house.works()
    assert await journaled(sqlite_url) == [newest.id]


async def test_each_turn_is_journaled_with_what_was_known_then(house: House, sqlite_url: str) -> None:
    worker = house.worker()
    for number in range(2):
        await house.receives(said(number), first=number)
        assert await worker.work()
        newest = await correct(house.storage, replace(PHRASE, item=f"câu {number}"))
        await worker.known.work()
    assert await journaled(sqlite_url) == [0, newest.id - 1]


async def journaled(url: str) -> list[int]:
    """Return by which knowledge each turn was decided."""
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        turns = "SELECT knowledge FROM journal WHERE name = 'turn:answered' ORDER BY id"
        rows = [int(row[0]) for row in await connection.execute(text(turns))]
    await engine.dispose()
    return rows


def test_values_are_stored_in_one_way_and_read_back() -> None:
    assert written(CorrectionKind.METHODS, {"post", Method.ONLINE}) == '["online","post"]'
    assert (
        written(CorrectionKind.OFFICE, Office("x", "", "1")) == '{"address":"x","hours":"","telephone":"1"}'
    )


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (CorrectionKind.LEVEL, "unknown"),
        (CorrectionKind.LEVEL, "mức 4"),
        (CorrectionKind.METHODS, []),
        (CorrectionKind.METHODS, ["fax"]),
        (CorrectionKind.FEE_NOTE, "   "),
        (CorrectionKind.FEE_NOTE, "x" * 301),
        (CorrectionKind.OFFICE, {"fax": "1"}),
        (CorrectionKind.PHRASE, False),
    ],
)
def test_a_value_that_its_kind_does_not_take_is_refused(kind: CorrectionKind, value: object) -> None:
    with pytest.raises(ValueError, match="validation error"):
        written(kind, value)


def test_what_cannot_be_read_is_left_out_and_logged() -> None:
    rows = [
        stored(1, replace(LEVEL, value='"mức 4"')),
        stored(2, replace(LEVEL, target="1.000656")),
    ]
    with structlog.testing.capture_logs() as logs:
        corrections = understood(rows, 2)
    assert list(corrections.services) == ["1.000656"]
    assert [(line["event"], line["correction"]) for line in logs] == [("correction cannot be read", 1)]


def stored(number: int, new: NewCorrection) -> Correction:
    return Correction(id=number, **{field.name: getattr(new, field.name) for field in fields(new)})


def test_the_day_that_is_shown_is_the_local_one() -> None:
    late = replace(LEVEL, at=NOW.replace(hour=18))
    level = understood([stored(1, late)], 1).services[BIRTH].level
    assert level is not None
    assert level.on == NOW.date().replace(day=NOW.day + 1)


# Several processes on one database


class Browser:
    """Somebody at the web chat of one process."""

    def __init__(self, url: str) -> None:
        self.session = ClientSession(url, cookie_jar=CookieJar(unsafe=True))

    async def knows(self, version: int) -> None:
        """Wait until the process has taken in a correction."""
        known = -1
        async with asyncio.timeout(MOST_SECONDS):
            while known < version:
                async with self.session.get("/readyz") as response:
                    known = (await response.json())["corrections"]

    async def asks(self, words: str) -> str:
        """Ask as the page's script does; return what is answered."""
        form = {"id": uuid.uuid4().hex, "text": words}
        async with self.session.post("/chat", data=form, headers=JSON) as response:
            news = await response.json()
        assert news["answered"]
        return str(news["lines"][-1]["text"])


async def told_to_all(browsers: Sequence[Browser], url: str, title: str) -> None:
    """Save a phrase and a level; whoever is asked then knows them."""
    for browser in browsers:
        assert title not in await browser.asks(NEWBORN)
    storage = Storage(url)
    await correct(storage, PHRASE)
    newest = await correct(storage, LEVEL)
    await storage.close()
    for browser in browsers:  # any process may answer any of them
        await browser.knows(newest.id)
    for browser in browsers:
        shown = await browser.asks(NEWBORN)
        assert title in shown
        assert "toàn trình (theo Sở Tư pháp, ngày 20/7/2026)" in shown


async def test_a_phrase_saved_is_answered_by_every_application(
    database_url: str, knowledge: Knowledge
) -> None:
    await upgrade(database_url)
    config = Config.model_validate({"database_url": database_url, "secret_key": "a secret of the tests"})
    servers = [TestServer(create_app(config, knowledge)) for _ in range(2)]
    for server in servers:
        await server.start_server()
    browsers = [Browser(str(server.make_url("/"))) for server in servers]
    await told_to_all(browsers, database_url, knowledge.title(BIRTH))
    for browser in browsers:
        await browser.session.close()
    for server in servers:
        await server.close()


async def test_a_phrase_saved_is_answered_by_every_process(tmp_path: Path, knowledge: Knowledge) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'shared.db'}"
    settings = {"DATABASE_URL": url, "SECRET_KEY": "a secret of the tests"}
    await upgrade(url)
    services = [Service(tmp_path / name, unused_port(), settings) for name in ("one", "two")]
    for service in services:
        service.folder.mkdir()
    async with services[0].running(), services[1].running():
        browsers = [Browser(service.url) for service in services]
        await told_to_all(browsers, url, knowledge.title(BIRTH))
        for browser in browsers:
            await browser.session.close()


def test_processes_look_often_enough_to_know_within_two_seconds() -> None:
    assert knowing.EVERY <= 1
