"""Serves the dashboard and the collector at the end of the demo, until Ctrl-C."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from types import FrameType
from typing import NamedTuple

from rich.console import Console

from daybook.cli.demo import check as demo_check
from daybook.cli.demo import funnel_tables
from daybook.cli.demo.processes import Processes, StepFailed, check, command, processes
from daybook.cli.demo.service_client import API, Service
from daybook.cli.demo.traffic import PLAN
from daybook.cli.support.printing import print_line
from daybook.engine.mongo.client import database
from daybook.engine.settings import Settings
from daybook.local.ports import free_ports, holder, is_free
from daybook.service import api_keys

QUERY_PORT, COLLECTOR_PORT = 8080, 8081
_READY_SECONDS = 60
_POLL_SECONDS = 0.2


class Served(NamedTuple):
    """The running services. `read_key` and `track_key` are API keys, revoked with the demo."""

    query: Service
    collector: Service
    read_key: str
    track_key: str
    running: Processes
    files: dict[str, Path]


def keeps_serving(settings: Settings) -> bool:
    """Whether the demo runs on a terminal and DAYBOOK_DEMO_SERVE allows serving."""
    # Not console.is_terminal, which FORCE_COLOR can make true for a file.
    return settings.demo_serve and sys.stdout.isatty()


@contextmanager
def services(settings: Settings, console: Console, logs: Path) -> Iterator[Served]:
    """Runs the collector, a member of funnel-step, and the query service with the dashboard.

    The first signal to stop, such as Ctrl-C, raises KeyboardInterrupt; the services end with the
    context. Raises DaybookError if one does not start.
    """
    with _interrupted_once(), _keys(settings) as (read_key, track_key):
        query = _port(console, "the dashboard", QUERY_PORT)
        collector = _port(console, "the collector", COLLECTOR_PORT)
        commands = {
            "query": command("serve", "query", "--port", str(query)),
            "collector": command("serve", "collector", "--port", str(collector)),
            "funnel-step": command("run", "funnel-step"),
        }
        files = {name: logs / f"{name}.log" for name in commands}
        with processes(commands, files) as running:
            served = Served(
                Service(query, read_key),
                Service(collector, track_key),
                read_key,
                track_key,
                running,
                files,
            )
            _wait_until_ready(served, console)
            yield served


def wait_for_interrupt(served: Served, console: Console) -> None:
    """Returns on Ctrl-C. Raises StepFailed if a service ends before."""
    try:
        while True:
            check(served.running, served.files, console)
            for name, process in served.running.items():
                if process.returncode is not None:
                    raise StepFailed(f"{name} was stopped by another program or user", 1)
            sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        print_line(
            "\nStopping the services. The servers keep running; `daybook down` stops them.", console
        )


def invitation(served: Served) -> str:
    """The dashboard's addresses, an API key, and a command that tracks an event."""
    last = PLAN.start.fromordinal(PLAN.start.toordinal() + PLAN.days - 1)
    _, (shop, funnel, _) = funnel_tables.FUNNELS
    simulated = f"organization={shop}&from={PLAN.start}&to={last}&funnel={funnel}"
    return f"""
The dashboard is at {served.query}/ until you press Ctrl-C.

  The key to sign in    {served.read_key}
  The simulated shop    {served.query}/#{simulated}
  Your own events       {served.query}/#organization={demo_check.ORGANIZATION}

Open the last address, track an event, and watch it appear within two seconds:

  curl {served.collector}{API}track -H 'X-Daybook-Key: {served.track_key}' \\
    -d '{json.dumps(demo_check.EVENT)}'
"""


def _port(console: Console, service: str, default: int) -> int:
    if is_free(default):
        return default
    (port,) = free_ports(1)
    print_line(
        f"port {default} is in use by {holder(default)}; {service} listens on {port}", console
    )
    return port


def _wait_until_ready(served: Served, console: Console) -> None:
    """Raises StepFailed if a service fails, or is not ready in time."""
    end = monotonic() + _READY_SECONDS
    while not (served.query.is_ready() and served.collector.is_ready()):
        check(served.running, served.files, console)
        if monotonic() > end:
            raise StepFailed(f"the services are not ready after {_READY_SECONDS} s", 4)
        sleep(_POLL_SECONDS)


@contextmanager
def _keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """An admin's read key and a server key for tracking; both are revoked at the end.

    Not a write key: a call by curl with a web page's key would be marked as a bot.
    """
    documents, organization = database(settings), demo_check.ORGANIZATION
    now = datetime.now(UTC)
    read_text, read_key = api_keys.create(documents, "read", organization, "demo", now, "admin")
    track_text, track_key = api_keys.create(documents, "server", organization, "demo", now)
    try:
        yield read_text, track_text
    finally:
        for key in (read_key, track_key):
            api_keys.revoke(documents, key.id, datetime.now(UTC))
        documents.client.close()


@contextmanager
def _interrupted_once() -> Iterator[None]:
    """The first signal that ends a command raises KeyboardInterrupt; later ones are ignored, so
    that they do not interrupt the shutdown of the services."""
    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {n: h for n in ends if (h := signal.getsignal(n)) != signal.SIG_IGN}

    def stop(_: int, __: FrameType | None) -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
