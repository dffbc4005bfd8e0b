"""Days of made-up people, one after the other, through the real door and the real worker."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.channels.base import Received
from bot.config import Config, secret_of
from bot.follow_ups import FollowUps
from bot.handoffs import Handoffs
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
from bot.simulation.staff import Staff
from bot.simulation.stage import Arrival, Heard, SetClock, Stage, Worker
from bot.simulation.visits import Opened, Visit
from bot.simulation.words import Words
from content.simulation import Talk, load_talk
from intents.knowledge import Knowledge
from intents.turn import Inbound
from storage.days import DAY, begins, day_of
from storage.migrate import ensure_current
from storage.records import NOBODY, Event, EventName
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage

Show = Callable[[str], None]
TELL_EVERY = 10
"""Days between two lines of progress."""
PERSON = "person"
SLICE = dt.timedelta(hours=4)
"""What happens within is stored together, each at its own time."""


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
    _met: dict[int, Visit] = field(default_factory=dict, init=False)
    """The last visit of each conversation."""

    async def run(self) -> None:
        """Fill an empty database and make its figures; raise NotEmptyError for any other."""
        await self._label()
        stage, visits = self._stage(), self._visits()
        for number in range(self.plan.days):
            day = begins(self.plan.first + number * DAY)
            for at in (day + part * SLICE for part in range(DAY // SLICE)):
                if at <= self.plan.until:
                    await self._slice(stage, at, visits[at])
            if (number + 1) % TELL_EVERY == 0:
                self.show(f"day {number + 1} of {self.plan.days}: {self.messages} messages")
        await stage.staff.rest(self.plan.until)
        await self._finish()

    def _visits(self) -> Mapping[dt.datetime, list[Visit]]:
        """Make up who comes when, by slices of days."""
        words = Words(self.talk, self.knowledge, self.plan.seed)
        found: defaultdict[dt.datetime, list[Visit]] = defaultdict(list)
        for person in crowd(self.plan, list(self.knowledge.content.places.communes.values())):
            for at in person.writes_at:
                day = begins(day_of(at))
                found[day + (at - day) // SLICE * SLICE].append(Visit(person, words, at))
        return found

    async def _label(self) -> None:
        async with self.storage.writing() as unit:
            if await unit.simulated.anybody() or await unit.simulated.seed() is not None:
                raise NotEmptyError("the database has people: simulate into an empty one")
            await unit.simulated.label(self.plan.seed)
            await unit.measured.links()
            await unit.commit()

    def _stage(self) -> Stage:
        clock = SetClock(self.plan.until)
        known = Known(self.storage, self.knowledge.over(staffed=True))
        worker = Worker(self.storage, known, clock, self.retention)
        intake = Intake(self.storage, self.keys, clock, self.retention, lambda: None)
        return Stage(
            clock,
            intake,
            worker,
            FollowUps(self.storage, clock, lambda: None),
            Handoffs(self.storage, clock, lambda: None),
            Staff(self.storage, self.talk, self.retention, random.Random(self.plan.seed)),  # noqa: S311 - no secret
        )

    async def _slice(self, stage: Stage, at: dt.datetime, visits: Sequence[Visit]) -> None:
        """Let everybody who comes in some hours write, answer after answer; who is asked how it went, too."""
        under_way: dict[Visit, Heard | None] = dict.fromkeys(sorted(visits, key=lambda visit: visit.at))
        await stage.pass_on(at)
        under_way |= await self._followed_up(stage, at)
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
            told = await stage.take(list(arrivals.values()))
            under_way = {visit: told[arrival.received.message_id] for visit, arrival in arrivals.items()}
            self._met |= {heard.conversation: visit for visit, heard in under_way.items() if heard}

    async def _followed_up(self, stage: Stage, at: dt.datetime) -> dict[Visit, Heard | None]:
        """Ask whoever is due how it went; return them with what they read, some time later."""
        asked = await stage.follow_up(at)
        found: dict[Visit, Heard | None] = {}
        for heard in asked.values():
            before = self._met[heard.conversation]
            if heard.decision.replies:
                later = at + dt.timedelta(minutes=before.person.chance.uniform(1, 120))
                found[Visit(before.person, before.words, later)] = heard
        return found

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
