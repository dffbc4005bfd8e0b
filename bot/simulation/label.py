"""Whether the people of a database are made up."""

from __future__ import annotations

from collections.abc import Mapping

from bot.config import Config
from storage.unit_of_work import Storage


async def is_simulated(storage: Storage) -> bool:
    """Tell whether the database is labelled as simulated."""
    async with storage.reading() as unit:
        return await unit.simulated.seed() is not None


def labelled(texts: Mapping[str, str]) -> Mapping[str, str]:
    """Return the words of the desk with the label wherever a file says of which days it is."""
    return {**texts, "file.period": f"{texts['simulated']} {texts['file.period']}"}


def name_of(file: str) -> str:
    """Return the name of a file that holds what is made up."""
    return f"mo-phong-{file}"


async def is_simulated_at(config: Config) -> bool:
    """Tell it of the database of the settings."""
    storage = Storage(config.database_url)
    try:
        return await is_simulated(storage)
    finally:
        await storage.close()
