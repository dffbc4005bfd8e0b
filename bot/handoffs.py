"""Questions passed to staff: opened in the turn that asks, told to those on duty, given back in time."""

from __future__ import annotations

import datetime as dt
import smtplib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from bot.clock import Clock
from bot.config import Config
from bot.hours import LIMIT_HOURS, USUAL, WorkingHours, parse_hours
from bot.mail import Mail, MailServer, parse_server
from intents.handoffs import CLOSED, RETURNED
from intents.knowledge import Knowledge
from intents.turn import Decision, FactName, Kind
from storage.handoffs import HandedOver, HandoffState, NewHandoff
from storage.records import ClaimedConversation, Event, EventName, NewItem, PendingMessage
from storage.unit_of_work import Storage, UnitOfWork

log = structlog.get_logger(__name__)

AT_ONCE = 100
"""Given back in one go."""
LAPSED, BY_DESK = "lapsed", "staff"
"""Who closed a handoff: nobody, after an answer; the staff."""
_MS = dt.timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Duty:
    """When staff answer, and when a question goes back that nobody answered."""

    hours: WorkingHours
    limit: dt.timedelta
    """Of working time."""
    stated: bool = False
    """The settings say so: hours that nobody stated are told to nobody."""

    def return_at(self, now: dt.datetime) -> dt.datetime:
        """Return when a question of now goes back."""
        return self.hours.after(now, self.limit)

    def told(self, texts: Mapping[str, str]) -> str:
        """Say it to people."""
        limit = f"{self.limit / dt.timedelta(hours=1):g}"
        return texts["handoff.duty.stated"].format(hours=self.hours.told(texts), limit=limit)


USUAL_DUTY = Duty(parse_hours(USUAL), dt.timedelta(hours=LIMIT_HOURS))


def duty_of(config: Config) -> Duty:
    """Return when staff answer, as the settings say."""
    limit = dt.timedelta(hours=config.handoff_return_hours)
    return Duty(parse_hours(config.working_hours or USUAL), limit, stated=bool(config.working_hours))


def with_duty(knowledge: Knowledge, duty: Duty) -> Knowledge:
    """Have people told when staff answer, where that is known."""
    if not duty.stated:
        return knowledge
    return knowledge.over(stated_duty=duty.told(knowledge.content.answers))


async def passed(
    unit: UnitOfWork,
    turns: Iterable[tuple[ClaimedConversation, PendingMessage, Decision]],
    duty: Duty,
    now: dt.datetime,
) -> None:
    """Open and close what these turns ask for, in their unit."""
    for claimed, message, decision in turns:
        for fact in decision.facts:
            if fact.name is FactName.HANDOFF_OPENED:
                await unit.handoffs.open(await _new(unit, claimed, message, decision, duty, now))
            elif fact.name is FactName.HANDOFF_CLOSED:
                held = await unit.handoffs.open_of(claimed.id)
                if held:
                    await unit.handoffs.end(held.id, HandoffState.CLOSED, now)


async def _new(
    unit: UnitOfWork,
    claimed: ClaimedConversation,
    message: PendingMessage,
    decision: Decision,
    duty: Duty,
    now: dt.datetime,
) -> NewHandoff:
    commune = decision.state.commune
    return NewHandoff(
        conversation_id=claimed.id,
        channel=claimed.channel,
        commune=commune,
        desk=commune if commune and await unit.staff.on_duty(commune) else "",
        service=decision.state.service,
        inbox_id=message.id,
        opened_at=now,
        return_at=duty.return_at(now),
    )


# What the desk tells people, through the inbox


def staff_item(
    handoff: HandedOver, payload: str, key: str, at: dt.datetime, kept: dt.timedelta, words: str = ""
) -> NewItem:
    """Return what staff do (`Act.by`), for the conversation; `key` makes a repeat a repeat."""
    name = f"staff:{handoff.id}:{key}"
    return NewItem(handoff.conversation_id, name, Kind.STAFF, at, at + kept, words, payload)


