"""Text of a reply as HTML: **bold**, official links, everything else escaped."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_OFFICIAL = re.compile(
    r"(?<![\w@./:-])"  # not the tail of another address or of an e-mail
    r"(?P<scheme>https?://)?(?P<rest>(?:[a-z0-9-]+\.)+gov\.vn(?![\w@:-]|\.\w)(?:/[^\s<>\"«»]*[^\s<>\"«».,;:!?)\]*])?)",
    re.ASCII | re.IGNORECASE,
)
"""Only *.gov.vn is made clickable: people learn that a link here is an official one."""


def rich(text: str) -> Markup:
    """Render the text of a reply."""
    parts: list[Markup] = []
    end = 0
    for bold in _BOLD.finditer(text):
        parts += [_linked(text[end : bold.start()]), Markup("<strong>{}</strong>").format(_linked(bold[1]))]
        end = bold.end()
    return Markup("").join([*parts, _linked(text[end:])])


def _linked(text: str) -> Markup:
    parts: list[Markup] = []
    end = 0
    for link in _OFFICIAL.finditer(text):
        href = (link["scheme"] or "https://") + link["rest"]
        anchor = Markup('<a href="{}" rel="noopener" target="_blank">{}</a>').format(href, link[0])
        parts += [escape(text[end : link.start()]), anchor]
        end = link.end()
    return Markup("").join([*parts, escape(text[end:])])
