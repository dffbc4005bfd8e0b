"""The same conversation over every channel: the same decisions, each within its channel's limits."""

from __future__ import annotations

from tests.real import real_knowledge
from tests.side_by_side import CONVERSATION, WIDTH, all_held, columns


async def test_ten_turns_over_six_ways_are_decided_alike() -> None:
    transcripts = await all_held(real_knowledge())
    assert len(transcripts) == 6
    assert {one.way: one.decided for one in transcripts} == {
        one.way: transcripts[0].decided for one in transcripts
    }
    assert len({told.message for told in transcripts[0].decided}) == len(CONVERSATION) == 10
    for one in transcripts:
        assert all(len(answer.text) <= (4096 if "Telegram" in one.way else 2000) for answer in one.answers)
    bots = [one for one in transcripts if one.way.startswith("Zalo bot")]
    assert all("1. " in one.answers[0].text for one in bots), "numbers where there are no buttons"
    assert max(map(len, columns(transcripts))) <= 6 * (WIDTH + 3)
