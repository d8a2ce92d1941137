"""Clients of server-sent events, each on its own connection."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tests.support.query import API, QueryProcess

SECONDS = 20


class Event(NamedTuple):
    name: str
    data: Any
    id: int


class Listener:
    """Reads events; fails if none arrives for SECONDS."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection
        self.reply = connection.getresponse()

    def next(self) -> Event | None:
        """The next event; None once the stream has ended in an orderly way."""
        fields: dict[str, str] = {}
        while line := self.reply.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if line == "\n" and "event" in fields:
                return Event(fields["event"], json.loads(fields["data"]), int(fields["id"]))
            fields[name] = value
        return None

    def until(self, name: str) -> Event:
        """The next event with this name; skips those before it."""
        while (event := self.next()) is not None:
            if event.name == name:
                return event
        raise AssertionError(f"the stream ended without an event {name}")

    def close(self) -> None:
        self.reply.close()
        self._connection.close()


def listen(
    service: QueryProcess,
    channel: str,
    key: str | None = None,
    last_id: int | None = None,
    **parameters: str,
) -> Listener:
    """Opens a stream without reading from it."""
    headers = {"Authorization": f"Bearer {service.key if key is None else key}"}
    if last_id is not None:
        headers["Last-Event-ID"] = str(last_id)
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=SECONDS)
    query = urlencode({"channel": channel, **parameters})
    connection.request("GET", f"{API}/stream?{query}", headers=headers)
    return Listener(connection)


@contextmanager
def listening(service: QueryProcess, channel: str, **more: Any) -> Iterator[Listener]:
    listener = listen(service, channel, **more)
    try:
        yield listener
    finally:
        listener.close()
