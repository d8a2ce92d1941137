"""Runs an HTTP server in a process of its own, and reads its CPU time and memory."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import psutil

from bench.stopwatch import peak_mib
from daybook.local.ports import LOOPBACK, free_ports

_ROOT = Path(__file__).parents[2]
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0


class NotReady(Exception):
    """The server did not become ready; the message has the end of its output."""


@dataclass(frozen=True)
class Service:
    """A running server; `start_seconds`: from the start of its process until it was ready."""

    port: int
    start_seconds: float
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """CPU seconds of all its threads so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def peak_mib(self) -> float:
        return peak_mib(self.process.pid)


@contextmanager
def service(command: str, variables: Mapping[str, str]) -> Iterator[Service]:
    """Runs `python -m COMMAND`, where `{port}` is its port, until leaving. Raises NotReady."""
    (port,) = free_ports(1)
    others = {n: v for n, v in os.environ.items() if not n.startswith("DAYBOOK_")}
    with TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command.format(port=port).split()],
            cwd=_ROOT,
            env=others | dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        started = time.perf_counter()
        try:
            while not _is_ready(port):
                if process.poll() is not None or time.perf_counter() - started > _START_SECONDS:
                    output.seek(0)
                    raise NotReady(f"{command}: {output.read()[-2_000:].decode(errors='replace')}")
                time.sleep(0.05)
            yield Service(port, time.perf_counter() - started, psutil.Process(process.pid))
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
