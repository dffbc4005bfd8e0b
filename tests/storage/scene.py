"""A journal written by hand, for counting by hand: who did what, when and where."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from storage.days import ZONE
from storage.records import Event, EventName, NewReceipt
from storage.unit_of_work import Storage, UnitOfWork
from tests.storage.builders import KEYS

BOT = "the_bot"


def at(text: str) -> dt.datetime:
    """Read a local time of 2026: «2/3 08:00» is the 2nd of March."""
    day, clock = text.split()
    number, month = (int(part) for part in day.split("/"))
    hour, minute = (int(part) for part in clock.split(":"))
    return dt.datetime(2026, month, number, hour, minute, tzinfo=ZONE)


@dataclass(slots=True)
class Scene:
    """People with conversations, and what is journalled of them."""

    storage: Storage
    talks: dict[str, int] = field(default_factory=dict)
    channels: dict[str, str] = field(default_factory=dict)

    async def meet(self, channel: str, *names: str) -> None:
        """Begin conversations."""
        for name in names:
            async with self.storage.writing() as unit:
                await unit.inbox.accept(_receipt(name, channel))
                await unit.commit()
            async with self.storage.reading() as unit:
                found = await unit.conversations.find(KEYS.key(channel, BOT, name))
            assert found
            self.talks[name], self.channels[name] = found, channel

    def event(self, when: str, who: str, name: EventName, **about: object) -> Event:
        """Return what somebody did."""
        return Event(name, at(when), self.channels[who], self.talks[who], **about)  # type: ignore[arg-type]

    async def journal(self, *events: Event) -> None:
        """Append events and roll up."""
        async with self.storage.writing() as unit:
            await unit.journal.append(*events)
            await unit.commit()
        await self.roll()

    async def roll(self) -> tuple[dt.date, ...]:
        """Roll up what is new; return the days."""
        async with self.storage.writing() as unit:
            days = await unit.rolling.dirty()
            for day in days:
                await unit.rolling.roll(day)
            for span, start in await unit.rolling.to_close():
                await unit.rolling.close(span, start)
            await settle(unit)
            await unit.commit()
        return days

    async def erase(self, who: str) -> None:
        """Forget somebody."""
        async with self.storage.writing() as unit:
            await unit.people.erase(self.talks[who], at("31/12 12:00"))
            await unit.commit()


async def settle(unit: UnitOfWork) -> None:
    await unit.rolling.settle(dt.datetime(2030, 1, 1, tzinfo=dt.UTC))


def _receipt(name: str, channel: str) -> NewReceipt:
    when = at("1/1 08:00")
    return NewReceipt(
        channel=channel,
        bot=BOT,
        message_id=f"hello-{name}",
        person_key=KEYS.key(channel, BOT, name),
        sealed=KEYS.seal({"chat_id": name}),
        kind="text",
        text=None,
        payload=None,
        received_at=when,
        text_expires_at=when,
    )
