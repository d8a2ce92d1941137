"""`daybook reset`: lets a group continue after messages that the log lost before it read them."""

from typing import Annotated

import typer

import consumers
from daybook.cli.support.printing import print_line
from daybook.engine.kafka.clients import admin
from daybook.engine.mongo.client import database
from daybook.engine.operations.reset import OffsetReset, accept, check_stopped, commit, find_resets
from daybook.engine.protocol.fleet import find_fleet
from daybook.engine.settings import settings
from daybook.exports.group import GROUP as EXPORTS


def reset(
    group: Annotated[str, typer.Argument(help="revenue, or sc-analytics-revenue")],
    accept_gap: Annotated[
        bool,
        typer.Option(
            "--accept-gap",
            help="Required: confirm that the lost messages will never be counted.",
        ),
    ] = False,
) -> None:
    """Let a group continue after a gap: messages that the log lost before it counted them.

    A group stops if retention deleted messages that it had not counted, or if the log lost its
    tail. Restore the messages if you can. If not, stop the group's members and run this command:
    it records the offsets that were not counted, and the group continues after them. From then
    on `daybook verify` reports that the days of this partition cannot be recounted.

    If no message is lost, nothing changes.

    Exit 0: gap accepted, or no gap. 1: the group still runs. 4: a server does not answer.

    Example: `daybook reset revenue --accept-gap`
    """
    export_names = EXPORTS.name, EXPORTS.name.removeprefix(consumers.PREFIX)
    target = EXPORTS if group in export_names else consumers.find(group)
    if not accept_gap:
        raise typer.BadParameter("--accept-gap is required: lost messages will never be counted")
    config = settings()
    client, documents = admin(config), database(config)
    fleet = find_fleet(documents, client)
    if fleet is None:
        print_line(f"no group has counted into database {documents.name} yet, so there is no gap")
        return
    check_stopped(target, client)
    resets = find_resets(target, fleet, documents, client, config)
    for offset_reset in resets:
        accept(offset_reset, target, documents)
    if resets:
        commit(resets, target, fleet, config)
    for offset_reset in resets:
        print_line(describe(offset_reset))
    if not resets:
        print_line(f"no gap: the log holds every message that {target.name} has yet to count")


def describe(reset: OffsetReset) -> str:
    """A sentence on what was reset, and which offsets stay uncounted."""
    partition, missed, restart = reset.partition, reset.missed, reset.restart
    if missed == reset.counted_again:
        return f"{partition}: nothing is missing; Kafka's committed offset is now {restart}, too"
    last = reset.counted_again - 1
    if restart == reset.counted_again:
        return f"{partition}: offsets {missed} to {last} are not counted; continues at {restart}"
    return (
        f"{partition}: the log ends at {restart} but was counted to {last}; continues at its end. "
        f"New messages at offsets {missed} to {last} may not be counted"
    )
