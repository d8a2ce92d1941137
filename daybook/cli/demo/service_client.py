"""An HTTP client for the services that the demo starts."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from time import monotonic
from typing import Any
from urllib.parse import quote, urlencode

from daybook.engine.errors import DaybookError

SECONDS = 30
API = "/api/v1/analytics/"


class Service:
    """A service on this machine. Methods raise DaybookError if it fails or answers an error."""

    def __init__(self, port: int, key: str = "") -> None:
        self.port = port
        self._key = key

    def __str__(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        try:
            return bool(self.get("/ready"))
        except DaybookError:
            return False

    def get(self, path: str) -> str:
        with self._call("GET", path) as response:
            return str(response.read().decode())

    def report(self, *path: str, **parameters: object) -> Any:
        """The body of a report; `first` and `last` become the parameters `from` and `to`."""
        names = {"first": "from", "last": "to"}
        query = urlencode({names.get(name, name): value for name, value in parameters.items()})
        return json.loads(self.get(f"{API}{'/'.join(quote(part, '') for part in path)}?{query}"))

    def track(self, event: dict[str, str]) -> None:
        with self._call("POST", f"{API}track", json.dumps(event)) as response:
            response.read()

    @contextmanager
    def stream(self, channel: str) -> Iterator[Iterator[Any]]:
        """The data of a stream's events as they arrive; ends soon after SECONDS."""
        with self._call("GET", f"{API}stream?{urlencode({'channel': channel})}") as response:
            end = monotonic() + SECONDS
            lines = takewhile(lambda _: monotonic() < end, iter(response.readline, b""))
            yield (json.loads(line[6:]) for line in lines if line.startswith(b"data: "))

    @contextmanager
    def _call(
        self, method: str, path: str, body: str | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        # http.client, because urllib would use a proxy that the environment names.
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, path, body, {"Authorization": f"Bearer {self._key}"})
            response = connection.getresponse()
            if response.status >= 300:
                detail = response.read(500)
                raise DaybookError(f"{self}{path} answered with {response.status}: {detail!r}")
            yield response
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DaybookError(f"{self}{path} gave no valid answer: {error}") from error
        finally:
            connection.close()
