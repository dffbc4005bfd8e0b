"""What the Zalo Bot Platform's answers mean for the caller: numbers decide, its words are not read.

Pure. Source: the table of error codes of bot.zaloplatforms.com.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

from bot.channels.base import (
    ChannelBusyError,
    ChannelDownError,
    ChannelError,
    ChannelRefusedError,
    ChannelUnusableError,
)
from bot.channels.json_client import Answer

SHORTEST_WAIT, LONGEST_WAIT = 1.0, 3600.0
"""Seconds: the bounds of what is believed; usually nothing is said of how long to wait."""

_NUMBER = re.compile(r"-?[0-9]{1,6}")
_SECONDS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,9})?")


class IdleError(ChannelDownError):
    """Zalo waited for as long as it was asked to: the normal end of a poll that brings nothing."""


def result_of(answer: Answer) -> object:
    """Return what a call brought; raise the `ChannelError` of its number.

    `ok` decides, whatever the HTTP status says.
    """
    content = answer.content or {}
    match content.get("ok"):
        case True:
            return content.get("result")
        case False:
            raise _channel_error(_number(content, answer.status), content, answer.retry_after)
    if answer.status == HTTPStatus.REQUEST_TIMEOUT:
        raise IdleError("timed out (408)")
    raise ChannelDownError(f"no answer of Zalo's (status {answer.status})")


def _channel_error(number: int, content: Mapping[str, object], retry_after: str) -> ChannelError:
    """Sort an error by what the caller does next; the message names the number only."""
    cause = f"error {number}"
    match number:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return ChannelBusyError(_wait(content, retry_after))
        case HTTPStatus.UNAUTHORIZED:
            return ChannelUnusableError(f"the token is refused ({number})")
        case HTTPStatus.REQUEST_TIMEOUT:
            return IdleError(cause)
        case HTTPStatus.FORBIDDEN:  # the official table calls it «Internal server error»
            return ChannelDownError(cause)
    if number >= HTTPStatus.INTERNAL_SERVER_ERROR or number == HTTPStatus.OK:
        return ChannelDownError(cause)
    return ChannelRefusedError(cause)


def _number(content: Mapping[str, object], status: int) -> int:
    given = str(content.get("error_code"))
    return int(given) if _NUMBER.fullmatch(given) else status


def _wait(content: Mapping[str, object], retry_after: str) -> float | None:
    parameters = content.get("parameters")
    asked = str(parameters.get("retry_after")) if isinstance(parameters, dict) else ""
    given = next((text for text in (asked, retry_after) if _SECONDS.fullmatch(text)), None)
    return min(max(float(given), SHORTEST_WAIT), LONGEST_WAIT) if given else None
