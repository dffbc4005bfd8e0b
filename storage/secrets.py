"""People's ids as keyed hashes, their addresses encrypted. No clock, no database."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.errors import UnsealError


class PersonKeys:
    """Keys derived from `SECRET_KEY`, which may list several secrets, newest first, separated by commas.

    The first secret seals and all unseal. The last one makes the hashes: put a new secret in front
    and people are still recognised; take the last one away and everybody is new.
    """

    def __init__(self, secret: str) -> None:
        """Derive the keys."""
        secrets = [part.strip() for part in secret.split(",") if part.strip()]
        if not secrets:
            raise ValueError("the secret key is empty")
        sealing = [Fernet(base64.urlsafe_b64encode(_derive(part, b"address"))) for part in secrets]
        self._fernet = MultiFernet(sealing)
        self._hash_key = _derive(secrets[-1], b"person")
        self._first = secrets[0]

    def derived(self, purpose: bytes) -> bytes:
        """Return a key of its own for another purpose, from the newest secret."""
        return _derive(self._first, purpose)

    def key(self, channel: str, bot: str, user_id: str) -> str:
        """Return the only name under which storage knows this person."""
        # JSON keeps the parts apart: ("a", "bc") and ("ab", "c") must not meet.
        message = json.dumps([channel, bot, user_id]).encode()
        return hmac.new(self._hash_key, message, hashlib.sha256).hexdigest()

    def seal(self, address: Mapping[str, str]) -> bytes:
        """Encrypt an address."""
        # A token carries its time in clear; time 0 keeps it from telling when somebody wrote last.
        return self._fernet.encrypt_at_time(json.dumps(dict(address)).encode(), 0)

    def unseal(self, sealed: bytes) -> dict[str, str]:
        """Decrypt an address."""
        try:
            opened = self._fernet.decrypt(sealed)
        except InvalidToken as error:
            raise UnsealError("an address was sealed with a secret that SECRET_KEY does not list") from error
        return {str(name): str(value) for name, value in json.loads(opened).items()}


def _derive(secret: str, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())
