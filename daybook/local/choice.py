"""Which way the local servers run on this machine, and why."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from daybook.local import docker
from daybook.local.docker import Containers
from daybook.local.errors import ServerError
from daybook.local.stack import Ports, Stack


@dataclass(frozen=True)
class Choice:
    """Where the servers come from, and the reason in words."""

    servers: Stack | Containers
    why: str


def choose(directory: Path, names: Collection[str], ports: Ports | None = None) -> Choice:
    """Processes where they can run, else containers. Raises ServerError when neither can be."""
    stack = Stack(directory, ports)
    containers = Containers(directory, ports)
    if containers.were_started() and not stack.running() and docker.works():
        return Choice(containers, "containers, as the last time")
    try:
        stack.require(names)
    except ServerError as error:
        if docker.works():
            return Choice(containers, f"containers, because: {error}")
        raise
    return Choice(stack, "processes of this machine, because all they need is here")
