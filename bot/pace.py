"""How fast a bot may send: so many within any one second, and so many to one person."""

from __future__ import annotations

import datetime as dt
import math
from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Pace:
    """Places for sends; seconds of the event loop.

    A place is free again only a while after its send has ended. However long a send was under way,
    the service never sees more than the rate within a second.
    """

    per_second: float
    per_chat_second: float
    window: dt.timedelta | None = None
    """How long after a person's last message a reply may still go."""
    _under_way: int = 0
    _cooling: deque[float] = field(default_factory=deque)
    """When places that were used are free again, in this order."""
    _chats: dict[int, float] = field(default_factory=dict)
    """When the next send to a person may begin."""

    @property
    def places(self) -> int:
        """Return how many sends may begin within one rest."""
        return max(1, int(self.per_second))

    @property
    def rest(self) -> float:
        """Return the seconds for which a place rests."""
        return self.places / self.per_second

    @property
    def chat_rest(self) -> float:
        """Return the seconds for which a person is left alone."""
        return 1 / self.per_chat_second

    def free(self, now: float) -> int:
        """Count the free places."""
        while self._cooling and self._cooling[0] <= now:
            self._cooling.popleft()
        return self.places - self._under_way - len(self._cooling)

    def resting(self, now: float) -> set[int]:
        """Return the conversations that are left alone now."""
        self._chats = {chat: until for chat, until in self._chats.items() if until > now}
        return set(self._chats)

    def take(self, conversation_id: int | None) -> None:
        """Take a place."""
        self._under_way += 1
        if conversation_id is not None:
            self._chats[conversation_id] = math.inf

    def give_back(self, conversation_id: int | None, now: float) -> None:
        """Give the place back; it rests first."""
        self._under_way -= 1
        self._cooling.append(now + self.rest)
        if conversation_id is not None:
            self._chats[conversation_id] = now + self.chat_rest
