"""Days of made-up people, one after the other, through the real door and the real worker."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.channels.base import Received
from bot.config import Config, secret_of
from bot.intake import Intake
from bot.jobs import Jobs
from bot.known import Known
from bot.leases import Lease
from bot.listing import Lister
from bot.logs import set_up_logs
from bot.memory import kept
from bot.owner import new_owner
from bot.rolling import Roller
from bot.simulation.people import Plan, crowd
from bot.simulation.stage import Arrival, Heard, SetClock, Stage, Worker
from bot.simulation.visits import Opened, Visit
from bot.simulation.words import Words
from content.simulation import Talk, load_talk
from intents.knowledge import Knowledge
from intents.turn import Inbound
from storage.days import day_of
from storage.migrate import ensure_current
from storage.records import NOBODY, Event, EventName
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage

Show = Callable[[str], None]
TELL_EVERY = 10
"""Days between two lines of progress."""
PERSON = "person"


class NotEmptyError(Exception):
    """The database holds people; none must be mixed with made-up ones."""


@dataclass(kw_only=True, slots=True)
class Simulation:
    """Made-up people and the assistant that answers them."""

    storage: Storage
    knowledge: Knowledge
    talk: Talk
    keys: PersonKeys
    retention: dt.timedelta
    plan: Plan
    show: Show
    messages: int = field(default=0, init=False)

    async def run(self) -> None:
        """Fill an empty database and make its figures; raise NotEmptyError for any other."""
        await self._label()
        words = Words(self.talk, self.knowledge, self.plan.seed)
        by_day: defaultdict[dt.date, list[Visit]] = defaultdict(list)
        for person in crowd(self.plan, list(self.knowledge.content.places.communes.values())):
            for at in person.writes_at:
                by_day[day_of(at)].append(Visit(person, words, at))
        stage = self._stage()
        for number in range(self.plan.days):
            day = self.plan.first + dt.timedelta(days=number)
            await self._day(stage, sorted(by_day[day], key=lambda visit: visit.at))
            if (number + 1) % TELL_EVERY == 0:
                self.show(f"day {number + 1} of {self.plan.days}: {self.messages} messages")
        await self._finish()

    async def _label(self) -> None:
        async with self.storage.writing() as unit:
            if await unit.simulated.anybody():
                raise NotEmptyError("the database has people: simulate into an empty one")
            await unit.simulated.label(self.plan.seed)
            await unit.commit()

    def _stage(self) -> Stage:
        clock = SetClock(self.plan.until)
        worker = Worker(self.storage, Known(self.storage, self.knowledge), clock, self.retention)
        return Stage(clock, Intake(self.storage, self.keys, clock, self.retention, lambda: None), worker)

    async def _day(self, stage: Stage, visits: Sequence[Visit]) -> None:
        """Let everybody who comes on a day write, answer after answer."""
        under_way: dict[Visit, Heard | None] = dict.fromkeys(visits)
        while under_way:
            arrivals: dict[Visit, Arrival] = {}
            opened: list[Event] = []
            for visit, heard in under_way.items():
                does = visit.next(heard.decision if heard else None)
                if visit.at > self.plan.until:
                    continue
                if isinstance(does, Inbound):
                    arrivals[visit] = self._arrival(visit, does)
                elif does is Opened.PAGE and heard:
                    opened.append(_opened(visit, heard))
            await self._journal(opened)
            heard_now = await stage.take(list(arrivals.values())) if arrivals else {}
            under_way = {visit: heard_now[arrival.received.message_id] for visit, arrival in arrivals.items()}

    def _arrival(self, visit: Visit, inbound: Inbound) -> Arrival:
        self.messages += 1
        person, message_id = visit.person, f"{NOBODY}-{self.messages}"
        user = f"{self.plan.seed}-{person.number}"
        return Arrival(
            visit.at, Received(person.channel, NOBODY, message_id, user, {NOBODY: user}, inbound, visit.at)
        )

    async def _journal(self, events: Sequence[Event]) -> None:
        if events:
            async with self.storage.writing() as unit:
                await unit.journal.append(*events)
                await unit.commit()

    async def _finish(self) -> None:
        """Forget what would have been forgotten by now; make the figures."""

        def now() -> dt.datetime:
            return self.plan.until

        await Jobs(self.storage, now).purge()
        self.show("making the figures")
        lister = Lister(self.storage, now, self.knowledge)
        await Roller(self.storage, now, Lease(self.storage, now, "figures", new_owner()), lister).roll()
        await lister.list_new()


def _opened(visit: Visit, heard: Heard) -> Event:
    state = heard.decision.state
    return Event(
        EventName.LINK_OPENED,
        visit.at,
        visit.person.channel,
        heard.conversation,
        commune=state.commune,
        service=state.service,
        value=PERSON,
    )


async def simulate(config: Config, knowledge: Knowledge, plan: Plan, show: Show) -> int:
    """Fill the database of the settings; return how many messages were written."""
    set_up_logs("WARNING")
    await ensure_current(config.database_url)
    storage = Storage(config.database_url)
    simulation = Simulation(
        storage=storage,
        knowledge=kept(knowledge),
        talk=load_talk(),
        keys=PersonKeys(secret_of(config)),
        retention=dt.timedelta(days=config.retention_days),
        plan=plan,
        show=show,
    )
    try:
        await simulation.run()
    finally:
        await storage.close()
    return simulation.messages
