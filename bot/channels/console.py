"""The terminal as a channel: what is typed goes the same way as from a telephone."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.channels.base import Accept, Received
from intents.turn import Inbound, Kind, Reply


@dataclass(slots=True)
class Console:
    """Reads lines and shows replies."""

    accept: Accept
    show: Callable[[str], None]
    user: str = "terminal"
    name: str = "console"
    bot: str = "console"

    async def say(self, text: str) -> None:
        """Take what the person typed."""
        inbound = Inbound(Kind.TEXT, text)
        message_id = uuid.uuid4().hex
        await self.accept(Received(self.name, self.bot, message_id, self.user, {"user": self.user}, inbound))

    async def send(self, address: Mapping[str, str], reply: Reply, skip: int = 0) -> None:  # noqa: ARG002 - there is one terminal
        """Show a reply."""
        self.show(render(reply))


def render(reply: Reply) -> str:
    """Write a reply for a terminal: plain text, buttons as a numbered line."""
    buttons = "  ".join(f"[{n}] {b.label}" for n, b in enumerate(reply.buttons, 1))
    return f"{reply.text.replace('**', '')}\n{buttons}".rstrip()
