"""Measures a run: wall and CPU seconds of a part of it, and the peak memory of its processes."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import psutil

_MIB = 2**20
_LOOKED_EVERY = 1.0

Written = Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Measured:
    """The measurement of a run.

    `seconds`, `cpu_seconds` (of all threads): between `start` and the last `stop`. `start_seconds`:
    from the start of the process to `start`. `peak_mib`: its peak memory. `written`: by collection,
    the numbers of documents and of bulk writes.
    """

    events: int
    seconds: float
    cpu_seconds: float
    start_seconds: float
    peak_mib: float
    written: Written = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Events per second."""
        return self.events / self.seconds


class Stopwatch:
    """Starts at the first call of `start` and stops at the last call of `stop`."""

    def __init__(self) -> None:
        self._started: tuple[float, float] | None = None
        self._stopped = 0.0, 0.0
        self._start_seconds = 0.0

    @property
    def is_started(self) -> bool:
        return self._started is not None

    def start(self) -> None:
        if self._started is None:
            self._start_seconds = time.time() - psutil.Process().create_time()
            self._started = _now()

    def stop(self) -> None:
        self._stopped = _now()

    def measured(self, events: int, written: Written | None = None) -> Measured:
        """The measurement between the first `start` and the last `stop`."""
        assert self._started is not None
        (wall, cpu), (wall_end, cpu_end) = self._started, self._stopped
        return Measured(
            events,
            wall_end - wall,
            cpu_end - cpu,
            self._start_seconds,
            peak_mib(),
            written or {},
        )


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def peak_mib(process: int | None = None) -> float:
    """The peak memory of a process, by default of this one. Raises OSError except on Linux."""
    # getrusage is no alternative: a forked process starts with the peak of its parent.
    for line in Path(f"/proc/{process or 'self'}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / _MIB
    raise OSError("/proc/…/status has no VmHWM: this needs Linux")


class Watch:
    """While it is entered, looks once a second; `peak_mib` is the most it has seen.

    It adds up proportional set sizes, so that a page which processes share counts once.
    """

    def __init__(self) -> None:
        self.peak_mib = 0.0
        self._is_over = Event()
        self._thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        own = psutil.Process()
        while not self._is_over.wait(_LOOKED_EVERY):
            processes = [own, *own.children(recursive=True)]
            self.peak_mib = max(
                self.peak_mib, sum(_share_mib(process.pid) for process in processes)
            )


def _share_mib(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(line.split()[1]) * 1024 / _MIB for line in lines if line.startswith("Pss:"))
