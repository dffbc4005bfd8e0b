"""Who holds a lease: a name that tells whether its process still lives, so that a crash costs no waiting."""

from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path

from storage.unit_of_work import Storage

_OURS: set[str] = set()
"""Names given in this life of the process: our number with another name is from an earlier one."""


def new_owner() -> str:
    """Return a name within this process, unlike any other, before or after."""
    run = uuid.uuid4().hex[:8]
    _OURS.add(run)
    return f"{_machine()}:{os.getpid()}:{run}"


def is_dead(owner: str) -> bool:
    """Tell whether the process of a name is known to be gone; of another machine nothing is known."""
    host, pid, run, *_ = *owner.split(":"), "", ""
    if not host or host != _machine() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return run not in _OURS
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


async def free_the_dead(storage: Storage) -> None:
    """Release what crashed processes of this machine still hold."""
    async with storage.reading() as unit:
        owners = {*await unit.leases.owners(), *await unit.conversations.owners()}
    dead = sorted(owner for owner in owners if is_dead(owner))
    if not dead:
        return
    async with storage.writing() as unit:
        for owner in dead:
            await unit.leases.free(owner)
            await unit.conversations.free(owner)
        await unit.commit()


def _machine() -> str:
    """Name this run of this machine, and what gives processes their numbers; empty where that is not told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        space = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        return ""
    return f"{socket.gethostname()}/{boot[:13]}/{space}"
