"""A server as a process: a directory, a port, a log, and a condition that it is ready."""

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
from daybook.local.cache import Say, silent
from daybook.local.errors import ServerError

Report = Callable[[str, str], None]
"""Told a server's name and what happens to it."""
T = TypeVar("T")
_interrupted = threading.Event()


class State(StrEnum):
    STARTED = "started"
    RUNNING = "already running"


class Server(ABC):
    """One server of one directory. Every method may raise ServerError."""

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
        """What a client is given."""

    @abstractmethod
    def require(self) -> None:
        """Raises ServerError when this machine lacks something that cannot be fetched."""

    @abstractmethod
    def fetch(self, say: Say = silent) -> None:
        """Gets what is missing into the user's cache."""

    @abstractmethod
    def prepare(self, say: Say) -> None:
        """Makes the data directory and the configuration, before each start."""

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether a client would be served; asked again and again while it starts."""

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
        """The pid of the running server that this directory started, else None."""
        running = process.recall(self.pid_file)
        return running.pid if running else None

    def ports(self) -> list[int]:
        return [self.port]

    def require_ports(self) -> None:
        """Raises ServerError when a port is held by something this directory did not start."""
        if self.pid is not None:
            return
        # The pid file of a server that was just killed: its ports may be a moment behind.
        patience = 3.0 if self.pid_file.exists() else 0.0
        for port in self.ports():
            if not ports.wait_free(port, patience):
                raise ServerError(
                    f"Port {port}, which {self.title} needs, is taken by {ports.holder(port)}: "
                    f"stop that, or name a server of your own in {self.variable}."
                )

    def start(self, say: Say = silent) -> State:
        """Returns when the server serves."""
        running = process.recall(self.pid_file)
        if running:
            self._wait_until_ready(running, say)
            return State.RUNNING
        self.fetch(say)
        self.require_ports()
        space.require(self.directory, self.space_mib, self.title)
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            self.prepare(say)
            if self.log.exists():
                self.log.replace(self.log.with_suffix(".log.1"))
            say("starting")
            started = process.spawn(self.command(), self.log)
            process.remember(started, self.pid_file)
        except OSError as error:
            raise ServerError(
                f"{self.title} cannot be started in {self.directory}: {error}."
            ) from error
        self._wait_until_ready(started, say)
        return State.STARTED

    def stop(self) -> bool:
        """Ends the server if this directory started it, by force if it does not obey."""
        running = process.recall(self.pid_file)
        if running:
            running.end(self.stop_seconds_max)
        self.pid_file.unlink(missing_ok=True)
        return running is not None

    def kill(self) -> None:
        """Ends the server as a crash would, leaving everything as it is."""
        running = process.recall(self.pid_file)
        if running:
            running.kill()

    def wipe(self) -> None:
        """Ends the server and removes all it ever kept."""
        self.stop()
        # Out of the way first: what is wiped half-way is never taken for data.
        doomed = self.directory.with_name(f"{self.directory.name}.wiped")
        try:
            if doomed.exists():
                shutil.rmtree(doomed)
            if self.directory.exists():
                self.directory.rename(doomed)
                shutil.rmtree(doomed)
        except OSError as error:
            raise ServerError(f"{self.directory} cannot be removed: {error}.") from error

    def _wait_until_ready(self, running: process.Process, say: Say) -> None:
        deadline = time.monotonic() + self.start_seconds_max
        while not (ports.is_listening(self.port) and self.is_ready()):
            if not running.is_alive():
                raise ServerError(
                    f"{self.title} ended while it was starting; {self.log} says why: {self._said()}"
                )
            if time.monotonic() > deadline:
                raise ServerError(
                    f"{self.title} (pid {running.pid}) is not ready after "
                    f"{self.start_seconds_max:.0f} s: look into {self.log}, or stop it with "
                    "`daybook down` and try again."
                )
            if _interrupted.wait(0.03):
                raise ServerError(f"{self.title} was starting when it was interrupted.")
        say("ready")

    def _said(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").split("\n")
        except OSError:
            return "nothing"
        return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "nothing")


def start_all(servers: Sequence[Server], report: Report | None = None) -> list[State]:
    """Starts servers beside each other; nothing is started when one of them cannot be had.

    Raises ServerError with a sentence for each server that failed.
    """

    def say_for(server: Server) -> Say:
        return (lambda line: report(server.name, line)) if report else silent

    for server in servers:
        if server.pid is None:
            server.require()
            server.require_ports()
    _beside(servers, lambda server: server.fetch(say_for(server)))
    return _beside(servers, lambda server: server.start(say_for(server)))


def stop_all(servers: Sequence[Server]) -> list[bool]:
    """Stops servers beside each other; says which of them ran."""
    return _beside(servers, lambda server: server.stop())


def _beside(servers: Sequence[Server], act: Callable[[Server], T]) -> list[T]:
    with ThreadPoolExecutor(max(1, len(servers))) as threads:
        futures = [threads.submit(act, server) for server in servers]
        try:
            wait(futures)
        except BaseException:  # Ctrl-C: they leave nothing half-done, and soon
            _interrupted.set()
            wait(futures)
            _interrupted.clear()
            raise
    errors = [error for future in futures if (error := future.exception())]
    sentences = [str(error) for error in errors if isinstance(error, ServerError)]
    if len(sentences) < len(errors):
        raise next(error for error in errors if not isinstance(error, ServerError))
    if sentences:
        raise ServerError(" ".join(sentences))
    return [future.result() for future in futures]
