"""Serves the dashboard's files at `/` and below `/dashboard/`, read once at startup."""

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
"""Files of other types, such as licences, are not served."""

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
        # The browser refuses any text that would become HTML or script.
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
_REVALIDATE = "no-cache"
_IMMUTABLE = "public, max-age=31536000, immutable"
"""For files with their version in the name."""


class File:
    """A file and its response headers."""

    def __init__(self, path: Path) -> None:
        self._body = path.read_bytes()
        self._tag = f'"{hashlib.sha256(self._body).hexdigest()[:16]}"'
        self._type = _TYPES[path.suffix]
        self._headers = {
            "Cache-Control": _IMMUTABLE if path.parent.name == "vendor" else _REVALIDATE,
            "Content-Security-Policy": POLICY,
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
            "ETag": self._tag,
        }

    def respond(self, request: Request) -> Response:
        if self._tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=self._headers)
        return Response(self._body, headers=self._headers, media_type=self._type)


def router() -> APIRouter:
    """The routes, which need no key: the page reads the reports with the user's key."""
    files = {
        path.relative_to(FOLDER).as_posix(): File(path)
        for path in FOLDER.rglob("*")
        if path.suffix in _TYPES
    }
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def index(request: Request) -> Response:
        return files[INDEX].respond(request)

    @routes.get("/dashboard/{name:path}")
    async def file(request: Request, name: str) -> Response:
        if name not in files:
            raise Problem(404, "there is nothing at this address")
        return files[name].respond(request)

    return routes
