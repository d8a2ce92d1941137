"""Ports of the loopback interface: free, taken, and by whom."""

import random
import socket
import time
from pathlib import Path

import psutil

LOOPBACK = "127.0.0.1"
# Below every system's ephemeral range: a connection going out cannot take a port between two
# starts of the same server.
_CHOICE = range(20_000, 32_000)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Connections of a server that has just ended linger in TIME_WAIT; they do not hold it.
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
    """Whether the port is free, now or within `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_free(port):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)
    return True


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on at this moment."""
    found: set[int] = set()
    while len(found) < count:
        port = random.choice(_CHOICE)
        if is_free(port):
            found.add(port)
    return sorted(found)


def holder(port: int) -> str:
    """Who listens on the port, as far as this user may know."""
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
    who = f"{process.name()} (pid {process.pid})"
    started_in = [part for part in process.cmdline() if ".daybook" in Path(part).parts]
    if not started_in:
        return who
    parts = Path(started_in[-1]).parts
    project = Path(*parts[: parts.index(".daybook")])
    return f"{who}, a local server of {project} (`daybook down` there or `kill {process.pid}`)"
