"""Events are counted by name, period and channel."""

from __future__ import annotations

from storage.records import Event, EventName
from storage.unit_of_work import Storage
from tests.storage.builders import DAY, NOW, SECOND


async def test_events_are_counted_from_the_start_up_to_the_end(storage: Storage) -> None:
    answered, warning = EventName.TURN_ANSWERED, EventName.TURN_WARNING
    async with storage.writing() as uow:
        await uow.journal.append()
        await uow.journal.append(
            Event(answered, NOW - SECOND, "web"),
            Event(answered, NOW, "web"),
            Event(answered, NOW, "telegram", data='{"score": 0.9}'),
            Event(warning, NOW + DAY - SECOND, "web"),
            Event(warning, NOW + DAY, "web"),
        )
        await uow.commit()
    async with storage.reading() as unit:
        assert await unit.journal.counts(NOW, NOW + DAY) == {answered: 2, warning: 1}
        assert await unit.journal.counts(NOW, NOW + DAY, ["web"]) == {answered: 1, warning: 1}
        assert await unit.journal.counts(NOW, NOW) == {}


def test_every_name_is_subject_and_action() -> None:
    for name in EventName:
        subject, action = name.value.split(":")
        assert name.name == f"{subject}_{action}".upper()
