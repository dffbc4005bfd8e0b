"""The exchange of a refresh token: Zalo's OAuth v4, developers.zalo.me, «Xác thực và ủy quyền»."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.channels.base import ChannelTokenSpentError, ChannelUnusableError
from bot.channels.json_client import JsonClient

EXCHANGE = "/v4/oa/access_token"
SPENT = -14014


@dataclass(frozen=True, slots=True)
class ZaloOAuth:
    """Exchanges tokens for one app."""

    app_id: str
    app_secret: str = field(repr=False)
    url: str
    client: JsonClient

    async def exchange(self, refresh_token: str) -> tuple[str, str]:
        """Give a refresh token away for a new access and refresh token; it is spent from then on.

        An empty answer was once seen for a spent token. Raises a `ChannelError`.
        """
        form = {"refresh_token": refresh_token, "app_id": self.app_id, "grant_type": "refresh_token"}
        headers = {"secret_key": self.app_secret}
        answer = await self.client.post(f"{self.url}{EXCHANGE}", headers, data=form)
        if not answer or answer.get("error") == SPENT:
            raise ChannelTokenSpentError("the refresh token is spent")
        access, refresh = answer.get("access_token"), answer.get("refresh_token")
        if not (isinstance(access, str) and isinstance(refresh, str) and access and refresh):
            raise ChannelUnusableError(f"tokens are not exchanged ({answer.get('error', 'no number')})")
        return access, refresh
