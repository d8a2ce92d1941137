"""The broker's settings: as a single node, in a cluster of three, and in a container."""

import re
from pathlib import Path

import yaml

from daybook.engine.settings import LOCAL_KAFKA, LOCAL_MONGODB, LOCAL_REDIS
from daybook.local import jars
from daybook.local.docker import COMPOSE
from daybook.local.kafka import SETTINGS, Cluster, Kafka, new_cluster_id
from daybook.local.stack import Stack


def test_compose_has_the_same_kafka_settings() -> None:
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    environment = services["kafka"]["environment"]
    variables = {name: f"KAFKA_{name.upper().replace('.', '_')}" for name in SETTINGS}
    assert {name: environment.get(variables[name]) for name in SETTINGS} == dict(SETTINGS)
    assert services["kafka"]["image"].endswith(f":{jars.VERSION}")


def test_compose_has_the_same_ports(tmp_path: Path) -> None:
    defaults = re.sub(r"\$\{\w+:-(\d+)\}", r"\1", COMPOSE.read_text())
    services = yaml.safe_load(defaults)["services"]
    stack = Stack(tmp_path)
    for server in stack.servers():
        assert services[server.name]["ports"] == [f"127.0.0.1:{server.port}:{server.port}"]


def test_addresses_are_the_defaults_of_the_settings(tmp_path: Path) -> None:
    assert Stack(tmp_path).addresses == {
        "kafka": LOCAL_KAFKA,
        "mongodb": LOCAL_MONGODB,
        "redis": LOCAL_REDIS,
    }


def test_nodes_of_a_cluster_know_each_other(tmp_path: Path) -> None:
    cluster = Cluster((21001, 21002, 21003))
    node = Kafka(tmp_path, 21011, 21002, cluster=cluster, node=2, settings={"log.roll.ms": "100"})
    node.configure()
    lines = node.properties.read_text().splitlines()
    assert "node.id=2" in lines
    assert "controller.quorum.voters=1@127.0.0.1:21001,2@127.0.0.1:21002,3@127.0.0.1:21003" in lines
    assert "offsets.topic.replication.factor=3" in lines
    assert "log.roll.ms=100" in lines


def test_cluster_ids_are_unique_and_valid_for_kafka() -> None:
    ids = {new_cluster_id() for _ in range(200)}
    assert len(ids) == 200
    assert all(len(id) == 22 and id[0] != "-" for id in ids)
