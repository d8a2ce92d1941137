"""Ports of the loopback interface: finds free ones, and the process that holds one."""

import random
import socket
import time
from pathlib import Path

import psutil

LOOPBACK = "127.0.0.1"
# Below every system's ephemeral range, so that no outgoing connection takes a port between two
# starts of the same server.
_CANDIDATES = range(20_000, 32_000)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Connections in TIME_WAIT, of a server that has just ended, do not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((LOOPBACK, port)) == 0


def wait_free(port: int, seconds: float) -> bool:
    """Whether the port is free now, or becomes free within `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_free(port):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)
    return True


def free_ports(count: int) -> list[int]:
    """Different ports that are free at the moment, in ascending order."""
    found: set[int] = set()
    while len(found) < count:
        port = random.choice(_CANDIDATES)
        if is_free(port):
            found.add(port)
    return sorted(found)


def holder(port: int) -> str:
    """The process that listens on the port, as far as this user may see it."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status != psutil.CONN_LISTEN or not connection.laddr:
                continue
            if connection.laddr.port == port and connection.pid:
                return _describe(psutil.Process(connection.pid))
    except psutil.Error:
        pass
    return "another program"


def _describe(process: psutil.Process) -> str:
    name = f"{process.name()} (pid {process.pid})"
    data_paths = [word for word in process.cmdline() if ".daybook" in Path(word).parts]
    if not data_paths:
        return name
    parts = Path(data_paths[-1]).parts
    project = Path(*parts[: parts.index(".daybook")])
    return f"{name}, a local server of {project} (`daybook down` there or `kill {process.pid}`)"
