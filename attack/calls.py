"""HTTP calls to a service of this machine, from any address of its loopback network."""

import http.client
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from daybook.local.ports import LOOPBACK

TRACK = "/api/v1/analytics/track"
API = "/api/v1/analytics"
BROWSER = {
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
    "Accept-Language": "de-DE",
}
NO_ANSWER = 0
_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """`status` is 0 if no answer came."""

    status: int
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def call(
    port: int,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    source: str = LOOPBACK,
    seconds: float = _SECONDS,
) -> Reply:
    """Makes one call over a connection of its own, from the address `source`."""
    connection = http.client.HTTPConnection(
        LOOPBACK, port, timeout=seconds, source_address=(source, 0)
    )
    try:
        connection.request(method, path, body, dict(headers or {}))
        reply = connection.getresponse()
        return Reply(reply.status, reply.read())
    except (OSError, http.client.HTTPException):
        return Reply(NO_ANSWER)
    finally:
        connection.close()


def track(
    port: int, key: str, body: Any, headers: Mapping[str, str] | None = None, source: str = LOOPBACK
) -> Reply:
    """Sends a tracking call as a browser does; `body` as JSON unless it is bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    own = BROWSER | {"X-Daybook-Key": key, "Content-Type": "text/plain"} | dict(headers or {})
    return call(port, "POST", TRACK, raw, own, source)


def report(port: int, key: str, path: str, source: str = LOOPBACK) -> Reply:
    """Reads a path beneath the API with a key."""
    return call(port, "GET", API + path, None, {"Authorization": f"Bearer {key}"}, source)


class Statuses:
    """Counts the statuses of an attack's replies."""

    def __init__(self) -> None:
        self._counted: Counter[int] = Counter()

    def add(self, reply: Reply) -> Reply:
        self._counted[reply.status] += 1
        return reply

    def count(self, status: int) -> int:
        return self._counted[status]

    def faults(self) -> list[str]:
        """A sentence for each status of a server's fault; 503 is how a service says it is full."""
        return [
            f"{times:,} answers of {status}"
            for status, times in sorted(self._counted.items())
            if status >= 500 and status != http.client.SERVICE_UNAVAILABLE
        ]

    def __str__(self) -> str:
        names = {NO_ANSWER: "no answer"}
        counted = sorted(self._counted.items())
        return ", ".join(f"{times:,} × {names.get(status, status)}" for status, times in counted)
