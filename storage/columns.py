"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, DateTime, Dialect, Enum, Integer, Text, TypeDecorator

from storage.records import EventName


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware UTC time on both databases; SQLite alone would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Refuse naive times, keep the rest as UTC."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("storage takes aware times only")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Give the zone back."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class SafeText(TypeDecorator[str]):
    """Any text a person can send; PostgreSQL refuses NUL, and no database takes half a surrogate pair."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace what cannot be stored, so that one odd message never blocks a conversation."""
        del dialect
        if value is None:
            return None
        return storable(value)


def storable(text: str) -> str:
    """Return a text that every database takes."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


RowId = BigInteger().with_variant(Integer, "sqlite")
EventNameType = Enum(
    EventName,
    native_enum=False,
    create_constraint=False,  # a new event name needs no migration
    length=60,
    values_callable=lambda names: [name.value for name in names],
)
