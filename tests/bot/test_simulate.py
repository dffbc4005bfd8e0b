"""Made-up people: labelled, the same for a seed, never among real ones, and nothing is sent to anybody."""

from __future__ import annotations

import datetime as dt
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer
from click.testing import CliRunner
from openpyxl import load_workbook

from bot import cli
from bot.app import create_app
from bot.config import Config
from bot.figures import as_json
from bot.report.make import report
from bot.simulation.people import Plan
from bot.simulation.run import NotEmptyError, Simulation
from content.simulation import load_talk
from intents.knowledge import Knowledge
from storage.counting import By
from storage.days import Period, day_of
from storage.figures import FIGURES, Middle
from storage.migrate import upgrade
from storage.records import NOBODY, NewReply
from storage.staff import NewAccount, Role
from storage.unit_of_work import Storage
from tests.bot.parts import DAY, KEYS, NOW, RETENTION, House
from tests.bot.staff import SECRET
from tests.staff.world import PASSWORD, Browser, hash_of

PEOPLE, DAYS = 30, 20


def simulation(storage: Storage, knowledge: Knowledge, seed: int = 1) -> Simulation:
    return Simulation(
        storage=storage,
        knowledge=knowledge,
        talk=load_talk(),
        keys=KEYS,
        retention=RETENTION,
        plan=Plan(PEOPLE, DAYS, seed, NOW),
        show=lambda _line: None,
    )


async def figures(storage: Storage) -> dict[str, object]:
    """Count everything, by day where it can be divided."""
    period = Period(day_of(NOW) - DAYS * DAY, day_of(NOW) + DAY)
    async with storage.reading() as unit:
        return {
            slug: as_json(
                await unit.counting.count(figure, period, by=None if isinstance(figure, Middle) else By.DAY)
            )
            for slug, figure in FIGURES.items()
        }


async def test_people_write_are_answered_and_counted(storage: Storage, knowledge: Knowledge) -> None:
    await simulation(storage, knowledge).run()
    async with storage.reading() as unit:
        people = await unit.counting.count(FIGURES["people"], Period(day_of(NOW) - DAYS * DAY, day_of(NOW)))
        questions = await unit.counting.count(
            FIGURES["questions"], Period(day_of(NOW) - DAYS * DAY, day_of(NOW))
        )
        since = await unit.counting.since()
        assert await unit.inbox.oldest_unhandled() is None
    assert isinstance(people.total, int)
    assert 0.9 * PEOPLE <= people.total <= PEOPLE  # some would come after the end only
    assert isinstance(questions.total, int)
    assert questions.total > PEOPLE
    assert since is not None
    assert since > day_of(NOW) - DAYS * DAY


async def test_the_database_says_that_they_are_made_up(storage: Storage, knowledge: Knowledge) -> None:
    await simulation(storage, knowledge, seed=7).run()
    async with storage.reading() as unit:
        assert await unit.simulated.seed() == 7


async def test_files_say_so_too(storage: Storage, knowledge: Knowledge, database_url: str) -> None:
    config = Config.model_validate({"database_url": database_url, "secret_key": SECRET})
    month = Period(day_of(NOW) - 29 * DAY, day_of(NOW))
    real = json.loads(await report(config, knowledge, month, "json"))
    await simulation(storage, knowledge, seed=7).run()
    made_up = json.loads(await report(config, knowledge, month, "json"))
    assert (real["simulated"], made_up["simulated"]) == (False, True)
    book = load_workbook(io.BytesIO(await report(config, knowledge, month, "xlsx")))
    notes = [str(cell) for row in book.worksheets[-1].iter_rows(values_only=True) for cell in row]
    assert [note for note in notes if "mô phỏng" in note]
    app = create_app(config, knowledge)
    async with TestServer(app) as server, ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        async with storage.writing() as unit:
            await unit.staff.add(
                NewAccount(login="an", name="An", role=Role.VIEWER, password_hash=hash_of(PASSWORD)), NOW
            )
            await unit.commit()
        desk = Browser(session, server)
        assert (await desk.sign_in("an")).status == 303
        for address in ("/staff/overview.csv", "/staff/figures/people.csv", "/staff/gaps/unused.csv"):
            assert "mô phỏng" in (await desk.get(address)).body.decode(), address
        assert "mô phỏng" in (await desk.get("/staff/")).text


async def test_nothing_waits_to_be_sent_nor_ever_will(storage: Storage, knowledge: Knowledge) -> None:
    await simulation(storage, knowledge).run()
    later = NOW + 2 * DAY
    reply = NewReply(1, "telegram", NOBODY, "{}", later, later + RETENTION)  # as of staff, at the desk
    async with storage.writing() as unit:
        await unit.outbox.add(reply)
        await unit.commit()
    async with storage.reading() as unit:
        assert await unit.outbox.oldest_unsent() is None
        assert await unit.outbox.waiting(later) == {}
        assert await unit.outbox.due("telegram", NOBODY, later, 10) == ()


async def test_a_seed_makes_up_the_same_people_and_another_one_others(
    tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge
) -> None:
    counted = []
    for seed in (1, 1, 2):
        url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('simulated') / 'bot.db'}"
        await upgrade(url)
        storage = Storage(url)
        await simulation(storage, knowledge, seed).run()
        counted.append(await figures(storage))
        await storage.close()
    assert counted[0] == counted[1]
    assert counted[0] != counted[2]


async def test_real_people_are_left_among_themselves(house: House, knowledge: Knowledge) -> None:
    await house.receives("món 1")
    with pytest.raises(NotEmptyError):
        await simulation(house.storage, knowledge).run()
    async with house.storage.reading() as unit:
        assert await unit.simulated.seed() is None


async def test_a_database_is_filled_once(storage: Storage, knowledge: Knowledge) -> None:
    await simulation(storage, knowledge).run()
    with pytest.raises(NotEmptyError):
        await simulation(storage, knowledge, seed=2).run()


async def test_a_database_is_filled_once_even_when_nobody_came(
    storage: Storage, knowledge: Knowledge
) -> None:
    nobody = replace(simulation(storage, knowledge), plan=Plan(0, DAYS, 1, NOW))
    await nobody.run()
    with pytest.raises(NotEmptyError):
        await simulation(storage, knowledge).run()


async def test_nothing_happens_after_the_end(storage: Storage, knowledge: Knowledge) -> None:
    await simulation(storage, knowledge).run()
    async with storage.reading() as unit:
        later = await unit.journal.counts(NOW + dt.timedelta(seconds=1), NOW + DAY)
    assert sum(later.values()) <= 1  # an answer may be under way


def test_the_command_refuses_a_database_that_has_people(
    knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cli, "_knowledge", lambda *_: knowledge)
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}")
    monkeypatch.chdir(tmp_path)
    before = structlog.get_config()
    typed = ("simulate", "--people", "3", "--days", "2")
    first, second = (CliRunner().invoke(cli.main, typed) for _ in range(2))
    structlog.configure(**before)
    assert first.exit_code == 0, first.output
    assert second.exit_code == 2
    assert second.output == "the database has people: simulate into an empty one\n"
