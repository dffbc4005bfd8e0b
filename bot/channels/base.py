"""What a channel is: four verbs, its limits, and errors sorted by what the caller does next.

A channel verifies a request, parses its payload into `Received` values (pure), renders a reply
(pure) and sends it (one call, typed errors). Channels know neither each other nor the intake:
they are given `accept` when the application wires them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from intents.turn import Inbound, Reply


@dataclass(frozen=True, slots=True)
class Received:
    """An inbound message with where it came from and how to answer it."""

    channel: str
    bot: str
    """The account that received it; ids of two bots of one service may collide."""
    message_id: str
    """Unique within (channel, bot): what makes a repeat a repeat."""
    user_id: str
    """The service's id of the person; leaves memory only as a keyed hash."""
    address: Mapping[str, str]
    """What is needed to reply; stored encrypted, apart from the journal."""
    inbound: Inbound
    sent_at: dt.datetime | None = None


Accept = Callable[[Received], Awaitable[bool]]
"""Store the receipt durably; True when new, False for a repeat. Only after it returns may 200 be answered."""


ANSWER_SECONDS = 10.0
"""How long a service may take to answer a call; a lease to send must last longer."""


class ChannelError(Exception):
    """A send that did not succeed."""

    parts: int = 0
    """How many messages of the reply were accepted before: these are not sent again."""


class ChannelBlockedError(ChannelError):
    """The person cannot be reached any more: stop, mark the address."""


class ChannelBusyError(ChannelError):
    """The service asks to wait."""

    def __init__(self, retry_after: float | None = None) -> None:
        """Take the seconds to wait, None where the service does not say."""
        super().__init__("wait" if retry_after is None else f"wait {retry_after:g} s")
        self.retry_after = retry_after


class ChannelDownError(ChannelError):
    """No answer or a server error: try again with back-off."""


class ChannelRefusedError(ChannelError):
    """The service refuses this message: our bug; logged, never tried again."""


class ChannelClosedError(ChannelError):
    """Too late for this reply, or too many were sent: it is given up; the person may well write again."""


class ChannelUnusableError(ChannelError):
    """Only the operator can mend it: a token, an account, a package. Nothing is lost meanwhile."""


class ChannelTokenSpentError(ChannelUnusableError):
    """The refresh token was used before: a human must authorise anew."""


Part = TypeVar("Part")


async def send_parts(parts: Sequence[Part], skip: int, say: Callable[[Part], Awaitable[None]]) -> None:
    """Send the messages of a reply in order, without those accepted before; an error says how far it came."""
    for number, part in enumerate(parts):
        if number < skip:
            continue
        try:
            await say(part)
        except ChannelError as error:
            error.parts = number
            raise


class Channel(Protocol):
    """A way for people to reach us."""

    @property
    def name(self) -> str:
        """Return the channel's name, the same in storage and in figures."""

    @property
    def bot(self) -> str:
        """Return the account's public id."""

    async def send(self, address: Mapping[str, str], reply: Reply, skip: int = 0) -> None:
        """Send one reply, but for the first `skip` of its messages; raise a `ChannelError` when refused."""
