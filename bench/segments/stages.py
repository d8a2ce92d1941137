"""Measures the processor time of the stages of a member, by its threads."""

from collections import defaultdict
from threading import Event, Thread
from threading import enumerate as live_threads

import psutil

FIRST, SECOND, CLIENTS = "stage 1", "stage 2", "Kafka and MongoDB clients"
STAGES = (FIRST, SECOND, CLIENTS)
_SECONDS = 0.2
_OF_SECOND = ("segments", "Thread-", "asyncio")


class StageTimes:
    """While it is entered, looks at all threads again and again; `seconds` is by stage.

    The main thread is the first stage; Faust's and the worker's threads are the second. What is no
    thread of Python, or belongs to a client of a server, cannot be told apart.
    """

    def __init__(self) -> None:
        self._seen: dict[int, tuple[str, float]] = {}
        self._started: dict[int, float] = {}
        self._names: dict[int, str] = {}
        self._is_over = Event()
        self._thread = Thread(target=self._run, name="stage times", daemon=True)

    def __enter__(self) -> "StageTimes":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def start(self) -> None:
        """What was used up to now does not count."""
        self._look()
        self._started = {thread: seconds for thread, (_, seconds) in self._seen.items()}

    @property
    def seconds(self) -> dict[str, float]:
        """The seconds of each stage since `start`."""
        found: dict[str, float] = defaultdict(float)
        for thread, (stage, seconds) in self._seen.items():
            found[stage] += seconds - self._started.get(thread, 0.0)
        return dict(found)

    def _run(self) -> None:
        while not self._is_over.wait(_SECONDS):
            self._look()

    def _look(self) -> None:
        self._names.update({t.native_id: t.name for t in live_threads() if t.native_id})
        for thread in psutil.Process().threads():
            stage = _stage(self._names.get(thread.id, ""))
            self._seen[thread.id] = stage, thread.user_time + thread.system_time


def _stage(name: str) -> str:
    if name == "MainThread":
        return FIRST
    return SECOND if name.startswith(_OF_SECOND) else CLIENTS
