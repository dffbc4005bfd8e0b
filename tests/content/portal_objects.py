"""Handmade objects in the shape of the portal's, for the tests of the import."""

from __future__ import annotations

import json
from typing import Any

JULY_17 = 1_784_246_400_000
"""2026-07-17 at midnight UTC, as the portal counts."""


def fee(value: int | None = 0, note: str = "", currency: str = "Việt Nam Đồng") -> dict[str, Any]:
    return {"type": "FEE", "value": value, "currencyName": currency, "description": note}


def listing(
    method: str = "ONLINE",
    time: object = 3,
    unit: str = "WORKING_DAY",
    text: str = "",
    fees: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    return {
        "submissionMethod": method,
        "processingTime": time,
        "processingTimeUnit": unit,
        "description": text,
        "fees": fees or [],
    }


def procedure(**changes: Any) -> dict[str, Any]:
    return {
        "id": "019d2bfb-cfb3-75d8-9160-fa2bd2ac950a",
        "code": "1.000001",
        "name": "Cấp thẻ thử nghiệm",
        "type": "STANDARD",
        "isInternal": False,
        "isProvince": True,
        "isWard": False,
        "isMinistry": False,
        "isOtherAgency": False,
        "isFullProcess": False,
        "isOfflineOnly": False,
        "departmentPromulgateName": "Bộ Thử nghiệm",
        "categoriesDetails": [{"name": "Thẻ"}],
        "departmentsExecuting": [{"name": "Sở Thử nghiệm"}],
        "unitGroupsExecuting": [],
        "subjectTypesDetails": [{"name": "Công dân"}],
        "updatedAt": JULY_17,
        "executionMethods": [listing()],
    } | changes


def line(raw: dict[str, Any]) -> str:
    return json.dumps({"id": raw.get("id"), "code": raw.get("code"), "detail": raw}, ensure_ascii=False)
