"""Runs loads on an HTTP server, and measures both."""

from collections.abc import Callable

from bench.http.loaded import Load
from bench.http.service import Service
from bench.runs import Runs


class LoadedServer:
    """A server under load; `accepted`: how many events, or calls, it accepted in all loads."""

    def __init__(self, runs: Runs, name: str, service: Service) -> None:
        self.accepted = 0
        self._log = runs.log
        self._name = name
        self._service = service

    @property
    def port(self) -> int:
        return self._service.port

    def load(self, what: str, make: Callable[[int], Load]) -> Load:
        """Makes a load on the server's port and adds the server's CPU, start and memory to it."""
        cpu = self._service.cpu_seconds()
        load = make(self._service.port)
        load.cpu_seconds = self._service.cpu_seconds() - cpu
        load.start_seconds, load.peak_mib = self._service.start_seconds, self._service.peak_mib()
        self.accepted += load.events
        p95 = load.percentile(95)
        self._log(f"{self._name}, {what}: {load.rate:,.0f} per second, p95 {p95:.1f} ms")
        return load
