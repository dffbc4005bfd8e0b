"""Conversations as staff read them: masked, plain."""

from __future__ import annotations

from pydantic import ValidationError

from bot.conversation import REPLY
from storage.records import TranscriptLine


def said(line: TranscriptLine) -> str:
    """Return the words of a line; a reply of an older form has none."""
    if line.body is None:
        return line.text or ""
    try:
        return REPLY.validate_json(line.body).text.replace("**", "")
    except ValidationError:
        return ""
