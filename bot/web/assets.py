"""Style and script of the pages, named by their content so that browsers keep them for a year."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

_FOLDER = Path(__file__).parent
_TYPES = {".css": "text/css", ".js": "text/javascript"}
_KEPT = "public, max-age=31536000, immutable"
_ASKED_AGAIN = "no-cache"


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file in memory."""

    name: str
    body: bytes
    version: str
    """Short hash of the content."""

    @property
    def url(self) -> str:
        """Return the address that changes with the content."""
        return f"/static/{self.name}?v={self.version}"

    async def serve(self, request: web.Request) -> web.Response:
        """Answer with the file, or with 304 when the browser has it."""
        kept = request.query.get("v") == self.version
        headers = {
            "Cache-Control": _KEPT if kept else _ASKED_AGAIN,
            "ETag": f'"{self.version}"',
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if any(tag.value == self.version for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        content_type = _TYPES[Path(self.name).suffix]
        response = web.Response(body=self.body, content_type=content_type, charset="utf-8", headers=headers)
        response.enable_compression()
        return response


def load_asset(name: str) -> Asset:
    """Read a file of this folder."""
    return asset_of(_FOLDER / name)


def asset_of(file: Path) -> Asset:
    """Read a file."""
    body = file.read_bytes()
    return Asset(file.name, body, hashlib.sha256(body).hexdigest()[:12])
