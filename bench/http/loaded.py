"""What a load on a server came to."""

from dataclasses import dataclass, field
from statistics import quantiles
from time import perf_counter

from bench.stopwatch import Measured


@dataclass(slots=True)
class Load:
    """`events` were accepted in `seconds`. Of the server: `cpu_seconds` that it took meanwhile,
    `start_seconds` until it was ready, and the most memory that it held by then.

    `latencies_ms`: of each call, from when it was due to its whole answer. A call that waits for a
    connection is late already, so a server that stalls cannot hide what it did not take.
    """

    events: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    start_seconds: float = 0.0
    peak_mib: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)

    def note(self, due: float, events: int) -> None:
        """A call that was due then, and was answered just now."""
        self.events += events
        self.latencies_ms.append((perf_counter() - due) * 1000)

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    @property
    def cpu_micros(self) -> float:
        """The server's CPU microseconds an event."""
        return self.cpu_seconds / self.events * 1e6

    def percentile(self, percent: int) -> float:
        """Milliseconds within which so many of a hundred calls were answered."""
        return quantiles(self.latencies_ms, n=100, method="inclusive")[percent - 1]

    def measured(self) -> Measured:
        return Measured(
            self.events, self.seconds, self.cpu_seconds, self.start_seconds, self.peak_mib
        )
