"""A small, clean content folder, to be broken in one place by each test."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

from content.check import check
from content.files import ROOT, Finding, Reader
from content.models import Catalogue, Content
from content.snapshot import write_snapshot
from tests.intents.small import NAMES, STATE, service

TODAY = dt.date(2026, 9, 1)

SERVICE = """\
id: the-doc-sach
title: Cấp thẻ đọc sách
codes: ["1.000001"]
everyday: [thẻ mượn truyện]
examples: [muốn mượn truyện về nhà]
checked: 2026-07-17
summary: Thẻ để mượn sách.
documents: [Một tấm ảnh.]
steps:
  counter: [Mang ảnh đến thư viện.]
sources: ["1.000001"]
"""
FAMILY = """\
- id: the-doc-sach
  question: Anh/chị cần việc nào về thẻ?
  siblings:
    - {code: "1.000001", label: Làm lần đầu, cues: [lần đầu]}
    - {code: "1.000002", label: Làm lại thẻ mất, cues: [mất]}
"""
TOPIC = """\
- id: opening
  title: Giờ mở cửa
  text: Thư viện có {catalogue_total} việc, ngày {catalogue_date}.
  patterns: [mở cửa]
  checked: 2026-07-17
  sources: [Thư viện]
  buttons:
    - {label: Làm thẻ, payload: "service:1.000001"}
    - {label: Trang chính thức, payload: "https://dichvucong.gov.vn"}
"""
MISSING = """\
- id: horse
  patterns: [nuôi ngựa]
  text: Danh mục ngày {catalogue_date} không có việc nuôi ngựa.
"""
FOUNDING = """\
- {id: services.total, value: 1870, unit: dịch vụ, as_of: "20/5/2022"}
"""


def write_folder(root: Path) -> Path:
    """Write a content folder with nothing wrong; vocabulary and answers are the real ones."""
    for name in ("vocabulary", "answers"):
        shutil.copytree(ROOT / name, root / name)
    for name in ("catalogue", "places", "services", "names", "families", "topics", "report"):
        (root / name).mkdir()
    services = {code: service(code, name) for code, name in NAMES.items()}
    write_snapshot(Catalogue("Cổng thử nghiệm", STATE, services), root / "catalogue/national.jsonl")
    (root / "catalogue/terms.tsv").write_text("1.000001\tanh chan dung\n", "utf-8")
    for learnt in ("ranking.json", "tones.json"):
        shutil.copy(ROOT / learnt, root / learnt)
    (root / "places/communes.csv").write_text("code,name\n00001,Xã Thử\n", "utf-8")
    (root / "places/former.csv").write_text(
        "name,district,province,now\nXã Cũ,Huyện Cũ,Tỉnh Cũ,00001\n", "utf-8"
    )
    for name, text in {
        "services/the-doc-sach.yaml": SERVICE,
        "families/library.yaml": FAMILY,
        "topics/library.yaml": TOPIC,
        "missing.yaml": MISSING,
        "report/founding.yaml": FOUNDING,
    }.items():
        (root / name).write_text(text, "utf-8")
    return root


def change(path: Path, old: str, new: str) -> None:
    """Replace text in a file; the test is wrong when it is not there."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def checked(root: Path) -> tuple[Content | None, list[Finding]]:
    return check(Reader(root), TODAY)


def findings(root: Path) -> list[str]:
    """Return what the check says, as a person reads it."""
    return [str(finding) for finding in checked(root)[1]]
