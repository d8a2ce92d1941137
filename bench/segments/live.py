"""Measures a running member at 500 events a second: how late rows are, and what a kill costs."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from statistics import quantiles
from threading import Event, Thread
from typing import Any

from confluent_kafka import Producer

from bench.runs import RunFailed
from bench.segments.definitions import ORGANIZATION
from bench.segments.traffic import event
from daybook.engine.mongo.client import Documents

RATE, SECONDS, WARM_SECONDS = 500, 30, 30
LATE_SECONDS_MAX = 10
_MARKED_EVERY = 10
_BACK_SECONDS_MAX = 120


class Visits:
    """While it is entered, visitors have 500 events a second; one in ten is the first of a new
    visitor, who enters a segment by it. `appended` has when such an event was appended, and `rows`
    when the first row of its visitor was durable, in seconds since 1970."""

    def __init__(self, producer: Producer, topic: str, documents: Documents) -> None:
        self._producer = producer
        self._topic = topic
        self._documents = documents
        self.appended: dict[str, float] = {}
        self._is_over = Event()
        self._threads = [Thread(target=run, daemon=True) for run in (self._send, self._watch)]
        self.rows: dict[str, float] = {}

    def __enter__(self) -> "Visits":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(10)

    def _send(self) -> None:
        began = time.monotonic()
        for number in count():
            is_new = number % _MARKED_EVERY == 0
            visitor = f"m{number}" if is_new else f"v{number % 5_000}"
            data: dict[str, Any] = {"visitor_id": visitor, "session_id": "s", "event_id": "e1"}
            value = event(2**65 + number, "view", datetime.now(UTC), ORGANIZATION, data)
            self._producer.produce(
                self._topic, value, visitor, on_delivery=self._note(visitor) if is_new else None
            )
            while time.monotonic() < began + number / RATE:
                self._producer.poll(0.001)
            if self._is_over.is_set():
                return

    def _note(self, visitor: str) -> Callable[..., None]:
        def delivered(*_: object) -> None:
            self.appended[f"v:{visitor}"] = time.time()

        return delivered

    def _watch(self) -> None:
        inserted = [{"$match": {"operationType": "insert"}}]
        rows = self._documents["segment_members"].watch(inserted, max_await_time_ms=200)
        with rows:
            while not self._is_over.is_set():
                change = rows.try_next()
                person = change["fullDocument"]["person"] if change else None
                if person in self.appended:
                    self.rows.setdefault(person, time.time())

    def late(self, after: float, until: float) -> list[float]:
        """The seconds from event to row of those appended in between; without a row, so far."""
        return [
            self.rows.get(person, time.time()) - at
            for person, at in self.appended.items()
            if after < at < until
        ]


@contextmanager
def killed(start: Callable[[], subprocess.Popen[bytes]]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is killed on leaving."""
    process = start()
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()


def measure(
    start: Callable[[], subprocess.Popen[bytes]], visits: Visits
) -> tuple[float, float, float]:
    """The median and the 99th percentile of the seconds from event to row; and the seconds from the
    kill of the member until its successor has written the row of a later event."""
    with visits:
        with killed(start):
            _wait(lambda: bool(visits.rows))
            time.sleep(WARM_SECONDS)
            began = time.time()
            time.sleep(SECONDS)
            late = quantiles(visits.late(began, time.time() - LATE_SECONDS_MAX), n=100)
        killed_at = time.time()
        with killed(start):
            _wait(lambda: any(visits.appended[who] > killed_at for who in list(visits.rows)))
            back = time.time() - killed_at
    return late[49], late[98], back


def _wait(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _BACK_SECONDS_MAX
    while not is_so():
        if time.monotonic() > deadline:
            raise RunFailed(f"segment wrote no row in {_BACK_SECONDS_MAX} s")
        time.sleep(0.05)
