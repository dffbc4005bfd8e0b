"""One picture for pages and report: right, whole, and told in words too."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from bot.charts import Bars, draw, of_values
from storage.figures import Unit
from storage.groups import Gap, Value
from tests.real import real_knowledge

SVG = "{http://www.w3.org/2000/svg}"
LONG = (
    "Cấp lại giấy chứng nhận quyền sử dụng đất, quyền sở hữu tài sản gắn liền với đất do bị mất, hỏng hoặc "
    "ghi sai so với hồ sơ địa chính đang được lưu giữ tại cơ quan có thẩm quyền"
)


def bars(
    *cells: tuple[str, Value], unit: Unit = Unit.QUESTIONS, sideways: bool = True, title: str = "Câu hỏi"
) -> Bars:
    return of_values(cells, unit, real_knowledge().content.desk, sideways=sideways, title=title)


def drawn(shown: Bars) -> ET.Element:
    return ET.fromstring(draw(shown))  # noqa: S314 - our own picture


def words(picture: ET.Element) -> list[str]:
    return ["".join(text.itertext()).strip() for text in picture.iter(f"{SVG}text")]


def test_a_picture_is_told_in_words() -> None:
    picture = drawn(bars(("Khai sinh", 1200), ("Kết hôn", Gap.HIDDEN)))
    assert picture.get("role") == "img"
    assert [child.tag for child in picture][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert picture.findtext(f"{SVG}title") == "Câu hỏi"
    assert picture.findtext(f"{SVG}desc") == "Khai sinh: 1.200; Kết hôn: ít hơn 5"


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (0, Unit.QUESTIONS, "0"),
        (1234567, Unit.QUESTIONS, "1.234.567"),
        (0.125, Unit.SHARE, "12,5 %"),
        (1.0, Unit.SHARE, "100 %"),
        (Gap.HIDDEN, Unit.QUESTIONS, "ít hơn 5"),
        (Gap.NOTHING, Unit.SHARE, "chưa có"),
        (Gap.NOT_MEASURED, Unit.TIMES, "không đo"),
    ],
)
def test_beside_each_bar_stands_what_the_page_says(value: Value, unit: Unit, told: str) -> None:
    shown = bars(("Khai sinh", value), ("Kết hôn", 0.5 if unit is Unit.SHARE else 7), unit=unit)
    assert shown.told[0] == told
    assert told in words(drawn(shown))


def test_bars_are_as_long_as_their_numbers() -> None:
    picture = drawn(bars(("a", 100), ("b", 50), ("c", Gap.HIDDEN), ("d", 0)))
    paths = [path for path in picture.iter(f"{SVG}path") if "#0b57a4" in path.get("style", "")]
    lengths = []
    for path in paths:
        places = [float(x) for x in re.findall(r"[ML] ([\d.]+) [\d.]+", path.get("d", ""))]
        lengths.append(max(places) - min(places))
    assert lengths[0] == pytest.approx(2 * lengths[1], rel=1e-3)
    assert lengths[2:] == [0, 0]


@pytest.mark.parametrize("sideways", [True, False])
@pytest.mark.parametrize("values", [(), (Gap.HIDDEN,), (0, 0), (Gap.NOTHING, Gap.HIDDEN)])
def test_nothing_to_measure_is_no_axis_below_nought(values: tuple[Value, ...], *, sideways: bool) -> None:
    picture = drawn(bars(*((f"số {n}", value) for n, value in enumerate(values)), sideways=sideways))
    assert not [text for text in words(picture) if text.startswith(("-", "−"))]


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "]]>", "&lt;", '"><svg onload=x>', "$x^2$ $", "$\\bad{$", "_a_"]
)
def test_a_label_is_a_label(hostile: str) -> None:
    picture = drawn(bars((hostile, 7), (f"_{hostile}", 8), title=hostile))
    assert picture.findtext(f"{SVG}title") == hostile
    assert hostile in words(picture)
    assert not list(picture.iter(f"{SVG}script"))


def test_a_long_label_is_broken_and_inside_the_picture() -> None:
    picture = drawn(bars((LONG, 12), ("Khai sinh", 1200)))
    width = float(picture.get("viewBox", "").split()[2])
    lines = [text for text in words(picture) if text.startswith("Cấp lại") or text.endswith("…")]
    assert lines
    for text in picture.iter(f"{SVG}text"):
        if text.get("x"):
            assert 0 <= float(text.get("x", "")) <= width
    image = draw(bars((LONG, 12), ("Khai sinh", 1200)), "png")
    assert image.startswith(b"\x89PNG")
    assert picture.findtext(f"{SVG}desc", "").startswith(LONG)


def test_many_days_have_room_for_some_labels_only() -> None:
    shown = bars(*((f"{day}/3", day) for day in range(1, 32)), sideways=False)
    labels = [text for text in words(drawn(shown)) if text.endswith("/3")]
    assert labels[0] == "1/3"
    assert 8 <= len(labels) <= 16


def test_the_same_bars_give_the_same_bytes() -> None:
    shown = bars(("a", 1), ("b", 2))
    again = draw.__wrapped__(shown)
    assert draw(shown) == again
    assert b"Matplotlib" not in again
