"""What all tables share. Types that work alike on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from sqlalchemy import LargeBinary, MetaData
from sqlalchemy.orm import DeclarativeBase

from storage.columns import SafeText, UtcDateTime

NO_REUSED_IDS = {"sqlite_autoincrement": True}


class Base(DeclarativeBase):
    """All tables; constraints have predictable names so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {dt.datetime: UtcDateTime, str: SafeText, bytes: LargeBinary}
