"""`daybook status`: how each group stands."""

import signal
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from threading import Event
from typing import Annotated

import typer
from prometheus_client import CollectorRegistry, start_http_server

import consumers
from daybook.cli.support.printing import as_json, console, moment, print_line, print_warning, table
from daybook.cli.support.status_exporter import StandingCollector
from daybook.engine.errors import WrongSetting
from daybook.engine.kafka.clients import admin
from daybook.engine.mongo.client import database
from daybook.engine.operations.status import GroupStatus, group_statuses
from daybook.engine.protocol.fleet import find_fleet
from daybook.engine.settings import Settings, settings
from daybook.exports.group import GROUP as EXPORTS


def status(
    json: Annotated[
        bool, typer.Option("--json", help="Print everything, by partition, as JSON on stdout.")
    ] = False,
    serve: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            min=0,
            max=65_535,
            help="Serve it to Prometheus at /metrics, asked anew at each scrape, until SIGTERM; "
            "0 takes a free port. Listens on DAYBOOK_HEALTH_HOST.",
        ),
    ] = None,
) -> None:
    """Show how each group stands: members, lag, freshness, dead letters.

    The lag is what the log holds beyond the group's checkpoints, so it is right when no member
    runs. Members are those that gave a sign of life in the last 15 seconds.

    Exit 0, whatever the lag. 4: a server does not answer.
    """
    own = settings()
    ask = _question(own)
    if serve is not None:
        if json:
            raise typer.BadParameter("--serve answers Prometheus; --json prints once")
        _serve(own, serve, ask)
        return
    found = ask()
    if json:
        print(as_json([as_document(one) for one in found]))
        return
    headings = ("group", "members", "partitions", "lag", "newest event", "dead letters", "gaps")
    console().print(table(headings, [_row(one) for one in found]))
    for one in found:
        for sentence in _troubles(one):
            print_warning(sentence)


def as_document(one: GroupStatus) -> dict[str, object]:
    """For machines: every field, and the lag in sum and by partition."""
    partitions = [asdict(partition) | {"lag": partition.lag} for partition in one.partitions]
    return asdict(one) | {"lag": one.lag, "partitions": partitions}


def _question(own: Settings) -> Callable[[], list[GroupStatus]]:
    documents, client = database(own), admin(own)

    def ask() -> list[GroupStatus]:
        find_fleet(documents, client)
        return group_statuses((*consumers.FLEET, EXPORTS), documents, client, datetime.now(UTC))

    return ask


def _serve(own: Settings, port: int, ask: Callable[[], list[GroupStatus]]) -> None:
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    registry = CollectorRegistry()
    registry.register(StandingCollector(ask, print_warning))
    try:
        server, thread = start_http_server(port, own.health_host, registry)
    except OSError as error:
        raise WrongSetting(f"--serve {port} on {own.health_host}: {error.strerror}") from None
    print_line(f"http://{own.health_host}:{server.server_port}/metrics")
    stopped.wait()
    server.shutdown()
    thread.join()


def _row(one: GroupStatus) -> tuple[str, ...]:
    return (
        one.group.removeprefix(consumers.PREFIX),
        f"{one.members}",
        f"{len(one.partitions)}",
        f"{one.lag:,}",
        moment(one.newest_event_at) or one.newest_day or "-",
        f"{one.dead_letters_waiting:,}",
        f"{one.gaps_accepted:,}",
    )


def _troubles(one: GroupStatus) -> list[str]:
    group = one.group.removeprefix(consumers.PREFIX)
    troubles = [
        f"{group}: no topic {topic} on the cluster: run `daybook topics apply`"
        for topic in one.topics_missing
    ]
    lost = [f"{p.topic}[{p.partition}]" for p in one.partitions if not p.in_log]
    if lost:
        troubles.append(
            f"{group}: the log no longer holds what is to be counted next of {', '.join(lost)}: "
            f"see `daybook reset {group} --help`"
        )
    if one.lag and not one.members:
        command = "serve" if one.group == EXPORTS.name else "run"
        troubles.append(f"{group}: nobody counts; `daybook {command} {group}` does")
    return troubles
