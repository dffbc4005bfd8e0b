"""Passwords: hashed with argon2id, away from the event loop, a few at a time."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

LEAST = 10
"""Characters of a password; nothing else is asked of it but that it is not easily guessed."""
MOST = 200
_AT_ONCE = 2
"""Each takes 64 MB for a moment: a flood of sign-ins must not take all there is."""
_COMMON = ("1234567890", "0123456789", "12345678910", "matkhau123", "password123", "qwertyuiop", "admin12345")
_hasher = PasswordHasher()
_pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="passwords")


def weakness(password: str, login: str) -> str:
    """Return the key of what is wrong with a new password; empty when it will do."""
    if len(password) < LEAST:
        return "short"
    if len(password) > MOST:
        return "long"
    plain = password.casefold()
    if plain in _COMMON or login.casefold() in plain or len(set(plain)) < LEAST // 2:
        return "guessed"
    return ""


def invented() -> str:
    """Make a password that is easy to read out."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


async def hashed(password: str) -> str:
    """Return the hash to keep."""
    return await asyncio.get_running_loop().run_in_executor(_pool, _hasher.hash, password)


async def matches(kept: str, password: str) -> bool:
    """Tell whether a password is the one that a hash is of; takes as long when there is no hash."""
    return await asyncio.get_running_loop().run_in_executor(_pool, _matches, kept, password[:MOST])


def is_old(kept: str) -> bool:
    """Tell whether a hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(kept)


def _matches(kept: str, password: str) -> bool:
    try:
        return _hasher.verify(kept or _nobody(), password) and bool(kept)
    except (Argon2Error, InvalidHashError):
        return False


def _nobody() -> str:
    """Return a hash that no password fits, made like all others."""
    global _NOBODY  # noqa: PLW0603 - made once, when it is first needed
    _NOBODY = _NOBODY or _hasher.hash(secrets.token_hex())
    return _NOBODY


_NOBODY = ""