def over_item(handoff: HandedOver, how: str, at: dt.datetime) -> NewItem:
    """Return that a handoff is over, for the conversation."""
    name = f"handoff-over:{handoff.id}"
    return NewItem(handoff.conversation_id, name, Kind.HANDOFF_OVER, at, at, payload=how)


def happened(name: EventName, handoff: HandedOver, at: dt.datetime, value: str = "") -> Event:
    """Return what the journal keeps of something done to a handoff, with how long the person had waited."""
    return Event(
        name,
        at,
        handoff.channel,
        handoff.conversation_id,
        inbox_id=None,
        commune=handoff.commune,
        service=handoff.service,
        value=value,
        waited_ms=max(0, round((at - handoff.opened_at) / _MS)),
    )


def minutes(handoff: HandedOver, at: dt.datetime) -> str:
    """Return how long a person waited: what figures read of an answer."""
    return str(max(0, round((at - handoff.opened_at) / dt.timedelta(minutes=1))))


@dataclass(frozen=True, slots=True)
class Handoffs:
    """Gives back what nobody answered, and tells those on duty what waits."""

    storage: Storage
    clock: Clock
    wake: Callable[[], None]
    """Tells the workers that something waits."""
    notice: Notice | None = None

    async def work(self) -> bool:
        """Do both; False when more may be overdue."""
        done = await self.give_back()
        if self.notice:
            await self.notice.tell()
        return done

    async def give_back(self) -> bool:
        """End what is overdue: who was answered is told that it is over, who was not that nobody could."""
        now = self.clock()
        async with self.storage.reading() as unit:
            overdue = await unit.handoffs.overdue(now, AT_ONCE)
        for one in overdue:
            await self._lapse(one, now)
        if overdue:
            log.info("handoffs over", number=len(overdue))
            self.wake()
        return len(overdue) < AT_ONCE

    async def _lapse(self, one: HandedOver, now: dt.datetime) -> None:
        answered = one.answered_at is not None
        state = HandoffState.CLOSED if answered else HandoffState.RETURNED
        name = EventName.HANDOFF_CLOSED if answered else EventName.HANDOFF_RETURNED
        async with self.storage.writing() as unit:
            # First what holds the person's row: whoever erases them begins with it too.
            await unit.inbox.put(over_item(one, CLOSED if answered else RETURNED, now))
            if await unit.handoffs.lapse(one, state, now):
                await unit.journal.append(happened(name, one, now, LAPSED if answered else ""))
                await unit.commit()


@dataclass(frozen=True, slots=True)
class Notice:
    """Mail to those on duty: how many wait and where to look, no word of citizens."""

    storage: Storage
    clock: Clock
    server: MailServer
    sender: str
    texts: Mapping[str, str]
    address: str
    """Of the desk."""

    async def tell(self) -> None:
        """Tell each desk once of what newly waits; what could not be told is tried at the next look."""
        async with self.storage.reading() as unit:
            waiting = await unit.handoffs.to_tell()
        for desk in waiting:
            async with self.storage.writing() as unit:
                receivers = [one.email for one in await unit.staff.on_duty(desk) if one.email]
                told = await unit.handoffs.told(desk, self.clock()) if receivers else ()
                await unit.commit()
            if told and not await self._sent(receivers, len(told)):
                async with self.storage.writing() as unit:
                    await unit.handoffs.not_told(told)
                    await unit.commit()

    async def _sent(self, receivers: Sequence[str], number: int) -> bool:
        text = self.texts["people.mail.text"].format(number=number, address=f"{self.address}/staff/people")
        mail = Mail(self.server, self.sender, tuple(receivers))
        try:
            await mail.send(self.texts["people.mail.subject"], text)
        except (OSError, smtplib.SMTPException) as error:
            log.warning("those on duty were not told", cause=type(error).__name__)
            return False
        return True


def notice_of(config: Config, storage: Storage, clock: Clock, texts: Mapping[str, str]) -> Notice | None:
    """Return how those on duty are told; None without a mail server."""
    if not (config.alert_smtp_url and config.alert_mail_from):
        return None
    address = config.public_url or f"http://{config.host}:{config.port}"
    server = parse_server(config.alert_smtp_url)
    return Notice(storage, clock, server, config.alert_mail_from, texts, address)
