"""Each figure against events counted by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from storage import figures as f
from storage.counting import By, Counted, Within
from storage.days import Period
from storage.figures import FIGURES, Figure
from storage.groups import Gap
from storage.records import Event
from storage.records import EventName as N
from storage.unit_of_work import Storage
from tests.storage.scene import Scene

MARCH = Period(dt.date(2026, 3, 1), dt.date(2026, 3, 31))
BIRTH, MARRIAGE = "1.001193", "1.000894"
ZALO = ("an", "binh", "chi", "dung", "em", "giang")
WEB = ("hoa", "khanh", "lan", "minh", "nga", "oanh")
EVERYBODY = ZALO + WEB


async def count(storage: Storage, figure: Figure, period: Period = MARCH, **how: Any) -> Counted:
    async with storage.reading() as unit:
        return await unit.counting.count(figure, period, **how)


async def a_month(storage: Storage) -> Scene:
    """Twelve people, six on each channel; all facts below are counted from these lines."""
    scene = Scene(storage)
    await scene.meet("zalo_oa", *ZALO)
    await scene.meet("webchat", *WEB)
    events: list[Event] = []
    for who in EVERYBODY:
        where = "A" if who in ZALO else ""
        # February: six of them were here before
        if who in ZALO:
            events.append(scene.event("10/2 09:00", who, N.TURN_ANSWERED, service=BIRTH, value="1"))
        # 2/3 in the morning: everybody asks how to register a birth, and is answered at once
        birth: dict[str, Any] = {"commune": where, "service": BIRTH, "aspect": "online"}
        events += [
            scene.event("2/3 08:00", who, N.TURN_ANSWERED, value="1", waited_ms=150, **birth),
            scene.event("2/3 08:00", who, N.TOLD_ONLINE, commune=where, service=BIRTH),
            # then chooses among marriages, which takes two turns
            scene.event("2/3 08:01", who, N.TURN_CHOICES, commune=where, value="1", waited_ms=150),
            scene.event(
                "2/3 08:02",
                who,
                N.TURN_ANSWERED,
                commune=where,
                service=MARRIAGE,
                aspect="post",
                value="2",
                waited_ms=700,
            ),
        ]
    for who in ZALO:
        # 17/3, an hour before midnight in Việt Nam
        events += [
            scene.event("17/3 23:00", who, N.TURN_NOT_UNDERSTOOD, commune="A", value="1", waited_ms=700),
            scene.event("17/3 23:01", who, N.TURN_OUT_OF_SCOPE, commune="A", value="1"),
            scene.event("17/3 23:02", who, N.TURN_NOT_IN_CATALOGUE, commune="A", value="1"),
            scene.event("17/3 23:03", who, N.TURN_WARNING, commune="A", value="1"),
            scene.event("17/3 23:04", who, N.TURN_SMALL_TALK, commune="A", value="1"),
            scene.event("17/3 23:05", who, N.TURN_ANSWERED, commune="A", topic="an-toan", value="1"),
            scene.event("17/3 23:06", who, N.TOLD_POST, commune="A", service=MARRIAGE),
            scene.event("17/3 23:06", who, N.TOLD_ONLINE, commune="A", service=MARRIAGE),
            scene.event("17/3 23:07", who, N.AWARENESS_ASKED, commune="A"),
            scene.event("17/3 23:08", who, N.WORRY_RAISED, commune="A", value="post-lost"),
            scene.event("17/3 23:09", who, N.INTENT_DECLARED, commune="A", service=MARRIAGE, value="post"),
            scene.event("17/3 23:10", who, N.LINK_OPENED, commune="A", service=MARRIAGE, value="person"),
            scene.event("17/3 23:10", who, N.LINK_OPENED, commune="A", service=MARRIAGE, value="robot"),
            scene.event("17/3 23:11", who, N.FOLLOW_UP_ASKED, commune="A", service=MARRIAGE),
            scene.event("17/3 23:12", who, N.HELPFUL_ASKED, commune="A"),
            scene.event("17/3 23:13", who, N.QUESTION_REOPENED, commune="A", service=BIRTH),
            scene.event("17/3 23:14", who, N.TICKET_OPENED, commune="A", service=BIRTH),
            scene.event("17/3 23:15", who, N.TURN_HANDOFF, commune="A", value="1"),
            scene.event("17/3 23:15", who, N.HANDOFF_OPENED, commune="A"),
        ]
    for who in EVERYBODY:
        knew = "knew" if who in ZALO else "new"
        done = "alone" if who in ZALO else "not_yet"
        events += [
            scene.event("20/3 10:00", who, N.AWARENESS_ANSWERED, value=knew),
            scene.event("20/3 10:01", who, N.HELPFUL_ANSWERED, value="yes"),
            scene.event("20/3 10:02", who, N.FOLLOW_UP_ANSWERED, value=done),
            scene.event("20/3 10:03", who, N.FOLLOW_UP_EXPLAINED, value="papers"),
        ]
    for minutes, who in zip(("10", "20", "30", "40", "50", "600"), ZALO, strict=True):
        events.append(scene.event("20/3 11:00", who, N.HANDOFF_ANSWERED, value=minutes))
        events.append(scene.event("21/3 11:00", who, N.HANDOFF_RETURNED))
    events += [
        scene.event("22/3 08:00", "an", N.DELIVERY_FAILED),
        scene.event("22/3 08:00", "an", N.TURN_FAILED, value="1"),
        # outside: a second before the month begins and just when it has ended, in Việt Nam
        scene.event("28/2 23:59", "an", N.WORRY_RAISED, value="post-lost"),
        scene.event("1/4 00:00", "an", N.WORRY_RAISED, value="post-lost"),
    ]
    await scene.journal(*events)
    return scene


BY_HAND: dict[str, object] = {
    "people": 12,
    "people-new": 6,  # those of the web
    "people-returning": 6,
    "questions": 12 + 12 + 6 * 6,  # birth, choices; then six kinds (small talk is none)
    "answered-at-once": 12 + 6,
    "answered-after-a-choice": 12,
    "refused": 6,
    "not-in-catalogue": 6,
    "warned": 6,
    "not-understood": 6,
    "handed-over": 6,
    "share-understood": round((12 + 12 + 6 * 5) / (12 + 12 + 6 * 6), 4),
    "turns-to-an-answer": 1,  # 18 at once, 12 after two
    "told-online": 12,  # the second time does not count
    "told-post": 6,
    "awareness-asked": 6,
    "awareness-answered": 12,
    "share-knew-before": 0.5,
    "worries": 6,
    "topics-read": 6,
    "guides": 24,
    "links": 6,
    "links-by-robots": 6,
    "intents": 6,
    "method-use": 12,
    "follow-up-asked": 6,
    "follow-up-answered": 12,
    "share-done": 0.5,
    "follow-up-explained": 12,
    "helpful-asked": 6,
    "helpful-answered": 12,
    "share-helpful": 1.0,
    "reopened": 6,
    "reported-wrong": 6,
    "handoffs-answered": 6,
    "handoffs-returned": 6,
    "staff-minutes": 30,
    "deliveries-failed": 1,
    "turns-failed": 1,
    "wait-median": 200,  # 24 of 42 turns within 200 ms
    "wait-p95": 1000,
}


def test_every_figure_is_counted_by_hand() -> None:
    assert set(BY_HAND) == set(FIGURES)


async def test_each_figure_is_what_was_counted_by_hand(storage: Storage) -> None:
    await a_month(storage)
    async with storage.reading() as unit:
        counted = {slug: (await unit.counting.count(one, MARCH)).total for slug, one in FIGURES.items()}
    assert counted == BY_HAND


async def test_a_figure_is_divided(storage: Storage) -> None:
    await a_month(storage)
    by_channel = await count(storage, f.PEOPLE, by=By.CHANNEL)
    assert by_channel.cells == {"webchat": 6, "zalo_oa": 6}
    assert (await count(storage, f.PEOPLE, by=By.COMMUNE)).cells == {"": 6, "A": 6}
    assert (await count(storage, f.GUIDES, by=By.ASPECT)).cells == {"online": 12, "post": 12}
    assert (await count(storage, f.INTENTS, by=By.VALUE)).cells == {"post": 6}
    assert (await count(storage, f.TOPICS, by=By.TOPIC)).cells == {"an-toan": 6}
    assert (await count(storage, f.AT_ONCE, by=By.SERVICE)).cells == {BIRTH: 12}
    shares = await count(storage, f.KNEW_BEFORE, by=By.CHANNEL)
    assert shares.cells == {"webchat": 0.0, "zalo_oa": 1.0}


async def test_services_are_put_together_by_what_they_belong_to(storage: Storage) -> None:
    await a_month(storage)
    tiers = {BIRTH: ("commune", "province"), MARRIAGE: ("commune",)}
    counted = await count(storage, f.GUIDES, by=By.SERVICE, kinds=tiers)
    assert counted.cells == {"commune": 24, "province": 12}


async def test_days_weeks_and_months_leave_none_out(storage: Storage) -> None:
    await a_month(storage)
    days = (await count(storage, f.PEOPLE, by=By.DAY)).cells
    assert len(days) == 31
    assert {day: number for day, number in days.items() if number} == {
        "2026-03-02": 12,
        "2026-03-22": Gap.HIDDEN,  # a turn of one person failed
        "2026-03-17": Gap.HIDDEN,  # the smallest other day goes with it
    }
    weeks = (await count(storage, f.PEOPLE, by=By.WEEK)).cells
    assert list(weeks) == ["2026-02-23", "2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23", "2026-03-30"]
    assert weeks["2026-03-02"] == 12
    assert weeks["2026-03-16"] == 6
    new = (await count(storage, f.NEW, by=By.WEEK)).cells
    assert new["2026-03-02"] == 6
    months = Period(dt.date(2026, 2, 1), dt.date(2026, 4, 30))
    assert (await count(storage, f.PEOPLE, months, by=By.MONTH)).cells == {
        "2026-02-01": 6,
        "2026-03-01": 12,
        "2026-04-01": 0,
    }
    returning = await count(storage, f.RETURNING, months, by=By.MONTH)
    assert returning.cells == {"2026-02-01": 0, "2026-03-01": 6, "2026-04-01": 0}


async def test_a_figure_is_narrowed(storage: Storage) -> None:
    await a_month(storage)
    assert (await count(storage, f.PEOPLE, within=Within(channel="webchat"))).total == 6
    assert (await count(storage, f.NEW, within=Within(commune="A"))).total == 0
    assert (await count(storage, f.ASKED, within=Within(commune="A"))).total == 6 * 8
    assert (await count(storage, f.ASKED, within=Within(service=BIRTH))).total == 12
    assert (await count(storage, f.ASKED, within=Within(service=BIRTH, commune="A"))).total == 6
    assert (await count(storage, f.ASKED, within=Within(channel="webchat", commune="A"))).total == 0


async def test_a_period_without_data_counts_nothing(storage: Storage) -> None:
    await a_month(storage)
    may = Period(dt.date(2026, 5, 1), dt.date(2026, 5, 31))
    for figure in FIGURES.values():
        assert (await count(storage, figure, may)).total in {0, Gap.NOTHING, Gap.NOT_MEASURED}


# Few people


async def few(storage: Storage) -> Scene:
    """Six people of commune A, four of B, nobody of no commune."""
    scene = Scene(storage)
    await scene.meet("zalo_oa", *ZALO)
    await scene.meet("webchat", *WEB[:4])
    asked = [
        scene.event(
            "2/3 08:00", who, N.TURN_ANSWERED, commune="A" if who in ZALO else "B", service=BIRTH, value="1"
        )
        for who in (*ZALO, *WEB[:4], *WEB[:4])
    ]
    await scene.journal(*asked)
    return scene


async def test_few_people_are_hidden_and_so_is_what_gives_them_away(storage: Storage) -> None:
    await few(storage)
    for figure in (f.PEOPLE, f.ASKED, f.SHARE_UNDERSTOOD):
        for by in (By.COMMUNE, By.CHANNEL):
            counted = await count(storage, figure, by=by)
            assert counted.total == {"people": 10, "questions": 14}.get(figure.slug, 1.0)
            if not isinstance(figure, f.Share):
                assert set(counted.cells.values()) == {Gap.HIDDEN}
    for within in (
        Within(commune="A"),
        Within(commune="B"),
        Within(channel="webchat"),
        Within(channel="zalo_oa"),
    ):
        for figure in (f.PEOPLE, f.ASKED, f.SHARE_UNDERSTOOD):
            counted = await count(storage, figure, within=within, by=By.DAY)
            assert counted.total is Gap.HIDDEN, (figure.slug, within)
            assert set(counted.cells.values()) == {Gap.HIDDEN}


async def test_a_share_is_hidden_when_its_rest_is_small(storage: Storage) -> None:
    scene = await few(storage)
    await scene.journal(scene.event("3/3 08:00", "an", N.TURN_NOT_UNDERSTOOD, value="1"))
    assert (await count(storage, f.NOT_UNDERSTOOD)).total is Gap.HIDDEN
    assert (await count(storage, f.SHARE_UNDERSTOOD)).total is Gap.HIDDEN


async def test_one_person_on_many_days_stays_one_person(storage: Storage) -> None:
    scene = Scene(storage)
    await scene.meet("zalo_oa", *ZALO)
    for day in range(1, 29):
        await scene.journal(scene.event(f"{day}/3 08:00", "an", N.TURN_ANSWERED, service=BIRTH, value="1"))
    assert (await count(storage, f.ASKED)).total is Gap.HIDDEN
    for who in ZALO[1:5]:
        await scene.journal(scene.event("28/3 09:00", who, N.TURN_ANSWERED, service=BIRTH, value="1"))
    assert (await count(storage, f.ASKED)).total == 32


# Rolling up


async def test_a_late_event_counts_and_nothing_counts_twice(storage: Storage) -> None:
    scene = await a_month(storage)
    await scene.journal(
        *(scene.event("2/3 12:00", who, N.TURN_ANSWERED, service=BIRTH, value="1") for who in EVERYBODY)
    )
    assert (await count(storage, f.AT_ONCE)).total == 18 + 12
    assert (await count(storage, f.PEOPLE)).total == 12
    assert await scene.roll() == ()


async def test_an_earlier_day_that_comes_late_is_the_first(storage: Storage) -> None:
    scene = await a_month(storage)
    january = Period(dt.date(2026, 1, 1), dt.date(2026, 1, 31))
    await scene.journal(
        *(scene.event("5/1 09:00", who, N.TURN_ANSWERED, service=BIRTH, value="1") for who in EVERYBODY)
    )
    assert (await count(storage, f.NEW, january)).total == 12
    assert (await count(storage, f.NEW)).total == 0


async def test_who_is_erased_is_no_longer_counted_among_people(storage: Storage) -> None:
    scene = await a_month(storage)
    await scene.erase("an")
    assert dt.date(2026, 3, 2) in await scene.roll()
    assert (await count(storage, f.PEOPLE)).total == 11
    assert (await count(storage, f.AT_ONCE)).total == 18
    assert (await count(storage, f.NEW, Period(dt.date(2026, 2, 1), dt.date(2026, 2, 28)))).total == 5


@pytest.mark.parametrize("by", [None, *By])
async def test_every_figure_can_be_divided_by_everything(storage: Storage, by: By | None) -> None:
    await a_month(storage)
    async with storage.reading() as unit:
        for figure in FIGURES.values():
            counted = await unit.counting.count(figure, MARCH, by=by)
            assert counted.total == BY_HAND[figure.slug]
