"""Those on duty are told by mail that somebody waits: once, without a word of citizens."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace

import pytest

from bot.config import Config, ConfigError, load_config
from bot.handoffs import Handoffs, duty_of, notice_of, with_duty
from bot.jobs import EVERY, HANDOFFS, Jobs
from intents.knowledge import Knowledge
from storage.handoffs import OPEN, Sought
from storage.staff import NewAccount, Role
from tests.bot.parts import NOW, House
from tests.bot.postbox import Postbox, postbox
from tests.real import real_knowledge

QUESTION, PERSON = "chị Hoa hỏi đăng ký khai sinh", "cho tôi gặp cán bộ"


@pytest.fixture
def asking(house: House) -> House:
    return replace(house, knowledge=real_knowledge().over(staffed=True))


async def on_duty(house: House, login: str, **values: object) -> None:
    new = NewAccount(login=login, name=login, role=Role.EDITOR, password_hash="x", email=f"{login}@x.gov.vn")
    async with house.storage.writing() as unit:
        number = await unit.staff.add(new, NOW)
        await unit.staff.change(number, **{"on_duty": True} | values)
        await unit.commit()


def handoffs(house: House, port: int) -> Handoffs:
    settings = {
        "alert_smtp_url": f"smtp://127.0.0.1:{port}",
        "alert_mail_from": "tro-ly@x.gov.vn",
        "public_url": "https://x.gov.vn",
    }
    config = Config.model_validate(settings)
    notice = notice_of(config, house.storage, house.clock, house.knowledge.content.desk)
    assert notice
    return Handoffs(house.storage, house.clock, lambda: house.woken.append("workers"), notice)


async def asks(house: House, user: str) -> None:
    await house.receives(QUESTION, PERSON, user=user)
    await house.works()


async def test_those_on_duty_are_told_once_however_many_processes_look(asking: House) -> None:
    await on_duty(asking, "an")
    await on_duty(asking, "binh")
    await on_duty(asking, "xa", commune="00721")
    await on_duty(asking, "nghi", on_duty=False)
    async with postbox(Postbox()) as box:
        await asks(asking, "hoa")
        await asyncio.gather(*(handoffs(asking, box.port).work() for _ in range(3)))
        (letter,) = box.letters
        assert sorted(letter.receivers) == ["an@x.gov.vn", "binh@x.gov.vn"]
        assert "https://x.gov.vn/staff/people" in letter.text
        assert "Có 1 người" in letter.text
        assert not {"Hoa", "khai sinh", PERSON} & set(letter.text.split())
        assert "khai sinh" not in letter.text
        await asks(asking, "mai")
        await handoffs(asking, box.port).work()
        assert len(box.letters) == 2, "the next is told too"


async def test_what_could_not_be_told_is_told_at_the_next_look(asking: House) -> None:
    await on_duty(asking, "an")
    async with postbox(Postbox()) as box:
        closed = box.port
    await asks(asking, "hoa")
    await handoffs(asking, closed).work()
    async with postbox(Postbox()) as box:
        await handoffs(asking, box.port).work()
        assert len(box.letters) == 1


async def test_when_nobody_is_on_duty_the_first_who_is_gets_told(asking: House) -> None:
    async with postbox(Postbox()) as box:
        await asks(asking, "hoa")
        await handoffs(asking, box.port).work()
        assert box.letters == []
        await on_duty(asking, "an")
        await handoffs(asking, box.port).work()
        assert len(box.letters) == 1


async def test_a_mail_server_that_is_away_keeps_nothing_from_going_back(asking: House) -> None:
    await on_duty(asking, "an")
    async with postbox(Postbox()) as box:
        closed = box.port
    await asks(asking, "hoa")
    asking.clock.now += dt.timedelta(days=3)
    jobs = Jobs(asking.storage, asking.clock, {HANDOFFS: handoffs(asking, closed).work})
    await jobs.work()
    asking.clock.now += EVERY[HANDOFFS]
    await jobs.work()
    async with asking.storage.reading() as unit:
        assert await unit.handoffs.number(Sought(states=OPEN)) == 0
    assert asking.woken[-1] == "workers"


def test_without_a_mail_server_nobody_is_told(asking: House) -> None:
    config = Config.model_validate({})
    assert notice_of(config, asking.storage, asking.clock, {}) is None


def test_people_are_told_the_hours_of_the_settings(knowledge: Knowledge) -> None:
    config = Config.model_validate({"working_hours": "Mon-Sat 08:00-16:00", "handoff_return_hours": 6})
    told = with_duty(knowledge, duty_of(config)).duty
    assert "thứ Hai đến thứ Bảy, 8h–16h" in told
    assert "Quá 6 giờ làm việc" in told


def test_wrong_settings_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKING_HOURS", "always")
    monkeypatch.setenv("HANDOFF_RETURN_HOURS", "0")
    with pytest.raises(ConfigError) as refused:
        load_config()
    assert "WORKING_HOURS: must look like" in str(refused.value)
    assert "HANDOFF_RETURN_HOURS" in str(refused.value)
