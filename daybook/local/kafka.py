"""Apache Kafka: a single node that is broker and controller, or a node of a cluster."""

import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from daybook.local import jars, ports
from daybook.local.cache import Notify, silent
from daybook.local.errors import ServerError
from daybook.local.ports import LOOPBACK
from daybook.local.server import Server

# Daybook's producers send messages of up to 8 MiB; the rest is for the record batch around them.
_MESSAGE_BYTES_MAX = 9 * 2**20

SETTINGS: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "message.max.bytes": str(_MESSAGE_BYTES_MAX),
    "replica.fetch.max.bytes": str(_MESSAGE_BYTES_MAX),
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "4",
    "log.cleaner.dedupe.buffer.size": str(16 * 2**20),
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "group.consumer.session.timeout.ms": "6000",
    "group.consumer.min.session.timeout.ms": "6000",
    "group.consumer.heartbeat.interval.ms": "1000",
    "group.consumer.min.heartbeat.interval.ms": "1000",
    # A killed broker can restart only after its old session has timed out (9 s by default).
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
}
"""The settings that every node has, here and in compose.yaml, whatever its ports are."""

_JVM = (
    "-Xms256m",
    "-Xmx512m",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)


def new_cluster_id() -> str:
    """Like Kafka's own ids: a UUID in base64url, without a leading - that looks like an option."""
    while (id := urlsafe_b64encode(uuid.uuid4().bytes).decode()[:22]).startswith("-"):
        pass
    return id


@dataclass(frozen=True)
class Cluster:
    """A cluster of several nodes; node n (from 1) has `controller_ports[n - 1]`."""

    controller_ports: tuple[int, ...]
    id: str = field(default_factory=new_cluster_id)


class Kafka(Server):
    name: ClassVar[str] = "kafka"
    title: ClassVar[str] = "Kafka"
    variable: ClassVar[str] = "DAYBOOK_KAFKA_BOOTSTRAP_SERVERS"
    space_mib: ClassVar[int] = 500

    def __init__(
        self,
        directory: Path,
        port: int = 19092,
        controller_port: int = 19093,
        *,
        cluster: Cluster | None = None,
        node: int = 1,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`settings` are further lines of server.properties, which override the default ones."""
        super().__init__(directory, port)
        self.controller_port = controller_port
        self.cluster = cluster
        self.node = node
        self._settings = dict(settings or {})
        self._jars: jars.Jars | None = None

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def properties(self) -> Path:
        return self.directory / "server.properties"

    def ports(self) -> list[int]:
        return [self.port, self.controller_port]

    def require(self) -> None:
        jars.require()

    def fetch(self, notify: Notify = silent) -> None:
        if self._jars is None:
            self._jars = jars.archived(jars.fetch(notify), _start_and_stop, notify)

    def prepare(self, notify: Notify) -> None:
        self.configure()
        if not self.data.exists():
            notify("formatting storage")
            self._format()

    def configure(self) -> None:
        """Writes server.properties, as `prepare` does."""
        self._write(self.properties, self.data)

    def command(self) -> list[str]:
        return self._java(*_JVM, "kafka.Kafka", str(self.properties))

    def is_ready(self) -> bool:
        """Whether a client sees this node among the cluster's brokers."""
        client = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        try:
            return self.node in client.list_topics(timeout=1.0).brokers
        except KafkaException:
            return False

    def _java(self, *arguments: str) -> list[str]:
        self.fetch()
        assert self._jars is not None
        return self._jars.command(*arguments)

    def _write(self, path: Path, data: Path) -> None:
        controllers = self.cluster.controller_ports if self.cluster else (self.controller_port,)
        replicas = str(min(3, len(controllers)))
        in_sync = str(min(2, len(controllers)))
        voters = (f"{node}@{LOOPBACK}:{port}" for node, port in enumerate(controllers, start=1))
        lines = {
            **SETTINGS,
            "node.id": str(self.node),
            "controller.quorum.voters": ",".join(voters),
            "listeners": f"PLAINTEXT://{self.address},"
            f"CONTROLLER://{LOOPBACK}:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.address}",
            "log.dirs": str(data),
            "default.replication.factor": replicas,
            "min.insync.replicas": in_sync,
            "offsets.topic.replication.factor": replicas,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": in_sync,
            "share.coordinator.state.topic.replication.factor": replicas,
            "share.coordinator.state.topic.min.isr": in_sync,
            **self._settings,
        }
        path.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))

    def _format(self) -> None:
        """Formats another directory and renames it, so that a killed process leaves no half-
        formatted data."""
        part = self.directory / "data.part"
        shutil.rmtree(part, ignore_errors=True)
        properties = self.directory / "format.properties"
        self._write(properties, part)
        cluster = self.cluster.id if self.cluster else new_cluster_id()
        tool = ("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(properties))
        done = subprocess.run(self._java(*tool), capture_output=True, text=True)
        if done.returncode:
            output = (done.stderr or done.stdout).strip()[-300:]
            raise ServerError(f"Kafka's storage in {self.directory} cannot be formatted: {output}")
        properties.unlink()
        part.rename(self.data)


def _start_and_stop(archiving: jars.Jars, directory: Path) -> None:
    """Runs a temporary broker; at its exit, Java archives the classes that it loaded."""
    broker = Kafka(directory, *ports.free_ports(2))
    broker._jars = archiving
    try:
        broker.start()
    finally:
        broker.stop()
