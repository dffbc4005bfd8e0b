"""Who is on the other side of a web request: token, network, origin, and how much they may ask."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Clock = Callable[[], float]
"""Seconds that only go forward, as `time.monotonic`."""

_TOKEN = re.compile(r"[0-9a-f]{32}", re.ASCII)
_IPV6_SITE = 64
"""One household or phone gets a whole /64, so a single address says nothing."""
_ROUNDING = 1e-9
"""Who waits exactly as long as told must not fail on the last bit of a float."""


def new_token() -> str:
    """Make the unguessable name of a new visitor."""
    return secrets.token_hex(16)


def valid_token(value: str | None) -> str:
    """Return the token when it has the form of one of ours, else nothing."""
    return value if value and _TOKEN.fullmatch(value) else ""


def network_of(peer: str | None, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """Name the network a request comes from: the right-most address that is no trusted proxy."""
    hops = [peer or "", *reversed(",".join(forwarded).split(","))]
    nearest = "unknown"
    for hop in hops:
        try:
            address = _address(hop.strip())
        except ValueError:
            break
        nearest = _site(address)
        if not any(address in network for network in trusted):
            break
    return nearest


def from_own_page(headers: Mapping[str, str], host: str, public_url: str) -> bool:
    """Tell whether the browser says that a form was sent from our own page.

    A request with neither header comes from no browser that could carry somebody else's cookie.
    """
    if headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("Origin")
    return origin is None or _host_of(origin) in {host, _host_of(public_url)} - {""}


@dataclass(frozen=True, slots=True)
class Rate:
    """How much one key may ask."""

    burst: float
    """So many at once."""
    per_second: float
    """So many more each second."""


@dataclass(frozen=True, slots=True)
class Rates:
    """How much the public may ask."""

    visitor: Rate = Rate(8, 0.5)
    """Messages of one visitor."""
    address: Rate = Rate(40, 4)
    """Messages from one address."""
    reading: Rate = Rate(100, 10)
    """All requests of one address, which may be a whole village behind one mobile gateway."""


class Buckets:
    """A token bucket per key; the least recently used are forgotten first."""

    def __init__(self, rate: Rate, clock: Clock, most: int = 20_000) -> None:
        """Take the rate, the clock and the number of keys kept in memory."""
        self._rate = rate
        self._clock = clock
        self._most = most
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, key: str) -> float:
        """Take one token; return 0, or the seconds until there is one."""
        now = self._clock()
        level, then = self._levels.pop(key, (self._rate.burst, now))
        level = min(self._rate.burst, level + (now - then) * self._rate.per_second)
        missing = max(0.0, 1 - level - _ROUNDING)
        self._levels[key] = (level if missing else level - 1, now)
        if len(self._levels) > self._most:
            del self._levels[next(iter(self._levels))]
        return missing / self._rate.per_second

    def __len__(self) -> int:
        """Count the keys in memory."""
        return len(self._levels)


class Limits:
    """What each visitor and each address has left."""

    def __init__(self, rates: Rates, clock: Clock) -> None:
        """Take the rates and the clock."""
        self._visitors = Buckets(rates.visitor, clock)
        self._addresses = Buckets(rates.address, clock)
        self._readers = Buckets(rates.reading, clock)

    def request(self, network: str) -> float:
        """Count any request; return the seconds to wait."""
        return self._readers.take(network)

    def message(self, network: str, user_id: str) -> float:
        """Count a message; return the seconds to wait."""
        return self._addresses.take(network) or self._visitors.take(user_id)


def _host_of(url: str) -> str:
    """Return host and port of an address; nothing when it is garbled."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    address = ipaddress.ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _site(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    if address.version == 4:  # noqa: PLR2004  (the protocol's own number)
        return str(address)
    return str(ipaddress.ip_network((int(address), _IPV6_SITE), strict=False))
