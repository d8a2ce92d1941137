"""Calls to addresses that settings name: encrypted, bounded, and never led elsewhere."""

from http.client import HTTPResponse
from ipaddress import ip_address
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def call(request: Request, seconds: float, bytes_max: int) -> bytes:
    """The first bytes of the answer. Raises OSError (URLError among them) and HTTPException, also
    for an answer that is no success; a redirect is none."""
    with build_opener(_NoRedirects).open(request, timeout=seconds) as reply:
        assert isinstance(reply, HTTPResponse)
        return reply.read(bytes_max)


def is_loopback(host: str | None) -> bool:
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


def is_safe(address: str) -> bool:
    """Encrypted, or on this machine."""
    parts = urlsplit(address)
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and is_loopback(parts.hostname)
