"""What ours is measured against: bare aiohttp that stores one row a message and sends the words back.

Run as a process: `python -m tests.bench_channels.echo DSN SERVICE_URL PORT ACCESS_TOKEN`.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import sys

import asyncpg
from aiohttp import ClientSession, web

from tests.wires import APP, OA_SECRET, ZALO_OA

TABLE = (
    "CREATE TABLE IF NOT EXISTS echo (id bigserial PRIMARY KEY, person text, message text UNIQUE, body text)"
)
ROW = "INSERT INTO echo (person, message, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"


async def make_table(dsn: str) -> None:
    """Make the one table."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(TABLE)
    await connection.close()


async def serve(dsn: str, service: str, port: int, token: str) -> None:
    """Verify, store a row, answer 200, send the words back."""
    pool = await asyncpg.create_pool(dsn, min_size=5, max_size=10)
    session = ClientSession()
    sends = set[asyncio.Task[None]]()

    async def send(person: str, text: str) -> None:
        body = {"recipient": {"user_id": person}, "message": {"text": text}}
        headers = {"access_token": token}
        async with session.post(f"{service}/v3.0/oa/message/cs", json=body, headers=headers) as response:
            await response.read()

    async def receive(request: web.Request) -> web.Response:
        raw = await request.read()
        told = json.loads(raw)
        expected = hashlib.sha256(APP.encode() + raw + told["timestamp"].encode() + OA_SECRET.encode())
        given = request.headers.get("X-ZEvent-Signature", "").removeprefix("mac=")
        if not hmac.compare_digest(expected.hexdigest(), given):
            return web.Response()
        person, text = told["sender"]["id"], told["message"]["text"]
        await pool.execute(ROW, person, told["message"]["msg_id"], text)
        task = asyncio.create_task(send(person, text))
        sends.add(task)
        task.add_done_callback(sends.discard)
        return web.Response()

    async def ready(_request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.add_routes([web.post(ZALO_OA.path, receive), web.get("/readyz", ready)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_port=True).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
