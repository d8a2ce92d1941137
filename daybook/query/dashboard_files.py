"""The dashboard's files, at `/` and beneath `/dashboard/`: read once, and nothing else."""

import hashlib
from pathlib import Path

from fastapi import APIRouter, Request, Response

from daybook.query.problem import Problem

FOLDER = Path(__file__).parent / "dashboard"
INDEX = "index.html"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""What is of another type is not served: licences stay beside what they license."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        # Text that becomes HTML or script is refused by the browser, whoever wrote it.
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
_ASKED_AGAIN = "no-cache"
_FOR_GOOD = "public, max-age=31536000, immutable"
"""Of what carries its version in its name."""


class File:
    """A file with the headers that it is served with."""

    def __init__(self, path: Path) -> None:
        self._body = path.read_bytes()
        self._tag = f'"{hashlib.sha256(self._body).hexdigest()[:16]}"'
        self._type = _TYPES[path.suffix]
        self._headers = {
            "Cache-Control": _FOR_GOOD if path.parent.name == "vendor" else _ASKED_AGAIN,
            "Content-Security-Policy": POLICY,
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
            "ETag": self._tag,
        }

    def answer(self, request: Request) -> Response:
        if self._tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=self._headers)
        return Response(self._body, headers=self._headers, media_type=self._type)


def router() -> APIRouter:
    """Its routes need no key: what a page shows, it reads from the reports, with the reader's."""
    files = {
        path.relative_to(FOLDER).as_posix(): File(path)
        for path in FOLDER.rglob("*")
        if path.suffix in _TYPES
    }
    found = APIRouter(include_in_schema=False)

    @found.get("/")
    async def index(request: Request) -> Response:
        return files[INDEX].answer(request)

    @found.get("/dashboard/{name:path}")
    async def file(request: Request, name: str) -> Response:
        if name not in files:
            raise Problem(404, "there is nothing at this address")
        return files[name].answer(request)

    return found
