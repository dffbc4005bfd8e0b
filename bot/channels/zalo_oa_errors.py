"""What Zalo's numbers mean for the caller. Texts differ between copies of the documentation: numbers decide.

Pure. Source: docs.zaloplatforms.com, error codes of the official account.
"""

from __future__ import annotations

from bot.channels.base import (
    ChannelBlockedError,
    ChannelBusyError,
    ChannelClosedError,
    ChannelError,
    ChannelRefusedError,
    ChannelUnusableError,
)

RATE = -32

TOKEN = frozenset({-124, -216, -220})
"""The access token is invalid, expired or taken back: renew it once and try once more."""
NO_BUTTONS = -233
"""This kind of message is not supported: say it in plain text."""

_GONE = frozenset({-213, -217, -222, -227})
"""Does not follow, has blocked us, is locked, is inactive."""
_CLOSED = frozenset({-211, -218, -230, -232, -305, -311})
"""Out of quota, or too long since the person wrote."""
_UNUSABLE = {
    -204: "the account is disabled",
    -205: "the account is missing",
    -208: "the app has no secret key",
    -209: "this interface is not supported for the app",
    -212: "the app is not registered for this interface",
    -215: "the app id is wrong",
    -221: "the account is not verified",
    -224: "the account's package does not include this interface",
    -242: "the proof of the app secret is wrong",
    -320: "no billing account is linked",
    -321: "the billing account is empty",
}


def channel_error(code: int) -> ChannelError:
    """Sort an error number by what the caller does next; the message names the number only."""
    if code == RATE:
        return ChannelBusyError()
    if code in TOKEN:
        return ChannelUnusableError(f"the access token is refused ({code})")
    if code in _GONE:
        return ChannelBlockedError(f"cannot be reached ({code})")
    if code in _CLOSED:
        return ChannelClosedError(f"the window or quota for replies is over ({code})")
    if code in _UNUSABLE:
        return ChannelUnusableError(f"{_UNUSABLE[code]} ({code})")
    return ChannelRefusedError(f"error {code}")
