"""The result of a load on a server."""

from dataclasses import dataclass, field
from statistics import quantiles
from time import perf_counter

from bench.stopwatch import Measured


@dataclass(slots=True)
class Load:
    """`events` were accepted in `seconds`.

    Of the server: its `cpu_seconds` meanwhile, `start_seconds` until it was ready, and `peak_mib`,
    its peak memory so far. `latencies_ms`: for each call, from when it was due to its complete
    response. A call that waits for a connection counts as late, so a stalling server is charged for
    every call it delays.
    """

    events: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    start_seconds: float = 0.0
    peak_mib: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)

    def add_call(self, due: float, events: int) -> None:
        """Adds a call that was due at `due` and has just been answered."""
        self.events += events
        self.latencies_ms.append((perf_counter() - due) * 1000)

    @property
    def rate(self) -> float:
        """Events per second."""
        return self.events / self.seconds

    @property
    def cpu_micros(self) -> float:
        """The server's CPU microseconds per event."""
        return self.cpu_seconds / self.events * 1e6

    def percentile(self, percent: int) -> float:
        """The latency in milliseconds that this percentage of the calls did not exceed."""
        return quantiles(self.latencies_ms, n=100, method="inclusive")[percent - 1]

    def measured(self) -> Measured:
        return Measured(
            self.events, self.seconds, self.cpu_seconds, self.start_seconds, self.peak_mib
        )
