"""Kafka, MongoDB and Redis together, in one directory."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from filelock import FileLock

from daybook.local.errors import ServerError
from daybook.local.kafka import Kafka
from daybook.local.mongodb import MongoDB
from daybook.local.ports import free_ports
from daybook.local.redis import Redis
from daybook.local.server import Report, Server, State, start_all, stop_all

NAMES = ("kafka", "mongodb", "redis")


@dataclass(frozen=True)
class Ports:
    """The ports on 127.0.0.1 that the servers listen on."""

    kafka: int = 19092
    controller: int = 19093
    mongodb: int = 27117
    redis: int = 16379

    @classmethod
    def parse(cls, text: str) -> "Ports":
        """Parses the ports of Kafka, MongoDB and Redis, such as `19092,27117,16379`. Kafka's
        controller gets the port after Kafka's."""
        kafka, mongodb, redis = map(int, text.split(","))
        return cls(kafka, kafka + 1, mongodb, redis)

    def __str__(self) -> str:
        return f"{self.kafka},{self.mongodb},{self.redis}"

    @classmethod
    def free(cls) -> "Ports":
        return cls(*free_ports(4))


class Stack:
    """Kafka, MongoDB and Redis; `with Stack(…)` starts them and stops them.

    Processes that start or stop the servers of the same directory take turns.
    """

    def __init__(self, directory: Path, ports: Ports | None = None) -> None:
        self.ports = ports = ports or Ports()
        self.directory = directory.absolute()
        self.kafka = Kafka(self.directory / "kafka", ports.kafka, ports.controller)
        self.mongodb = MongoDB(self.directory / "mongodb", ports.mongodb)
        self.redis = Redis(self.directory / "redis", ports.redis)

    def servers(self, names: Collection[str] = NAMES) -> list[Server]:
        servers: tuple[Server, ...] = (self.kafka, self.mongodb, self.redis)
        return [server for server in servers if server.name in names]

    @property
    def addresses(self) -> dict[str, str]:
        return {server.name: server.address for server in self.servers()}

    def running(self) -> set[str]:
        """The names of the servers that were started from this directory and still run."""
        return {server.name for server in self.servers() if server.pid is not None}

    def require(self, names: Collection[str] = NAMES) -> None:
        """Raises ServerError if this machine lacks something that a server needs to start.

        Servers that run already are not checked.
        """
        for server in self.servers(set(names) - self.running()):
            server.require()

    def start(
        self, names: Collection[str] = NAMES, report: Report | None = None
    ) -> dict[str, State]:
        """Starts the servers; returns when all are ready. Raises ServerError."""
        servers = self.servers(names)
        with self._locked():
            self._keep_ports()
            states = start_all(servers, report)
        return {server.name: state for server, state in zip(servers, states, strict=True)}

    def stop(self, names: Collection[str] = NAMES) -> set[str]:
        """Stops the servers; returns the names of those that ran."""
        if not self.directory.exists():
            return set()
        servers = self.servers(names)
        with self._locked():
            ran = stop_all(servers)
        return {server.name for server, did_run in zip(servers, ran, strict=True) if did_run}

    def wipe(self, names: Collection[str] = NAMES) -> set[str]:
        """Stops the servers and removes their data, and the directory if it is empty then.

        Returns the names of those that ran.
        """
        if not self.directory.exists():
            return set()
        ran = self.stop(names)
        with self._locked():
            for server in self.servers(names):
                server.wipe()
            self._lock_file.unlink()
            if not self.mongodb.directory.exists():
                (self.directory / "ports").unlink(missing_ok=True)
            if not any(self.directory.iterdir()):
                self.directory.rmdir()
        return ran

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _keep_ports(self) -> None:
        """Stores the ports with the data, because MongoDB's data contains the replica set's port.

        Raises ServerError if the data was created with other ports.
        """
        path = self.directory / "ports"
        stored = path.read_text() if path.exists() else str(Ports())
        if self.mongodb.directory.exists() and stored != str(self.ports):
            raise ServerError(
                f"The data in {self.directory} belongs to the ports {stored}: set "
                f"DAYBOOK_LOCAL_PORTS={stored}, or remove the data with `daybook down --wipe`."
            )
        path.write_text(str(self.ports))

    @property
    def _lock_file(self) -> Path:
        return self.directory / "lock"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._lock_file)
            lock.acquire()
        except OSError as error:
            raise ServerError(f"{self.directory} cannot be used: {error.strerror}.") from error
        try:
            yield
        finally:
            lock.release()
