"""Serves `/daybook.js`, the client for web pages, with headers for caching."""

import gzip
import hashlib
from pathlib import Path

from fastapi import Request, Response

SOURCE = Path(__file__).parent / "daybook.js"
_HEADERS = {
    "Cache-Control": "public, max-age=3600, stale-while-revalidate=86400",
    "Vary": "Accept-Encoding",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}


class Script:
    """The client's source, read and compressed once."""

    def __init__(self) -> None:
        self._plain = SOURCE.read_bytes()
        self._compressed = gzip.compress(self._plain, mtime=0)
        self._etag = f'"{hashlib.sha256(self._plain).hexdigest()[:16]}"'

    def respond(self, request: Request) -> Response:
        headers = _HEADERS | {"ETag": self._etag}
        if self._etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        body = self._plain
        if "gzip" in request.headers.get("accept-encoding", ""):
            body, headers["Content-Encoding"] = self._compressed, "gzip"
        return Response(body, headers=headers, media_type="text/javascript")
