"""A local server as a process: its directory, port, log and readiness, start and stop."""

import shutil
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, TypeVar

from daybook.local import ports, process, space
from daybook.local.cache import Notify, silent
from daybook.local.errors import ServerError

Report = Callable[[str, str], None]
"""Called with a server's name and a line of progress."""
T = TypeVar("T")
_interrupted = threading.Event()


class State(StrEnum):
    STARTED = "started"
    RUNNING = "already running"


class Server(ABC):
    """A server in a directory of its own. Every method may raise ServerError."""

    name: ClassVar[str]
    title: ClassVar[str]
    variable: ClassVar[str]
    start_seconds_max: ClassVar[float] = 90.0
    stop_seconds_max: ClassVar[float] = 30.0
    space_mib: ClassVar[int] = 100

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory.absolute()
        self.port = port

    @property
    @abstractmethod
    def address(self) -> str:
        """The address that a client connects to."""

    @abstractmethod
    def require(self) -> None:
        """Raises ServerError if this machine lacks something that cannot be downloaded."""

    @abstractmethod
    def fetch(self, notify: Notify = silent) -> None:
        """Downloads what is missing to the user's cache."""

    @abstractmethod
    def prepare(self, notify: Notify) -> None:
        """Creates the data directory and the configuration, before each start."""

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether the server answers a client; polled while it starts."""

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def log(self) -> Path:
        return self.directory / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        return self.directory / "pid"

    @property
    def pid(self) -> int | None:
        """The pid of the server that was started from this directory; None if it does not run."""
        running = process.recall(self.pid_file)
        return running.pid if running else None

    def ports(self) -> list[int]:
        return [self.port]

    def require_ports(self) -> None:
        """Raises ServerError if another process holds one of the ports."""
        if self.pid is not None:
            return
        # With a pid file, the server was just killed, and its ports may take a moment to be free.
        wait_seconds = 3.0 if self.pid_file.exists() else 0.0
        for port in self.ports():
            if not ports.wait_free(port, wait_seconds):
                raise ServerError(
                    f"Port {port}, which {self.title} needs, is taken by {ports.holder(port)}: "
                    f"stop it, or name your own server in {self.variable}."
                )

    def start(self, notify: Notify = silent) -> State:
        """Starts the server unless it runs; returns when it is ready."""
        running = process.recall(self.pid_file)
        if running:
            self._wait_until_ready(running, notify)
            return State.RUNNING
        self.fetch(notify)
        self.require_ports()
        space.require(self.directory, self.space_mib, self.title)
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            self.prepare(notify)
            if self.log.exists():
                self.log.replace(self.log.with_suffix(".log.1"))
            notify("starting")
            started = process.spawn(self.command(), self.log)
            process.remember(started, self.pid_file)
        except OSError as error:
            raise ServerError(
                f"{self.title} cannot be started in {self.directory}: {error}."
            ) from error
        self._wait_until_ready(started, notify)
        return State.STARTED

    def stop(self) -> bool:
        """Stops the server, by SIGKILL if necessary; returns whether it ran."""
        running = process.recall(self.pid_file)
        if running:
            running.end(self.stop_seconds_max)
        self.pid_file.unlink(missing_ok=True)
        return running is not None

    def kill(self) -> None:
        """Kills the server like a crash; its files, including the pid file, stay."""
        running = process.recall(self.pid_file)
        if running:
            running.kill()

    def wipe(self) -> None:
        """Stops the server and removes its directory."""
        self.stop()
        # Renamed first, so that a half-removed directory is never used as data.
        doomed = self.directory.with_name(f"{self.directory.name}.wiped")
        try:
            if doomed.exists():
                shutil.rmtree(doomed)
            if self.directory.exists():
                self.directory.rename(doomed)
                shutil.rmtree(doomed)
        except OSError as error:
            raise ServerError(f"{self.directory} cannot be removed: {error}.") from error

    def _wait_until_ready(self, running: process.Process, notify: Notify) -> None:
        deadline = time.monotonic() + self.start_seconds_max
        while not (ports.is_listening(self.port) and self.is_ready()):
            if not running.is_alive():
                raise ServerError(
                    f"{self.title} exited during its start; the last line of {self.log}: "
                    f"{self._last_line()}"
                )
            if time.monotonic() > deadline:
                raise ServerError(
                    f"{self.title} (pid {running.pid}) is not ready after "
                    f"{self.start_seconds_max:.0f} s: see {self.log}, or stop it with "
                    "`daybook down` and run the command again."
                )
            if _interrupted.wait(0.03):
                raise ServerError(f"The start of {self.title} was interrupted.")
        notify("ready")

    def _last_line(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").split("\n")
        except OSError:
            return "(none)"
        return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "(none)")


def start_all(servers: Sequence[Server], report: Report | None = None) -> list[State]:
    """Starts servers in parallel; none is started if one lacks a requirement or a port.

    Raises ServerError with a sentence for each server that failed.
    """

    def notifier_of(server: Server) -> Notify:
        return (lambda line: report(server.name, line)) if report else silent

    for server in servers:
        if server.pid is None:
            server.require()
            server.require_ports()
    _in_parallel(servers, lambda server: server.fetch(notifier_of(server)))
    return _in_parallel(servers, lambda server: server.start(notifier_of(server)))


def stop_all(servers: Sequence[Server]) -> list[bool]:
    """Stops servers in parallel; returns whether each of them ran."""
    return _in_parallel(servers, lambda server: server.stop())


def _in_parallel(servers: Sequence[Server], act: Callable[[Server], T]) -> list[T]:
    with ThreadPoolExecutor(max(1, len(servers))) as threads:
        futures = [threads.submit(act, server) for server in servers]
        try:
            wait(futures)
        except BaseException:  # Ctrl-C: the threads stop waiting, and end in a defined state
            _interrupted.set()
            wait(futures)
            _interrupted.clear()
            raise
    errors = [error for future in futures if (error := future.exception())]
    messages = [str(error) for error in errors if isinstance(error, ServerError)]
    if len(messages) < len(errors):
        raise next(error for error in errors if not isinstance(error, ServerError))
    if messages:
        raise ServerError(" ".join(messages))
    return [future.result() for future in futures]
