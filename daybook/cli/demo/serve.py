"""The demo's end: what it counted, served; and whoever tracks an event sees it arrive."""

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
_SECONDS_BETWEEN_LOOKS = 0.2


class Served(NamedTuple):
    """What runs. `reads` and `tracks` are keys that end with the demo."""

    query: Service
    collector: Service
    reads: str
    tracks: str
    running: Processes
    files: dict[str, Path]


def goes_on(settings: Settings) -> bool:
    """Whether somebody is there who can look, and has not said that he will not."""
    # Not the console's: it may be told to take a file for a terminal.
    return settings.demo_serve and sys.stdout.isatty()


@contextmanager
def services(settings: Settings, console: Console, logs: Path) -> Iterator[Served]:
    """The collector, a member of funnel-step, and the query module with the dashboard.

    Told to stop, by Ctrl-C or otherwise, it raises KeyboardInterrupt once, and ends them. Raises
    DaybookError when one does not start.
    """
    with _stopped_once(), _keys(settings) as (reads, tracks):
        query = _port(console, "the dashboard", QUERY_PORT)
        collector = _port(console, "the collector", COLLECTOR_PORT)
        commands = {
            "query": command("serve", "query", "--port", str(query)),
            "collector": command("serve", "collector", "--port", str(collector)),
            "funnel-step": command("run", "funnel-step"),
        }
        files = {name: logs / f"{name}.log" for name in commands}
        with processes(commands, files) as running:
            own = Served(
                Service(query, reads), Service(collector, tracks), reads, tracks, running, files
            )
            _wait(own, console)
            yield own


def stay(own: Served, console: Console) -> None:
    """Until Ctrl-C, which is how it ends in order. Raises StepFailed when a service ends before."""
    try:
        while True:
            check(own.running, own.files, console)
            for name, process in own.running.items():
                if process.returncode is not None:
                    raise StepFailed(f"{name} was told to stop by somebody else", 1)
            sleep(_SECONDS_BETWEEN_LOOKS)
    except KeyboardInterrupt:
        print_line(
            "\nStopping the services. The servers keep running; `daybook down` stops them.", console
        )


def invitation(own: Served) -> str:
    """Where to look, with which key, and an event to track."""
    last = PLAN.start.fromordinal(PLAN.start.toordinal() + PLAN.days - 1)
    _, (shop, funnel, _) = funnel_tables.FUNNELS
    return f"""
The dashboard is at {own.query}/ until you press Ctrl-C.

  It asks for a key     {own.reads}
  The simulated shop    {own.query}/#organization={shop}&from={PLAN.start}&to={last}&funnel={funnel}
  Events of your own    {own.query}/#organization={demo_check.ORGANIZATION}

Open the last one, track an event, and see it there within two seconds:

  curl {own.collector}{API}track -H 'X-Daybook-Key: {own.tracks}' \\
    -d '{json.dumps(demo_check.EVENT)}'
"""


def _port(console: Console, what: str, usual: int) -> int:
    if is_free(usual):
        return usual
    (other,) = free_ports(1)
    print_line(f"port {usual} is in use by {holder(usual)}; {what} listens on {other}", console)
    return other


def _wait(own: Served, console: Console) -> None:
    """Until both answer. Raises StepFailed."""
    end = monotonic() + _READY_SECONDS
    while not (own.query.is_ready() and own.collector.is_ready()):
        check(own.running, own.files, console)
        if monotonic() > end:
            raise StepFailed(f"the services are not ready after {_READY_SECONDS} s", 4)
        sleep(_SECONDS_BETWEEN_LOOKS)


@contextmanager
def _keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """One that reads everything, one that tracks; revoked at the end.

    A server's: what curl sends with a key for web pages counts as a bot's.
    """
    documents, organization = database(settings), demo_check.ORGANIZATION
    now = datetime.now(UTC)
    reads, of_reader = api_keys.create(documents, "read", organization, "demo", now, "admin")
    tracks, of_server = api_keys.create(documents, "server", organization, "demo", now)
    try:
        yield reads, tracks
    finally:
        for key in (of_reader, of_server):
            api_keys.revoke(documents, key.id, datetime.now(UTC))
        documents.client.close()


@contextmanager
def _stopped_once() -> Iterator[None]:
    """Of the signals that end a command the first raises KeyboardInterrupt, and others nothing:
    they would come in the way of ending what runs."""
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
