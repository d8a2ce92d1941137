"""`daybook status`: shows the members, lag, freshness and dead letters of each group."""

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
from daybook.cli.support.status_exporter import StatusCollector
from daybook.engine.errors import WrongSetting
from daybook.engine.kafka.clients import admin
from daybook.engine.mongo.client import database
from daybook.engine.operations.status import GroupStatus, group_statuses
from daybook.engine.protocol.fleet import find_fleet
from daybook.engine.settings import Settings, settings
from daybook.exports.group import GROUP as EXPORTS


def status(
    json: Annotated[
        bool,
        typer.Option("--json", help="Print all fields, with those of each partition, as JSON."),
    ] = False,
    serve: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            min=0,
            max=65_535,
            help="Serve the status to Prometheus at /metrics until SIGTERM, read again at each "
            "scrape; 0 takes a free port. Listens on DAYBOOK_HEALTH_HOST.",
        ),
    ] = None,
) -> None:
    """Show the members, lag, freshness and dead letters of each group.

    The lag is the number of messages beyond the group's checkpoints, so it is also right while
    no member runs. Members are those that sent a heartbeat in the last 15 seconds.

    Exit 0: whatever the lag is. 4: a server does not answer.

    Examples: `daybook status` · `daybook status --serve 9400`
    """
    config = settings()
    read_status = _status_reader(config)
    if serve is not None:
        if json:
            raise typer.BadParameter("use either --serve or --json")
        _serve(config, serve, read_status)
        return
    statuses = read_status()
    if json:
        print(as_json([as_document(status) for status in statuses]))
        return
    headings = ("group", "members", "partitions", "lag", "newest event", "dead letters", "gaps")
    console().print(table(headings, [_row(status) for status in statuses]))
    for group_status in statuses:
        for warning in _warnings(group_status):
            print_warning(warning)


def as_document(status: GroupStatus) -> dict[str, object]:
    """Every field for --json, with the lag in total and of each partition."""
    partitions = [asdict(partition) | {"lag": partition.lag} for partition in status.partitions]
    return asdict(status) | {"lag": status.lag, "partitions": partitions}


def _status_reader(config: Settings) -> Callable[[], list[GroupStatus]]:
    documents, client = database(config), admin(config)

    def read_status() -> list[GroupStatus]:
        find_fleet(documents, client)
        return group_statuses((*consumers.FLEET, EXPORTS), documents, client, datetime.now(UTC))

    return read_status


def _serve(config: Settings, port: int, read_status: Callable[[], list[GroupStatus]]) -> None:
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    registry = CollectorRegistry()
    registry.register(StatusCollector(read_status, print_warning))
    try:
        server, thread = start_http_server(port, config.health_host, registry)
    except OSError as error:
        raise WrongSetting(f"--serve {port}, DAYBOOK_HEALTH_HOST: {error.strerror}") from None
    print_line(f"http://{config.health_host}:{server.server_port}/metrics")
    stopped.wait()
    server.shutdown()
    thread.join()


def _row(status: GroupStatus) -> tuple[str, ...]:
    return (
        status.group.removeprefix(consumers.PREFIX),
        f"{status.members}",
        f"{len(status.partitions)}",
        f"{status.lag:,}",
        moment(status.newest_event_at) or status.newest_day or "-",
        f"{status.dead_letters_waiting:,}",
        f"{status.gaps_accepted:,}",
    )


def _warnings(status: GroupStatus) -> list[str]:
    group = status.group.removeprefix(consumers.PREFIX)
    warnings = [
        f"{group}: no topic {topic} on the cluster: run `daybook topics apply`"
        for topic in status.topics_missing
    ]
    lost = [f"{p.topic}[{p.partition}]" for p in status.partitions if not p.in_log]
    if lost:
        warnings.append(
            f"{group}: the log no longer holds the next message to count of {', '.join(lost)}: "
            f"see `daybook reset {group} --help`"
        )
    if status.lag and not status.members:
        command = "serve" if status.group == EXPORTS.name else "run"
        warnings.append(f"{group}: no member runs; start one with `daybook {command} {group}`")
    return warnings
