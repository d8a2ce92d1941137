"""HTTP calls to URLs from the settings: encrypted, bounded in time and size, no redirects."""

from http.client import HTTPResponse
from ipaddress import ip_address
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def call(request: Request, seconds: float, bytes_max: int) -> bytes:
    """The response body, cut off after `bytes_max` bytes.

    Raises OSError (of which URLError is one) and HTTPException, also when the response is not a
    success. A redirect is not a success.
    """
    with build_opener(_NoRedirects).open(request, timeout=seconds) as response:
        assert isinstance(response, HTTPResponse)
        return response.read(bytes_max)


def is_loopback(host: str | None) -> bool:
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


def is_safe(address: str) -> bool:
    """Whether a URL is https, or http to this machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and is_loopback(parts.hostname)
