"""The servers that tests run against: ours, Docker's, or those that are named.

`DAYBOOK_TEST_SERVERS`: `local` (the default) starts Kafka, MongoDB and Redis on free ports;
`docker` the same by `daybook/local/compose.yaml`; `given` uses what `DAYBOOK_*` says.
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
    """Starts what is to be used and notes it in `root`; returns the `DAYBOOK_*` variables."""
    noted = root / "servers.json"
    if not noted.exists():
        kind = os.environ.get("DAYBOOK_TEST_SERVERS", "local")
        noted.write_text(json.dumps({"kind": kind, "variables": _start(kind, root)}))
    variables: dict[str, str] = json.loads(noted.read_text())["variables"]
    return variables


def stop(root: Path) -> None:
    """Stops what `start` started; leaves what was given."""
    noted = root / "servers.json"
    if not noted.exists():
        return
    kind = json.loads(noted.read_text())["kind"]
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
