"""The well-behaved caller, in a process of its own: it tracks and reads reports at a steady pace.

`python -m attack.witness` gets its ports and keys as a line of JSON, and appends a line for each
call to a file until its input ends. A call's latency counts from when it was due, so a service
that stalls is charged for every call that it delays.
"""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Lock, Thread
from typing import Self, TextIO

from attack.attack import JUDGED, Judged
from attack.calls import report, track
from attack.process import NotStarted
from attack.samples import Sample, Samples, with_unanswered

PER_SECOND: dict[Judged, int] = {"tracking": 40, "reports": 4}
_ADDRESS = "127.0.0.2"
"""Its own: limits by address must not make it pay for an attacker."""

_THREADS = 32
"""Calls at once, of each kind: one that waits must not delay the next, which is another visitor's.
"""

_ROOT = Path(__file__).parents[1]
_FUNNEL = "quiet"
_ZONES = ("UTC", "Europe/Berlin", "Asia/Tokyo", "America/Lima", "Africa/Cairo")
_START_SECONDS = 40.0
_PATIENCE_SECONDS = 10.0
_POLL_SECONDS = 0.1


class Witness:
    """Runs the process while it is entered; `ports` and `keys`: of collector and query service."""

    def __init__(self, ports: tuple[int, int], keys: tuple[str, str], directory: Path) -> None:
        path = directory / "witness.ndjson"
        self._order = json.dumps({"ports": ports, "keys": keys, "file": str(path)}) + "\n"
        path.touch()
        self._lines = path.open()
        self._samples: list[Sample] = []

    def between(self, began: float, ended: float) -> Samples:
        """The calls that were due between two times of the monotonic clock.

        Waits some seconds for those that have no answer yet, then counts them as unanswered.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        expected = {kind: int((ended - began) * rate) - 1 for kind, rate in PER_SECOND.items()}
        while True:
            self._read()
            samples = [sample for sample in self._samples if began <= sample.due <= ended]
            complete, now = with_unanswered(samples, expected, ended), time.monotonic()
            if len(complete) == len(samples) or now > deadline:
                return Samples(complete)
            time.sleep(_POLL_SECONDS)

    def wait_until_well(self, since: float, seconds: float) -> bool:
        """Whether, within so long, both kinds of call that were due after `since` are answered."""
        deadline = time.monotonic() + seconds
        while True:
            self._read()
            well = {s.kind for s in self._samples if s.due > since and s.is_ok}
            if well == set(JUDGED):
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)

    def _read(self) -> None:
        while line := self._lines.readline():
            if not line.endswith("\n"):
                # Half a line: the rest is being written.
                self._lines.seek(self._lines.tell() - len(line))
                return
            self._samples.append(Sample(*json.loads(line)))

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "attack.witness"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(self._order.encode())
        self._process.stdin.flush()
        if not self.wait_until_well(time.monotonic(), _START_SECONDS):
            self.__exit__()
            raise NotStarted("the services do not answer a well-behaved caller")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._lines.close()


class _Caller:
    """Makes the calls, and writes down how they went."""

    def __init__(self, ports: tuple[int, int], keys: tuple[str, str], out: TextIO) -> None:
        self._collector, self._query = ports
        self._write_key, self._read_key = keys
        self._out = out
        self._lock = Lock()

    def keep_pace(self, kind: Judged) -> None:
        """Makes the kind's calls, so many a second, for ever."""
        make = {"tracking": self._track, "reports": self._report}[kind]
        threads, began = ThreadPoolExecutor(_THREADS), time.monotonic()
        for number in count():
            due = began + number / PER_SECOND[kind]
            time.sleep(max(0.0, due - time.monotonic()))
            threads.submit(self._timed, kind, make, number, due)

    def _timed(self, kind: Judged, make: Callable[[int], int], number: int, due: float) -> None:
        status = make(number)
        line = json.dumps([kind, due, (time.monotonic() - due) * 1_000, status])
        with self._lock:
            self._out.write(line + "\n")
            self._out.flush()

    def _track(self, number: int) -> int:
        event = {
            "event_id": str(uuid.uuid4()),
            "event_type": "page_view",
            "visitor_id": f"quiet-{number % 500}",
            "session_id": "s",
            "funnel_id": _FUNNEL,
            "page": "/",
        }
        return track(self._collector, self._write_key, event, source=_ADDRESS).status

    def _report(self, number: int) -> int:
        # Another question each time: an answer from the cache would say little about the service.
        first = f"2026-{number % 10 + 1:02d}-{number // 10 % 28 + 1:02d}"
        zone = _ZONES[number // 280 % len(_ZONES)]
        path = f"/funnels/{_FUNNEL}/overview?from={first}&to={first}&tz={zone}"
        return report(self._query, self._read_key, path, _ADDRESS).status


def main() -> None:
    order = json.loads(sys.stdin.readline())
    with Path(order["file"]).open("a") as out:
        caller = _Caller(tuple(order["ports"]), tuple(order["keys"]), out)
        for kind in JUDGED:
            Thread(target=caller.keep_pace, args=(kind,), daemon=True).start()
        # Until whoever started it has gone, in whatever way.
        sys.stdin.read()
        os._exit(0)


if __name__ == "__main__":
    main()
