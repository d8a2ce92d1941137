"""Chooses whether the local servers run as processes or as containers."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from daybook.local import docker
from daybook.local.docker import Containers
from daybook.local.errors import ServerError
from daybook.local.stack import Ports, Stack


@dataclass(frozen=True)
class Choice:
    """The servers, and a sentence on why they run this way."""

    servers: Stack | Containers
    why: str


def choose(directory: Path, names: Collection[str], ports: Ports | None = None) -> Choice:
    """Processes if they can run, otherwise containers. Raises ServerError if neither can run."""
    stack = Stack(directory, ports)
    containers = Containers(directory, ports)
    if containers.were_started() and not stack.running() and docker.works():
        return Choice(containers, "containers, as last time")
    try:
        stack.require(names)
    except ServerError as error:
        if docker.works():
            return Choice(containers, f"containers, because: {error}")
        raise
    return Choice(stack, "processes on this machine, which has all that they need")
