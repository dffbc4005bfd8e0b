"""Whose lease it is: a dead process keeps nobody waiting, a living one keeps what it has."""

from __future__ import annotations

import os
import subprocess
import sys

from bot.owner import is_dead, new_owner

MACHINE = new_owner().partition(":")[0]


def test_who_lives_is_not_dead() -> None:
    assert not is_dead(new_owner())
    assert not is_dead(f"{new_owner()}:3")


def test_our_number_in_an_earlier_life_is_dead() -> None:
    assert is_dead(f"{MACHINE}:{os.getpid()}:0badcafe")


def test_a_process_that_ended_is_dead() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    assert is_dead(f"{MACHINE}:{ended.stdout.decode().strip()}:12345678")


def test_of_another_machine_and_of_other_names_nothing_is_known() -> None:
    assert not is_dead(f"elsewhere:{os.getpid()}:0badcafe")
    assert not is_dead("somebody else")
    assert not is_dead("")
