"""«Báo sai»: a citizen says that something told is wrong; staff see what, put it right and say so."""

from __future__ import annotations

import datetime as dt

import pytest

from storage.records import EventName
from storage.staff import Role
from storage.tickets import Ticket
from tests.bot.parts import DAY
from tests.staff.life import BIRTH, converse
from tests.staff.world import COMMUNE, OTHER_COMMUNE, World

FEE = "đăng ký khai sinh phí bao nhiêu"


async def tickets(world: World, *, is_open: bool = True) -> tuple[Ticket, ...]:
    async with world.storage.reading() as unit:
        return await unit.tickets.find(is_open=is_open, limit=100)


async def test_a_report_names_the_service_and_the_fact(world: World) -> None:
    await converse(world, FEE, "báo sai")
    (one,) = await tickets(world)
    assert (one.service, one.aspect, one.channel) == (BIRTH, "fee", "webchat")
    editor = await world.somebody(Role.EDITOR)
    listed = await editor.get("/staff/tickets")
    assert "Đăng ký khai sinh: Lệ phí" in listed.text
    shown = await editor.get(f"/staff/tickets/{one.id}")
    assert "Trợ lý hiện đang nói" in shown.text
    assert FEE in shown.text, "the conversation is beside it"


async def test_the_same_said_twice_by_one_person_is_one_ticket_and_by_two_are_two(world: World) -> None:
    await converse(world, FEE, "báo sai", FEE, "báo sai")
    assert len(await tickets(world)) == 1
    await converse(world, FEE, "báo sai")
    assert len(await tickets(world)) == 2


async def test_an_editor_closes_it_with_a_note_and_it_is_counted(world: World) -> None:
    await converse(world, FEE, "báo sai")
    (one,) = await tickets(world)
    editor = await world.somebody(Role.EDITOR)
    done = await editor.post(f"/staff/tickets/{one.id}", state="corrected", note="Đã sửa theo nghị quyết.")
    assert done.status == 303
    assert await tickets(world) == ()
    (closed,) = await tickets(world, is_open=False)
    assert (closed.state, closed.closed_by) == ("corrected", "editor-tinh")
    assert "Đã sửa theo nghị quyết." in (await editor.get(f"/staff/tickets/{one.id}")).text
    assert "ticket:corrected" in await world.done()
    now = world.clock()
    async with world.storage.reading() as unit:
        counts = await unit.journal.counts(now - DAY, now + DAY)
    assert counts[EventName.TICKET_OPENED] == counts[EventName.TICKET_CLOSED] == 1


async def test_of_two_editors_at_once_the_second_is_told(world: World) -> None:
    await converse(world, FEE, "báo sai")
    (one,) = await tickets(world)
    first, second = await world.somebody(Role.EDITOR), await world.somebody(Role.ADMIN)
    await first.post(f"/staff/tickets/{one.id}", state="right", note="Đúng rồi.")
    late = await second.post(f"/staff/tickets/{one.id}", state="corrected", note="Sai.")
    assert late.status == 400
    assert "Người khác vừa đóng phiếu này" in late.text
    assert (await tickets(world, is_open=False))[0].note == "Đúng rồi."


@pytest.mark.parametrize("fields", [{}, {"state": "open", "note": "x"}, {"state": "right"}, {"note": "x"}])
async def test_a_form_with_gaps_closes_nothing(world: World, fields: dict[str, str]) -> None:
    await converse(world, FEE, "báo sai")
    (one,) = await tickets(world)
    editor = await world.somebody(Role.EDITOR)
    assert (await editor.post(f"/staff/tickets/{one.id}", **fields)).status == 400
    assert len(await tickets(world)) == 1


async def test_a_commune_sees_and_closes_its_own(world: World) -> None:
    async with world.storage.reading() as unit:
        assert await unit.tickets.find(is_open=True, limit=1) == ()
    await converse(world, "tôi ở phường Minh Xuân", FEE, "báo sai")
    (one,) = await tickets(world)
    other = OTHER_COMMUNE if one.commune != OTHER_COMMUNE else COMMUNE
    stranger = await world.somebody(Role.EDITOR, other)
    assert "Đăng ký khai sinh" not in (await stranger.get("/staff/tickets")).text
    assert (await stranger.get(f"/staff/tickets/{one.id}")).status == 404
    forged = await stranger.post(f"/staff/tickets/{one.id}", state="right", note="x")
    assert forged.status == 404
    assert len(await tickets(world)) == 1


async def test_a_viewer_looks_and_closes_nothing(world: World) -> None:
    await converse(world, FEE, "báo sai")
    (one,) = await tickets(world)
    viewer = await world.somebody(Role.VIEWER)
    assert "Đóng phiếu" not in (await viewer.get(f"/staff/tickets/{one.id}")).text
    assert (await viewer.post(f"/staff/tickets/{one.id}", state="right", note="x")).status == 403


async def test_the_ticket_of_an_erased_person_stays_without_them(world: World) -> None:
    await converse(world, FEE, "báo sai", "xóa dữ liệu của tôi", "xóa hết")
    world.clock.now += dt.timedelta(minutes=1)
    async with world.storage.writing() as unit:
        (one,) = await unit.tickets.find(is_open=True, limit=1)
        if one.conversation_id:
            await unit.people.erase(one.conversation_id, world.clock())
        await unit.commit()
    editor = await world.somebody(Role.EDITOR)
    shown = await editor.get(f"/staff/tickets/{one.id}")
    assert "Cuộc trò chuyện không còn được giữ" in shown.text
