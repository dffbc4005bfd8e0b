"""What the library's errors mean for the caller. Pure.

Sources: core.telegram.org/bots/api#making-requests; the words of 400 are those that the server says.
"""

from __future__ import annotations

import datetime as dt

from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot.channels.base import (
    ChannelBlockedError,
    ChannelBusyError,
    ChannelDownError,
    ChannelError,
    ChannelRefusedError,
    ChannelUnusableError,
)

_GONE = ("chat not found", "peer_id_invalid")
_SILENCED = ("not enough rights", "have no rights", "chat_write_forbidden", "topic_closed")
"""A group does not let us speak."""


def is_foreign(error: TelegramError) -> bool:
    """Tell whether nobody answered, or somebody on the way whose words are not Telegram's."""
    return error.__cause__ is not None


def channel_error(error: TelegramError) -> ChannelError:
    """Sort an error by what the caller does next."""
    if is_foreign(error):
        return ChannelDownError(type(error).__name__)
    match error:
        case RetryAfter():
            wait = error.retry_after
            return ChannelBusyError(wait.total_seconds() if isinstance(wait, dt.timedelta) else wait)
        case Forbidden():
            return ChannelBlockedError("the person has blocked the bot, or a group removed it")
        case InvalidToken():
            return ChannelUnusableError("the token is refused")
        case BadRequest() | ChatMigrated():
            return _refusal(error.message)
    return ChannelDownError(type(error).__name__)


def _refusal(words: str) -> ChannelError:
    if words.lower().startswith(_GONE):
        return ChannelBlockedError("the chat is gone")
    if words.lower().startswith(_SILENCED):
        return ChannelBlockedError("the group does not let us speak")
    return ChannelRefusedError(words)
