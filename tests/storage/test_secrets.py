"""Ids become keyed hashes, addresses are encrypted."""

from __future__ import annotations

import base64

import pytest

from storage.errors import UnsealError
from storage.secrets import PersonKeys

ADDRESS = {"chat_id": "8812345678"}


def test_a_key_is_stable_and_tells_nothing() -> None:
    key = PersonKeys("s").key("telegram", "bot", "8812345678")
    assert key == PersonKeys("s").key("telegram", "bot", "8812345678")
    assert len(key) == 64
    assert "8812345678" not in key


def test_every_part_and_the_secret_matter() -> None:
    parts = [
        ("a", "b", "c"),
        ("a", "b", "d"),
        ("a", "d", "c"),
        ("d", "b", "c"),
        ("ab", "", "c"),
        ("a", "bc", ""),
    ]
    keys = {PersonKeys(secret).key(*part) for secret in ("s", "t") for part in parts}
    assert len(keys) == 12


def test_an_address_comes_back_and_is_unreadable_meanwhile() -> None:
    keys = PersonKeys("s")
    sealed = keys.seal(ADDRESS)
    assert b"8812345678" not in sealed
    assert sealed != keys.seal(ADDRESS)
    assert keys.unseal(sealed) == ADDRESS


def test_a_sealed_address_does_not_tell_the_time() -> None:
    sealed = PersonKeys("s").seal(ADDRESS)
    version_and_time = base64.urlsafe_b64decode(sealed)[:9]
    assert version_and_time == b"\x80" + bytes(8)


def test_a_new_secret_in_front_keeps_people_and_addresses() -> None:
    old, both = PersonKeys("old"), PersonKeys("new, old")
    assert both.key("telegram", "bot", "1") == old.key("telegram", "bot", "1")
    assert both.unseal(old.seal(ADDRESS)) == ADDRESS
    with pytest.raises(UnsealError):
        old.unseal(both.seal(ADDRESS))


@pytest.mark.parametrize("secret", ["", " ", ",", " , "])
def test_an_empty_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        PersonKeys(secret)


def test_foreign_bytes_are_refused() -> None:
    with pytest.raises(UnsealError):
        PersonKeys("s").unseal(b"not sealed")
