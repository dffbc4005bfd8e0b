"""Who holds a lease: a name that tells whether its process still lives, so that a crash costs no waiting."""

from __future__ import annotations

import os
import socket
import uuid

from storage.unit_of_work import Storage


def new_owner() -> str:
    """Return a name for this process, unlike that of any other, before or after."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def is_dead(owner: str, ours: str) -> bool:
    """Tell whether the process of a name is known to be gone; of another machine nothing is known."""
    host, pid, run = owner.split(":")[:3] if owner.count(":") >= 2 else ("", "0", "")  # noqa: PLR2004 - its own form
    our_host, our_pid, our_run = ours.split(":")[:3]
    if host != our_host or not pid.isdigit():
        return False
    if pid == our_pid:
        return run != our_run  # our own number, in an earlier life
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


async def free_the_dead(storage: Storage, ours: str) -> None:
    """Release what crashed processes of this machine still hold."""
    async with storage.writing() as unit:
        owners = {*await unit.leases.owners(), *await unit.conversations.owners()}
        for owner in owners:
            if is_dead(owner, ours):
                await unit.leases.free(owner)
                await unit.conversations.free(owner)
        await unit.commit()
