"""A server of HTTP under a load, and what both came to."""

from collections.abc import Callable

from bench.http.loaded import Load
from bench.http.service import Service
from bench.runs import Runs


class Under:
    """`accepted`: how many events, or calls, it took under all loads together."""

    def __init__(self, runs: Runs, name: str, own: Service) -> None:
        self.accepted = 0
        self._log = runs.log
        self._name = name
        self._own = own

    @property
    def port(self) -> int:
        return self._own.port

    def load(self, what: str, make: Callable[[int], Load]) -> Load:
        cpu = self._own.cpu_seconds()
        load = make(self._own.port)
        load.cpu_seconds = self._own.cpu_seconds() - cpu
        load.start_seconds, load.peak_mib = self._own.start_seconds, self._own.peak_mib()
        self.accepted += load.events
        p95 = load.percentile(95)
        self._log(f"{self._name}, {what}: {load.rate:,.0f} a second, p95 {p95:.1f} ms")
        return load
