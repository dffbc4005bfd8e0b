"""Turn one raw procedure of the National Public Service Portal into a service, with its doubts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from content.durations import by_length, read_duration
from content.fees import Listing, Row, read_fee
from content.models import CODE, Doubt, Method, Offer, Service, Tier
from content.wording import clean, fold

Raw = Mapping[str, Any]
"""The `detail` of one object of the portal, as parsed from JSON."""

_METHODS = {Method.ONLINE: "ONLINE", Method.POST: "POSTAL", Method.COUNTER: "DIRECT"}
_TIERS = {
    Tier.PROVINCE: "isProvince",
    Tier.COMMUNE: "isWard",
    Tier.MINISTRY: "isMinistry",
    Tier.OTHER: "isOtherAgency",
}


def read_service(raw: Raw, day: dt.date) -> Service:
    """Read one procedure; `day` decides which of its dated fees are in force."""
    offers, doubts = _offers(raw["executionMethods"], day)
    if not (name := clean(raw["name"]).lstrip(". ")):
        raise ValueError("no name")
    return Service(
        code=read_code(raw),
        name=name,
        fields=_names(raw["categoriesDetails"]),
        publisher=clean(raw["departmentPromulgateName"]),
        tiers=frozenset(tier for tier, flag in _TIERS.items() if raw[flag]),
        full_process=bool(raw["isFullProcess"]),
        offers=offers,
        executing=_names(raw["departmentsExecuting"]) + _names(raw["unitGroupsExecuting"]),
        audience=_names(raw["subjectTypesDetails"]),
        portal_id=raw["id"],
        updated=changed(raw),
        doubts=frozenset(doubts | _doubts(raw, online=any(o.method is Method.ONLINE for o in offers))),
    )


def read_code(raw: Raw) -> str:
    """Return the code; the portal has some with spaces around."""
    return str(raw["code"]).strip()


def changed(raw: Raw) -> dt.date:
    """Return the day of the last change, in UTC as in published lists of the portal's rows."""
    return dt.datetime.fromtimestamp(raw["updatedAt"] / 1000, dt.UTC).date()


def read_offer(method: Method, listings: Sequence[Raw], day: dt.date) -> tuple[Offer, set[Doubt]]:
    """Join the listings of one method: the portal repeats a method for each case."""
    told = [(listing, listing.get("description") or "") for listing in listings]
    times = [read_duration(raw["processingTime"], raw["processingTimeUnit"], text) for raw, text in told]
    fee, fee_doubtful = read_fee([Listing(_rows(raw), text) for raw, text in told], day)
    found = {Doubt.TIME: None in times, Doubt.FEE: fee_doubtful}
    offer = Offer(
        method=method,
        fee=fee,
        times=tuple(sorted(dict.fromkeys(time for time in times if time), key=by_length)),
        result_only=method is Method.POST and all(_returns_only(fold(clean(text))) for _, text in told),
    )
    return offer, {doubt for doubt, holds in found.items() if holds}


def _offers(listings: Sequence[Raw], day: dt.date) -> tuple[tuple[Offer, ...], set[Doubt]]:
    read = [
        read_offer(method, of_method, day)
        for method, key in _METHODS.items()
        if (of_method := [listing for listing in listings if listing["submissionMethod"] == key])
    ]
    return tuple(offer for offer, _ in read), {doubt for _, found in read for doubt in found}


def _rows(listing: Raw) -> tuple[Row, ...]:
    """Return the fee rows in đồng; other currencies are for embassies and foreigners' visas."""
    return tuple(
        Row(int(fee.get("value") or 0), fee.get("description") or "")
        for fee in listing["fees"]
        if fold(fee.get("currencyName") or "dong").endswith(("dong", "vnd"))
    )


def _returns_only(text: str) -> bool:
    sends = any(word in text.split() for word in ("nop", "gui"))
    return text.lstrip("-+* ").startswith(("tra ket qua", "nhan ket qua")) and not sends


def _names(items: Sequence[Raw | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(clean(item["name"]) for item in items if item))


def _doubts(raw: Raw, *, online: bool) -> set[Doubt]:
    name = clean(raw["name"])
    found = {
        Doubt.CODE: raw["code"] != read_code(raw) or not CODE.fullmatch(read_code(raw)),
        Doubt.FLAGS: bool(raw["isFullProcess"] and not online) or bool(raw.get("isOfflineOnly") and online),
        Doubt.NAME: not name[:1].isupper(),
    }
    return {doubt for doubt, holds in found.items() if holds}
