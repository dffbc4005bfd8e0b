"""What staff corrected, laid over what was shipped: the base stays, a small overlay changes.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from content.models import Office, Overrides, Service, Stated
from intents.attached import Attached, Heard, Phrase
from intents.knowledge import Knowledge
from intents.redact import redact
from intents.retrieve import query_of
from intents.understand import understand


@dataclass(frozen=True, slots=True)
class Corrections:
    """All corrections that hold."""

    version: int = 0
    services: Mapping[str, Overrides] = field(default_factory=dict)
    """By code."""
    offices: Mapping[str, Stated[Office]] = field(default_factory=dict)
    """By code of the commune."""
    phrases: tuple[Phrase, ...] = ()
    """The newest last."""


class Overlays:
    """Lays corrections over a base; a phrase is read once, however often something else is corrected."""

    def __init__(self, base: Knowledge) -> None:
        """Take what was shipped."""
        base.warm()
        self.base = base
        self._heard: Mapping[Phrase, Heard] = {}

    def over(self, corrections: Corrections) -> Knowledge:
        """Return the knowledge with corrections; those of what is not there (any more) change nothing."""
        content = self.base.content
        known = content.catalogue.services
        phrases = dict.fromkeys(phrase for phrase in corrections.phrases if phrase.code in known)
        heard = {phrase: self._heard.get(phrase) or hear(phrase, self.base) for phrase in phrases}
        self._heard = heard
        services = dict(_overridden(known, corrections.services))
        catalogue = (
            replace(content.catalogue, services={**known, **services}) if services else content.catalogue
        )
        return self.base.over(
            content=replace(content, catalogue=catalogue),
            attached=Attached(heard.values(), self.base.index),
            offices={c: o for c, o in corrections.offices.items() if c in content.places.communes},
            version=corrections.version,
        )


def hear(phrase: Phrase, knowledge: Knowledge) -> Heard:
    """Read a phrase as a message is read."""
    return Heard(phrase, query_of(understand(redact(phrase.text), knowledge), knowledge))


def _overridden(known: Mapping[str, Service], overrides: Mapping[str, Overrides]) -> Mapping[str, Service]:
    return {
        code: replace(known[code], overrides=stated) for code, stated in overrides.items() if code in known
    }
