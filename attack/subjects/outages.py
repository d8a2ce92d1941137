"""Servers that freeze, or that answer so slowly that their answer never ends."""

import base64
import json
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attack.attack import Attack, Sent, Target
from attack.calls import API, call
from attack.process import DaybookProcess
from daybook.local.ports import LOOPBACK

_FROZEN_SECONDS = 42.0
"""Longer than a service believes in a key without asking MongoDB again."""

_HELD_SECONDS_MAX, _DRIP_SECONDS = 10.0, 14.0
"""How long a service may read one answer of a server, and how long the server goes on."""


def frozen_mongodb(target: Target) -> Sent:
    """MongoDB keeps its connections and answers nothing."""
    pid = target.pids["mongodb"]
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(_FROZEN_SECONDS)
    finally:
        os.kill(pid, signal.SIGCONT)
    return Sent(f"MongoDB frozen for {_FROZEN_SECONDS:.0f} s")


def dripping_key_server(target: Target) -> Sent:
    """The server of the public keys that verify tokens sends a byte of its answer a second."""
    with socket.create_server((LOOPBACK, 0)) as server, ThreadPoolExecutor(1) as thread:
        held = thread.submit(_drip, server)
        variables = dict(target.variables) | {
            "DAYBOOK_JWT_ALGORITHM": "RS256",
            "DAYBOOK_JWT_JWKS": f"http://{LOOPBACK}:{server.getsockname()[1]}/keys",
        }
        del variables["DAYBOOK_JWT_SECRET"]
        service = DaybookProcess(
            "query-drip",
            "query",
            ("serve", "query", "--port", "0"),
            "query started",
            variables,
            Path(target.directory),
        )
        try:
            service.wait_until_started()
            own = {"Authorization": f"Bearer {_token()}"}
            reply = call(service.port, "GET", f"{API}/revenue?from=2026-11-01", None, own)
            seconds = held.result()
        finally:
            service.stop()
            service.wait()
    failures = []
    if reply.status not in (401, 503):
        failures.append(f"a token that cannot be verified is answered {reply.status}")
    if seconds > _HELD_SECONDS_MAX:
        failures.append(f"the service was still reading the answer after {seconds:.0f} s")
    return Sent("a key server that sends a byte a second", failures)


def _drip(server: socket.socket) -> float:
    """How many seconds the client of the first connection read, one byte each."""
    server.settimeout(30.0)
    connection, _ = server.accept()
    began = time.monotonic()
    with connection:
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while (passed := time.monotonic() - began) < _DRIP_SECONDS:
                connection.sendall(b" ")
                time.sleep(0.5)
        except ConnectionError:
            passed = time.monotonic() - began
    return passed


def _token() -> str:
    parts = ({"alg": "RS256", "kid": "k"}, {"sub": "mallory"})
    packed = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join([*(part.rstrip("=") for part in packed), "A" * 342])


ATTACKS = (
    # The first calls after the key is stale may find the outage; those that follow know of it.
    Attack("MongoDB does not answer", frozen_mongodb, ("tracking",), 60, 60, judged_percent=95),
    Attack("a key server that drips", dripping_key_server, (), 60),
)
