"""`daybook up`: starts Kafka, MongoDB and Redis on this machine, creates topics and indexes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import consumers
from daybook.cli.down import servers_down
from daybook.cli.support.local_directory import local_directory
from daybook.cli.support.local_secret import with_local_secret
from daybook.cli.support.local_servers import (
    VARIABLES,
    given_servers,
    local_ports,
    server_errors,
    use_ports,
)
from daybook.cli.support.printing import print_line
from daybook.cli.topics import apply_topics
from daybook.engine.mongo import indexes
from daybook.engine.mongo.client import database
from daybook.engine.settings import settings
from daybook.exports.group import GROUP as EXPORTS
from daybook.local.choice import choose
from daybook.local.server import Report
from daybook.local.stack import NAMES, Stack


def up(
    wipe: Annotated[
        bool, typer.Option("--wipe", help="Start with empty servers: run `down --wipe` first.")
    ] = False,
    ports: Annotated[
        str | None,
        typer.Option(
            metavar="KAFKA,MONGODB,REDIS",
            callback=use_ports,
            help="Use other ports, for example 29092,37117,26379; like DAYBOOK_LOCAL_PORTS.",
        ),
    ] = None,
) -> None:
    """Start Kafka, MongoDB and Redis on this machine, and create the topics and indexes.

    The first run downloads the servers to your user cache (about 90 MB). This
    needs Java 17 and Maven, but neither root nor Docker. The servers run on
    127.0.0.1 until `daybook down`, with their data in `.daybook/`. Servers
    that already run are left as they are, so you can run `up` at any time.

    To use a server of your own, name it in DAYBOOK_KAFKA_BOOTSTRAP_SERVERS,
    DAYBOOK_MONGODB_URI or DAYBOOK_REDIS_URL: it is never started, stopped
    or wiped.

    Next: `daybook demo`, or `daybook publish TOPIC FILE.ndjson` and then
    `daybook run GROUP`.
    """
    console = Console()
    if wipe:
        servers_down(console, wipe=True)
    servers_up(console)
    prepare()
    if ports:
        print_line(f"for other commands, run: export DAYBOOK_LOCAL_PORTS={ports}", console)


def servers_up(console: Console) -> None:
    """Starts the servers and prints which were chosen, and why. Raises DaybookError."""
    given = given_servers()
    wanted = [name for name in NAMES if name not in given]
    for name in given:
        print_line(f"{name}: your own, because {VARIABLES[name]} names it", console)
    states = {name: f"set by {VARIABLES[name]}" for name in given}
    if wanted:
        with server_errors():
            choice = choose(local_directory(), wanted, local_ports())
            print_line(f"{', '.join(wanted)}: {choice.why}", console)
            with _progress(console) as report:
                states |= choice.servers.start(wanted, report)
    console.print(_table({**Stack(Path(), local_ports()).addresses, **given}, states))


def _table(addresses: Mapping[str, str], states: Mapping[str, str]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("server", "address", "state"):
        table.add_column(heading, overflow="fold")
    for name in NAMES:
        table.add_row(name, escape(addresses[name]), states[name])
    return table


@contextmanager
def _progress(console: Console) -> Iterator[Report]:
    """One line that changes on a terminal; elsewhere a line for each step."""
    if not console.is_terminal:
        yield lambda name, line: print_line(f"{name}: {line}", console)
        return
    latest: dict[str, str] = {}
    with console.status("") as status:

        def report(name: str, line: str) -> None:
            latest[name] = line
            steps = sorted(latest.items())
            status.update(escape(" · ".join(f"{name} {line}" for name, line in steps)))

        yield report


def prepare() -> None:
    """Creates topics and indexes, and prints what changed. Raises DaybookError, Unavailable."""
    config = with_local_secret(settings())
    apply_topics(config, print_line, with_partitions=False)
    documents = database(config)
    for group in (*consumers.FLEET, EXPORTS):
        indexes.ensure(documents, group)
