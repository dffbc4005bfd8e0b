"""What staff do from another process: a reply is stored, and nobody here is told."""

from __future__ import annotations

from bot.conversation import REPLY
from bot.webview import CHANNEL
from intents.turn import Reply
from storage.records import NewReply
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage
from tests.bot.parts import DAY, NOW

SECRET = "a secret of the tests"


async def staff_reply(storage: Storage, visitor: str, text: str) -> None:
    """Reply to a visitor of the web chat who has written before."""
    async with storage.writing() as unit:
        conversation = await unit.conversations.find(PersonKeys(SECRET).key(CHANNEL, CHANNEL, visitor))
        assert conversation
        body = REPLY.dump_json(Reply(text)).decode()
        await unit.outbox.add(NewReply(conversation, CHANNEL, CHANNEL, body, NOW, NOW + 10_000 * DAY))
        await unit.commit()
