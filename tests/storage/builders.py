"""Values for the tests of storage, and the steps that most of them begin with."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from storage.exports import Export
from storage.records import ClaimedConversation, NewReceipt, NewReply
from storage.secrets import PersonKeys
from storage.sessions import Session
from storage.staff import NewAccount, Role
from storage.unit_of_work import Storage

NOW = dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.UTC)
SECOND, MINUTE, DAY = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(days=1)
LEASE = 30 * SECOND
KEYS = PersonKeys("a secret for tests")
CHANNEL, BOT = "telegram", "the_bot"


def a_receipt(
    message_id: str = "1",
    *,
    user_id: str = "8812345678",
    text: str | None = "làm khai sinh",
    payload: str | None = None,
    at: dt.datetime = NOW,
) -> NewReceipt:
    return NewReceipt(
        channel=CHANNEL,
        bot=BOT,
        message_id=message_id,
        person_key=KEYS.key(CHANNEL, BOT, user_id),
        sealed=KEYS.seal({"chat_id": user_id}),
        kind="text",
        text=text,
        payload=payload,
        received_at=at,
        text_expires_at=at + 30 * DAY,
    )


async def accept(storage: Storage, *receipts: NewReceipt) -> list[bool]:
    """Take receipts, each in a unit of its own."""
    new = []
    for receipt in receipts:
        async with storage.writing() as uow:
            new.append(await uow.inbox.accept(receipt))
            await uow.commit()
    return new


async def claim(storage: Storage, owner: str = "worker", at: dt.datetime = NOW) -> ClaimedConversation | None:
    async with storage.writing() as uow:
        claimed = await uow.conversations.claim(owner, at, LEASE)
        await uow.commit()
    return claimed[0] if claimed else None


async def conversation_of(storage: Storage, user_id: str = "8812345678") -> int | None:
    async with storage.reading() as unit:
        return await unit.conversations.find(KEYS.key(CHANNEL, BOT, user_id))


def a_reply(
    conversation_id: int, text: str = "trả lời", *, inbox_id: int | None = None, at: dt.datetime = NOW
) -> NewReply:
    body = json.dumps({"text": text})
    return NewReply(conversation_id, CHANNEL, BOT, body, at, at + 30 * DAY, inbox_id)


async def answer(storage: Storage, *texts: str, at: dt.datetime = NOW) -> int:
    """Handle the message that waits longest, with these replies; return the conversation."""
    claimed = await claim(storage, at=at)
    assert claimed is not None
    async with storage.writing() as uow:
        message, *_ = await uow.inbox.pending(claimed.id)
        replies = [a_reply(claimed.id, text, inbox_id=message.id, at=at) for text in texts]
        await uow.outbox.add(*replies)
        await uow.conversations.save({claimed: json.dumps({"question": message.text})})
        await uow.inbox.mark_handled([message.id], at)
        await uow.commit()
    return claimed.id


async def bodies_due(storage: Storage, at: dt.datetime = NOW) -> list[str]:
    async with storage.reading() as unit:
        due = await unit.outbox.due(CHANNEL, BOT, at, 100)
    return [json.loads(reply.body)["text"] for reply in due]


def bytes_on_disk(file: Path) -> bytes:
    """Read all of what SQLite keeps in files."""
    parts = (file, file.with_name(file.name + "-wal"), file.with_name(file.name + "-shm"))
    return b"".join(part.read_bytes() for part in parts if part.exists())


def an_account(login: str = "an", role: Role = Role.EDITOR, commune: str = "") -> NewAccount:
    return NewAccount(login=login, name=f"Cán bộ {login}", role=role, password_hash="kept", commune=commune)


def a_session(staff_id: int, name: str = "token", expires_at: dt.datetime = NOW + DAY) -> Session:
    return Session(token_hash=name, staff_id=staff_id, created_at=NOW, seen_at=NOW, expires_at=expires_at)


def an_export(staff_id: int, name: str, expires_at: dt.datetime) -> Export:
    return Export(
        id=name,
        staff_id=staff_id,
        name=f"{name}.csv",
        query="{}",
        created_at=NOW,
        rows=0,
        finished_at=None,
        error="",
        expires_at=expires_at,
    )
