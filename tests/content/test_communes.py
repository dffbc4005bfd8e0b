"""Places: today's communes, the names of before, and the five communes that were split."""

from __future__ import annotations

from pathlib import Path

import pytest

from content.communes import read_places
from content.models import Commune, FormerCommune
from content.snapshot import SnapshotError

PLACES = Path(__file__).parents[2] / "content" / "places"


def folder(tmp_path: Path, communes: str, former: str) -> Path:
    (tmp_path / "communes.csv").write_text(f"code,name\n{communes}", "utf-8")
    (tmp_path / "former.csv").write_text(f"name,district,province,now\n{former}", "utf-8")
    return tmp_path


def test_places_are_read(tmp_path: Path) -> None:
    places = read_places(
        folder(tmp_path, "00001,Xã An\n00002,Phường Bình\n", "Xã Cũ,Huyện Thử,Tỉnh Thử,00002 00001\n")
    )
    assert places.communes["00001"] == Commune("00001", "Xã An")
    assert places.former == (FormerCommune("Xã Cũ", "Huyện Thử", "Tỉnh Thử", ("00002", "00001")),)


def test_every_problem_is_told_with_its_line(tmp_path: Path) -> None:
    former = "Xã Cũ,Huyện Thử,Tỉnh Thử,00009\nXã Cũ,Huyện Thử,Tỉnh Thử,00001\nXã Mới,,Tỉnh Thử,00001\n"
    with pytest.raises(SnapshotError) as caught:
        read_places(folder(tmp_path, "00001,Xã An\n00001,Xã Bá\n", former))
    assert [problem.removeprefix(f"{tmp_path}/") for problem in str(caught.value).splitlines()] == [
        "communes.csv:3: code 00001 stands twice",
        "former.csv:2: no commune of today has code 00009",
        "former.csv:3: Xã Cũ, Huyện Thử, Tỉnh Thử stands twice",
        "former.csv:4: must have 4 filled cells",
    ]


def test_wrong_columns_are_told(tmp_path: Path) -> None:
    broken = folder(tmp_path, "", "")
    (broken / "communes.csv").write_text("name,code\n", "utf-8")
    with pytest.raises(SnapshotError, match=r"communes.csv:1: the columns must be code,name"):
        read_places(broken)


def test_the_places_of_the_project_are_whole() -> None:
    places = read_places(PLACES)
    names = [commune.name for commune in places.communes.values()]
    assert (sum(n.startswith("Xã ") for n in names), sum(n.startswith("Phường ") for n in names)) == (117, 7)
    assert len(places.former) == 330
    assert sorted(f.name for f in places.former if len(f.now) > 1) == [
        "Phường Quang Trung",
        "Xã Kim Phú",
        "Xã Thái Bình",
        "Xã Việt Lâm",
        "Xã Yên Định",
    ]
    assert {code for f in places.former for code in f.now} == places.communes.keys()
