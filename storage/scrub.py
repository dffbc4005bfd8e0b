"""Scrubbing: what SQLite was told to forget leaves its files as well."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from storage.db import BEGIN, OUTSIDE, begun


async def scrub(engine: AsyncEngine) -> bool:
    """Rewrite SQLite's file without remains and empty its log; False when a reader kept the log open."""
    if engine.dialect.name != "sqlite":
        return True
    async with begun(engine.execution_options(**{BEGIN: OUTSIDE})) as connection:
        # secure_delete clears deleted cells, but not copies that a page split left in a page's gap.
        await connection.exec_driver_sql("VACUUM")
        blocked, *_ = (await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).one()
    return not blocked
