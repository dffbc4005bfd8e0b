"""Making the report from the command line."""

from __future__ import annotations

import json

from bot import figures, tables
from bot.config import Config
from bot.report.numbers import count_all, numbers_as_json
from bot.simulation.label import is_simulated, labelled
from bot.staff.labels import Labels
from intents.knowledge import Knowledge
from storage.counting import EVERYTHING
from storage.days import Period
from storage.unit_of_work import Storage

FORMATS = ("json", "xlsx")


async def report(config: Config, knowledge: Knowledge, period: Period, form: str) -> bytes:
    """Return the report of a period as a file of a form."""
    texts = knowledge.content.desk
    storage = Storage(config.database_url)
    try:
        simulated = await is_simulated(storage)
        texts = labelled(texts) if simulated else texts
        async with storage.reading() as unit:
            if form == "xlsx":
                overview = await figures.compare(unit.counting, period, period.before, EVERYTHING)
                listed = figures.overview_tables(overview, texts)
                return tables.as_xlsx(tables.with_notes(listed, texts["file.notes"], texts["file.note"]))
            numbers = await count_all(unit.counting, period, EVERYTHING, Labels(knowledge, texts))
    finally:
        await storage.close()
    told = {"simulated": simulated, **numbers_as_json(period, numbers)}
    return json.dumps(told, ensure_ascii=False, indent=1).encode()
