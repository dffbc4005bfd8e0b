"""A handful of made-up services under the real vocabulary and answers: enough to see why one wins."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from content.models import (
    Catalogue,
    Content,
    Duration,
    Family,
    Fee,
    FeeKind,
    Method,
    Missing,
    Offer,
    PlainText,
    Service,
    Sibling,
    Tier,
    TimeUnit,
    Topic,
)
from tests.real import real_knowledge

ISSUE, REPLACE, EXTEND = "1.000001", "1.000002", "1.000003"
PUPPETS, TRACTOR, HARVEST = "1.000004", "1.000005", "1.000006"
STATE = dt.date(2026, 7, 17)

NAMES = {
    ISSUE: "Cấp thẻ đọc sách",
    REPLACE: "Cấp lại thẻ đọc sách",
    EXTEND: "Gia hạn thẻ đọc sách",
    PUPPETS: "Cấp phép biểu diễn múa rối nước",
    TRACTOR: "Đăng ký mua máy cày",
    HARVEST: "Xác nhận mùa vụ thất thu",
}
LIBRARY = {ISSUE, REPLACE, EXTEND}


def offer(method: Method = Method.COUNTER, fee: Fee | None = None, **changes: Any) -> Offer:
    return Offer(method, fee or Fee(FeeKind.UNKNOWN), **changes)


def service(code: str = ISSUE, name: str = "Cấp thẻ đọc sách", **changes: Any) -> Service:
    values: dict[str, Any] = {
        "code": code,
        "name": name,
        "fields": ("Thư viện",),
        "publisher": "Bộ Thử nghiệm",
        "tiers": frozenset({Tier.COMMUNE}),
        "full_process": False,
        "offers": (offer(),),
        "executing": ("Thư viện xã",),
        "audience": (),
        "portal_id": "019d2bfb-cfb3-75d8-9160-fa2bd2ac950a",
        "updated": dt.date(2026, 3, 9),
    }
    return Service(**values | changes)


def plain_text(code: str = ISSUE, **changes: Any) -> PlainText:
    values: dict[str, Any] = {
        "id": f"text-{code}",
        "title": NAMES[code],
        "codes": (code,),
        "everyday": (),
        "examples": (),
        "checked": STATE,
    }
    return PlainText(**values | changes)


def small_content(**changes: Any) -> Content:
    """Return the made-up content; `changes` replace its parts."""
    services = {code: _made_up(code, name) for code, name in NAMES.items()}
    small = replace(
        real_knowledge().content,
        catalogue=Catalogue("Cổng thử nghiệm", STATE, services),
        texts=(
            plain_text(
                everyday=("thẻ mượn truyện",),
                examples=("muốn mượn truyện về nhà",),
                summary="Thẻ để mượn sách.",
                documents=("Một tấm ảnh.",),
                sources=("1.000001",),
            ),
        ),
        families=(
            Family(
                "the-doc-sach",
                "Anh/chị cần việc nào về thẻ?",
                (
                    Sibling(ISSUE, "Làm lần đầu", ("lần đầu",)),
                    Sibling(REPLACE, "Làm lại thẻ mất", ("mất", "hỏng")),
                    Sibling(EXTEND, "Gia hạn", ("gia hạn", "hết hạn")),
                ),
            ),
        ),
        missing=(
            Missing("horse", ("nuôi ngựa",), "Danh mục ngày {catalogue_date} không có việc nuôi ngựa."),
        ),
        topics={
            "weather": Topic(
                "weather", "Thời tiết", "Tôi không biết.", ("thời tiết",), outcome="out_of_scope"
            )
        },
    )
    return replace(small, **changes)


def _made_up(code: str, name: str) -> Service:
    if code not in LIBRARY:
        return service(code, name, fields=("Việc khác",))
    online = offer(Method.ONLINE, Fee(FeeKind.EXEMPT), times=(Duration(3, TimeUnit.WORKING_DAY),))
    return service(code, name, full_process=code == ISSUE, offers=(online, offer(Method.POST), offer()))
