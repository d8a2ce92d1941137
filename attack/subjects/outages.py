"""Servers that freeze, forget, or answer so slowly that their answer never ends."""

import base64
import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attack.attack import Attack, Sent, Target
from attack.calls import API, call
from attack.counting import counted, orders_created
from attack.fleet import fleet_mongodb
from attack.process import DaybookProcess
from attack.publishing import ORDERS, Published, Publisher, event, message
from attack.slow import answer_slowly
from daybook.engine.mongo.client import database
from daybook.local.ports import LOOPBACK

_FROZEN_SECONDS = 42.0
"""Longer than a service believes in a key without asking MongoDB again."""

_HELD_SECONDS_MAX, _DRIP_SECONDS = 10.0, 14.0
"""How long a service may read one answer of a server, and how long the server goes on."""

_ORDERS = 500
"""Before the backup, after it, and after the restore."""


def frozen_mongodb(target: Target) -> Sent:
    """MongoDB keeps its connections and answers nothing."""
    pid = fleet_mongodb(target).pid or 0
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(_FROZEN_SECONDS)
    finally:
        os.kill(pid, signal.SIGCONT)
    return Sent(f"MongoDB frozen for {_FROZEN_SECONDS:.0f} s")


def dripping_key_server(target: Target) -> Sent:
    """The server of the public keys that verify tokens sends a byte of its answer a second."""
    with socket.create_server((LOOPBACK, 0)) as server, ThreadPoolExecutor(1) as thread:
        held = thread.submit(answer_slowly, server, _DRIP_SECONDS)
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


def database_went_back(target: Target) -> Sent:
    """MongoDB loses what members have counted since its backup, while they count on."""
    server, copy = fleet_mongodb(target), Path(target.directory) / "backup"
    publisher = Publisher(target)
    with database(target.settings).client as client:
        documents = client[target.settings.mongodb_database]
        before = orders_created(documents)
        publisher.publish(ORDERS, _orders("before"))
        counted(lambda: orders_created(documents) - before, _ORDERS)
        client.admin.command("fsync", lock=True)
        try:
            shutil.copytree(server.data, copy)
        finally:
            client.admin.command("fsyncUnlock")
        publisher.publish(ORDERS, _orders("after"))
        created = counted(lambda: orders_created(documents) - before, 2 * _ORDERS)
        server.kill()
        shutil.rmtree(server.data)
        copy.rename(server.data)
        server.start()
        publisher.publish(ORDERS, _orders("later"))
        found = counted(lambda: orders_created(documents) - before, 3 * _ORDERS)
    failures = []
    if created != 2 * _ORDERS:
        failures.append(f"{created:,} of {2 * _ORDERS:,} orders were counted before the restore")
    if found != 3 * _ORDERS:
        failures.append(f"{found:,} of {3 * _ORDERS:,} orders are counted after the restore")
    return Sent(f"{publisher}; MongoDB restored to before two thirds of them", failures)


def _orders(name: str) -> Iterator[Published]:
    for number in range(_ORDERS):
        order = f"went-back-{name}-{number}"
        data = {"order_id": order, "currency": "EUR", "total_cents": 100}
        yield message(order, event("order.created", data))


def _token() -> str:
    parts = ({"alg": "RS256", "kid": "k"}, {"sub": "mallory"})
    packed = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join([*(part.rstrip("=") for part in packed), "A" * 342])


ATTACKS = (
    # The first calls after the key is stale may find the outage; those that follow know of it.
    Attack("MongoDB does not answer", frozen_mongodb, ("tracking",), 60, 60, judged_percent=95),
    Attack("a key server that drips", dripping_key_server, (), 60),
    # Last, because it replaces the server; a niced process would leave it niced.
    Attack("a database that went back", database_went_back, (), 120, 60, nice=0),
)
