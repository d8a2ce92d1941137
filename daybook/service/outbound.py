"""Calls to servers from the settings: encrypted, bounded in time and size, no redirects."""

import socket
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from ipaddress import ip_address
from threading import Lock, Timer
from time import monotonic
from typing import Self
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, Request, build_opener


class Deadline:
    """Ends its connections once `seconds` are over, whatever they wait for.

    A socket's own timeout begins again with every byte, so a server that sends a byte a second
    would hold its caller for as long as it likes. Only the look-up of a host's name has the limits
    of the system's resolver instead.
    """

    def __init__(self, seconds: float) -> None:
        self._until = monotonic() + seconds
        self._timer = Timer(seconds, self._end)
        self._timer.daemon = True
        self._lock = Lock()
        self._connections: list[socket.socket] = []
        self._has_ended = False

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Raises TimeoutError in place of what the end of the connections has caused."""
        self._timer.cancel()
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        if self._has_ended and (error is None or isinstance(error, Exception)):
            raise TimeoutError("the server did not answer completely in time") from error

    @property
    def seconds_left(self) -> float:
        """How much of the time is left. Raises TimeoutError for none."""
        left = self._until - monotonic()
        if left <= 0:
            raise TimeoutError("the server did not answer in time")
        return left

    def connect(self, address: tuple[str, int], *_: object) -> socket.socket:
        """A connection to any address of the host. Raises OSError."""
        failure: OSError = OSError("the host has no address")
        host, port = address
        for resolved in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            numeric = str(resolved[4][0])  # which is not looked up again
            try:
                own = socket.create_connection((numeric, port), self.seconds_left)
            except OSError as error:
                failure = error
            else:
                self._add(own)
                return own
        raise failure

    def _add(self, own: socket.socket) -> None:
        # A duplicate, because TLS takes the socket's descriptor away from its object.
        with self._lock:
            self._connections.append(own.dup())
            if self._has_ended:
                _shut(self._connections)

    def _end(self) -> None:
        with self._lock:
            self._has_ended = True
            _shut(self._connections)


def _shut(connections: list[socket.socket]) -> None:
    for connection in connections:
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue  # the server has closed it


class _Handler(HTTPSHandler, HTTPHandler):
    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def http_open(self, request: Request) -> HTTPResponse:
        return self._open(HTTPConnection, request)

    def https_open(self, request: Request) -> HTTPResponse:
        return self._open(HTTPSConnection, request)

    def _open(self, kind: type[HTTPConnection], request: Request) -> HTTPResponse:
        def make(host: str, timeout: float) -> HTTPConnection:
            connection = kind(host, timeout=timeout)
            connection._create_connection = self._deadline.connect  # type: ignore[attr-defined]
            return connection

        return self.do_open(make, request)  # type: ignore[arg-type]


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def call(request: Request, seconds: float, bytes_max: int) -> bytes:
    """The response body, cut off after `bytes_max` bytes, if all of it comes within `seconds`.

    Raises OSError (of which URLError is one) and HTTPException, also when the response is not a
    success. A redirect is not a success.
    """
    with Deadline(seconds) as deadline:
        opener = build_opener(_NoRedirects, _Handler(deadline))
        with opener.open(request, timeout=seconds) as response:
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
