"""Scrubbing: what SQLite was told to forget leaves its files as well."""

from __future__ import annotations

from storage.db import Use, open_engine, parse_url
from storage.transactions import begun

SAMPLE = 1000
"""Rows of each index that statistics are made of: enough to choose, done in milliseconds."""


async def scrub(url: str) -> bool:
    """Rewrite SQLite's file without remains and empty its log; False when a reader kept the log open.

    Its statistics are made anew along the way: SQLite makes none by itself, and chooses long ways without.
    """
    if parse_url(url).get_backend_name() != "sqlite":
        return True
    engine = open_engine(url, Use.VACUUM)
    try:
        async with begun(engine) as connection:
            # secure_delete clears deleted cells, but not copies that a page split left in a page's gap.
            await connection.exec_driver_sql("VACUUM")
            # Statistics of a sample hold no single values: nothing of anybody is kept in them.
            await connection.exec_driver_sql(f"PRAGMA analysis_limit = {SAMPLE}")
            await connection.exec_driver_sql("ANALYZE")
            blocked, *_ = (await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).one()
    finally:
        await engine.dispose()
    return not blocked
