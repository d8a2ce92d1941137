"""Calls of the services that the demo has started."""

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
    """One on this machine. Every method raises DaybookError for whatever is no good answer."""

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
        with self._answer("GET", path) as answer:
            return str(answer.read().decode())

    def report(self, *path: str, **parameters: object) -> Any:
        """The body of a report; `first` and `last` are its days."""
        names = {"first": "from", "last": "to"}
        said = urlencode({names.get(name, name): value for name, value in parameters.items()})
        return json.loads(self.get(f"{API}{'/'.join(quote(each, '') for each in path)}?{said}"))

    def track(self, event: dict[str, str]) -> None:
        with self._answer("POST", f"{API}track", json.dumps(event)) as answer:
            answer.read()

    @contextmanager
    def stream(self, channel: str) -> Iterator[Iterator[Any]]:
        """What the events of a stream carry, as they come; ends soon after SECONDS."""
        with self._answer("GET", f"{API}stream?{urlencode({'channel': channel})}") as answer:
            end = monotonic() + SECONDS
            lines = takewhile(lambda _: monotonic() < end, iter(answer.readline, b""))
            yield (json.loads(line[6:]) for line in lines if line.startswith(b"data: "))

    @contextmanager
    def _answer(
        self, method: str, path: str, body: str | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        # No proxy that the environment may name: this is our own machine.
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, path, body, {"Authorization": f"Bearer {self._key}"})
            answer = connection.getresponse()
            if answer.status >= 300:
                raise DaybookError(f"{self}{path} answers {answer.status}: {answer.read(500)!r}")
            yield answer
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DaybookError(f"{self}{path} does not answer as it should: {error}") from error
        finally:
            connection.close()
