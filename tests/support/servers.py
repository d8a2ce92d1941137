"""The servers that tests run against.

`DAYBOOK_TEST_SERVERS`: `local` (the default) starts Kafka, MongoDB and Redis on free ports;
`docker` starts them with `daybook/local/compose.yaml`; `given` uses those that `DAYBOOK_*` names.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from testcontainers.compose import DockerCompose

from daybook.local.stack import Ports, Stack

VARIABLES = {
    "kafka": "DAYBOOK_KAFKA_BOOTSTRAP_SERVERS",
    "mongodb": "DAYBOOK_MONGODB_URI",
    "redis": "DAYBOOK_REDIS_URL",
}
DEPLOY = Path(__file__).parents[2] / "daybook/local"


def start(root: Path) -> dict[str, str]:
    """Starts the servers unless `root` records that they run; returns the `DAYBOOK_*` variables."""
    record = root / "servers.json"
    if not record.exists():
        kind = os.environ.get("DAYBOOK_TEST_SERVERS", "local")
        record.write_text(json.dumps({"kind": kind, "variables": _start(kind, root)}))
    variables: dict[str, str] = json.loads(record.read_text())["variables"]
    return variables


def stop(root: Path) -> None:
    """Stops the servers that `start` started; leaves given ones alone."""
    record = root / "servers.json"
    if not record.exists():
        return
    kind = json.loads(record.read_text())["kind"]
    if kind == "local":
        Stack(root / "stack", _ports(root)).wipe()
    elif kind == "docker":
        _compose().stop(down=True)


def _start(kind: str, root: Path) -> dict[str, str]:
    match kind:
        case "local":
            ports = Ports.free()
            (root / "ports.json").write_text(json.dumps(vars(ports)))
            stack = Stack(root / "stack", ports)
            stack.start()
            return _variables(stack.addresses)
        case "docker":
            _compose().start()
            return _variables(Stack(root / "stack").addresses)
        case "given":
            return {variable: os.environ[variable] for variable in VARIABLES.values()}
    raise ValueError(f"DAYBOOK_TEST_SERVERS={kind}: local, docker or given")


def _variables(addresses: Mapping[str, str]) -> dict[str, str]:
    return {VARIABLES[name]: address for name, address in addresses.items()}


def _ports(root: Path) -> Ports:
    return Ports(**json.loads((root / "ports.json").read_text()))


def _compose() -> DockerCompose:
    return DockerCompose(str(DEPLOY), compose_file_name="compose.yaml", wait=True)
