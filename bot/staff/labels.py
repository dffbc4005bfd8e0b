"""What the parts of a figure are called: channels, communes with their names of before, services."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from intents.knowledge import Knowledge
from storage.counting import By, Kinds


class Division(StrEnum):
    """What a page divides a figure by: more than storage knows, since services belong to something."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    CHANNEL = "channel"
    COMMUNE = "commune"
    SERVICE = "service"
    FIELD = "field"
    TIER = "tier"
    LEVEL = "level"
    ASPECT = "aspect"
    TOPIC = "topic"
    VALUE = "value"

    @property
    def by(self) -> By:
        """Return what storage divides by."""
        return By.SERVICE if self in OF_SERVICES else By(self.value)

    @property
    def of_time(self) -> bool:
        """Tell whether its parts follow each other."""
        return self in {Division.DAY, Division.WEEK, Division.MONTH}


OF_SERVICES = (Division.FIELD, Division.TIER, Division.LEVEL)


@dataclass(frozen=True)
class Labels:
    """Names for the keys of a figure."""

    knowledge: Knowledge
    texts: Mapping[str, str]

    def name(self, division: Division, key: str) -> str:
        """Return what a part is called."""
        content = self.knowledge.content
        if division.of_time:
            return _time(division, dt.date.fromisoformat(key))
        match division:
            case Division.COMMUNE if key in content.places.communes:
                before = self._before.get(key)
                name = content.places.communes[key].name
                return f"{name} ({self.texts['before_merger']}: {', '.join(before)})" if before else name
            case Division.SERVICE if key in content.catalogue.services:
                return self.knowledge.title(key)
            case Division.TOPIC if key in content.topics:
                return content.topics[key].title
            case Division.VALUE if key in content.topics:
                return content.topics[key].title
        return self.texts.get(f"{division}.{key or 'none'}", key or self.texts["unknown"])

    def name_of_service(self, code: str) -> str:
        """Return what a service is called."""
        return self.name(Division.SERVICE, code)

    def name_of_commune(self, code: str) -> str:
        """Return the name of a commune of today."""
        communes = self.knowledge.content.places.communes
        return communes[code].name if code in communes else code

    def kinds(self, division: Division) -> Kinds | None:
        """Return what each service belongs to; None where services are not put together."""
        services = self.knowledge.content.catalogue.services
        match division:
            case Division.FIELD:
                return {code: service.fields[:1] for code, service in services.items()}
            case Division.TIER:
                return {code: tuple(sorted(service.tiers)) for code, service in services.items()}
            case Division.LEVEL:
                return {code: (service.level,) for code, service in services.items()}
        return None

    @cached_property
    def _before(self) -> Mapping[str, tuple[str, ...]]:
        """Names of before by today's commune."""
        names: defaultdict[str, list[str]] = defaultdict(list)
        for former in self.knowledge.content.places.former:
            for code in former.now:
                names[code].append(former.name)
        return {code: tuple(dict.fromkeys(listed)) for code, listed in names.items()}


def _time(division: Division, start: dt.date) -> str:
    return f"{start:%-m/%Y}" if division is Division.MONTH else f"{start:%-d/%-m}"
