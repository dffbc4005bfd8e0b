"""What Telegram checks of what a bot sends, in its own words. Pure: no network."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from bot.fakes.bot_api import RefusedError

_RIGHTS = (
    *("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats"),
    *("can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users"),
    *("can_post_stories", "can_edit_stories", "can_delete_stories"),
)
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_TAG = re.compile(r"b|strong|i|em|u|ins|s|strike|del|span|tg-spoiler|a|tg-emoji|code|pre|blockquote")
_ACTION = re.compile(
    r"typing|choose_sticker|find_location|(?:record|upload)_(?:video|voice|video_note)|upload_(?:photo|document)"
)
_MARK = re.compile(r"<(/?)([a-zA-Z0-9-]*)([^>]*)>|<")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")


def refusal(description: str, code: int = 400, **parameters: int) -> RefusedError:
    """Return what Telegram answers instead of a result, in its words."""
    kind = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 409: "Conflict"}.get(code)
    return RefusedError(f"{kind}: {description}" if kind else description, code, **parameters)


def units(text: str) -> int:
    """Count UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def checked_text(params: Mapping[str, Any]) -> str:
    """Return what the person sees; refuse what is empty, too long or has broken marks."""
    mode, text = params.get("parse_mode"), str(params.get("text", ""))
    if mode not in {None, "HTML"}:
        raise refusal("unsupported parse_mode")
    seen = (visible(text) if mode else text).strip()
    if not seen:
        raise refusal("message text is empty")
    if units(seen) > 4096:
        raise refusal("message is too long")
    return seen


def visible(marked: str) -> str:
    """Take the marks away; refuse unknown or unbalanced ones, and a bare < or &."""
    parts: list[str] = []
    opened: list[str] = []
    end = 0
    for mark in _MARK.finditer(marked):
        parts.append(_decoded(marked[end : mark.start()]))
        end = mark.end()
        _follow(opened, mark)
    if opened:
        raise refusal(f"can't parse entities: Can't find end tag corresponding to start tag \"{opened[-1]}\"")
    return "".join([*parts, _decoded(marked[end:])])


def _follow(opened: list[str], mark: re.Match[str]) -> None:
    name = (mark[2] or "").lower()
    if not _TAG.fullmatch(name):
        raise refusal(f'can\'t parse entities: Unsupported start tag "{name}" at byte offset {mark.start()}')
    if not mark[1]:
        opened.append(name)
    elif not opened or opened.pop() != name:
        raise refusal(f"can't parse entities: Unexpected end tag at byte offset {mark.start()}")


def _decoded(text: str) -> str:
    if "&" in _ENTITY.sub("", text):
        raise refusal("can't parse entities: a bare & must be written &amp;")
    return html.unescape(text)


def checked_keyboard(params: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """Return the rows of buttons; refuse a keyboard of the wrong shape."""
    given = params.get("reply_markup")
    if not given:
        return []
    try:
        markup = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        raise refusal("can't parse reply keyboard markup JSON object") from None
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, list) and row for row in rows):
        raise refusal("object expected as reply markup")
    if sum(map(len, rows)) > 100 or any(len(row) > 8 for row in rows):
        raise refusal("REPLY_MARKUP_TOO_LONG")
    for button in (button for row in rows for button in row):
        _check_button(button)
    return rows


def _check_button(button: object) -> None:
    if not isinstance(button, dict) or not str(button.get("text", "")).strip():
        raise refusal("can't parse inline keyboard button: Text buttons must be non-empty")
    if len(button.keys() - {"text", "style", "icon_custom_emoji_id"}) != 1:
        raise refusal("can't parse inline keyboard button: exactly one action is expected")
    if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= 64:
        raise refusal("BUTTON_DATA_INVALID")
    if "url" in button and not _is_public(str(button["url"])):
        raise refusal("BUTTON_URL_INVALID")


def _is_public(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https", "tg"} and "." in parts.netloc and not re.search(r"\s", url)


def checked_webhook(params: Mapping[str, Any]) -> tuple[str, str]:
    """Return address and secret; plain http only on loopback, as with a Bot API server of one's own."""
    url, secret = str(params.get("url", "")), str(params.get("secret_token", ""))
    parts = urlsplit(url)
    if url and parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost"}:
        raise refusal("bad webhook: An HTTPS URL must be provided for webhook")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
        raise refusal("secret token contains unallowed characters")
    return url, secret


def check_action(params: Mapping[str, Any]) -> None:
    """Refuse an activity that Telegram cannot show."""
    if not _ACTION.fullmatch(str(params.get("action", ""))):
        raise refusal("wrong parameter action in request")


def checked_commands(params: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the commands of a menu; refuse names and descriptions that Telegram could not show."""
    given = params.get("commands", "")
    commands: list[dict[str, str]] = json.loads(given) if isinstance(given, str) else given
    if len(commands) > 100:
        raise refusal("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not _COMMAND.fullmatch(command["command"]):
            raise refusal("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:
            raise refusal("BOT_COMMAND_DESCRIPTION_INVALID")
    return commands


def member(user: Mapping[str, Any], status: str) -> dict[str, Any]:
    """Return what somebody is in a chat, with all that Telegram says about it."""
    more: dict[str, dict[str, Any]] = {
        "administrator": dict.fromkeys(_RIGHTS, False),
        "kicked": {"until_date": 0},
    }
    return {"user": user, "status": status, **more.get(status, {})}
