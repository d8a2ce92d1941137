"""What a run took: wall and CPU seconds of a part of it, and the memory of all of it."""

import time
from dataclasses import dataclass
from pathlib import Path

import psutil

_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Measured:
    """`seconds` and `cpu_seconds` (of all threads) between first message and last durable effect;
    `start_seconds`: from the process's birth to there; `peak_mib`: the most it ever held."""

    events: int
    seconds: float
    cpu_seconds: float
    start_seconds: float
    peak_mib: float
    writes: int = 0
    bulks: int = 0

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds


class Stopwatch:
    """Starts at the first call of `start` and stops at the last call of `stop`."""

    def __init__(self) -> None:
        self._started: tuple[float, float] | None = None
        self._stopped = 0.0, 0.0
        self._start_seconds = 0.0

    def start(self) -> None:
        if self._started is None:
            self._start_seconds = time.time() - psutil.Process().create_time()
            self._started = _now()

    def stop(self) -> None:
        self._stopped = _now()

    def measured(self, events: int, writes: int = 0, bulks: int = 0) -> Measured:
        assert self._started is not None
        (wall, cpu), (wall_end, cpu_end) = self._started, self._stopped
        return Measured(
            events,
            wall_end - wall,
            cpu_end - cpu,
            self._start_seconds,
            _peak_mib(),
            writes,
            bulks,
        )


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _peak_mib() -> float:
    # Not getrusage's: a process that was just forked begins with the peak of its parent.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / _MIB
    raise OSError("/proc/self/status has no VmHWM: this needs Linux")
