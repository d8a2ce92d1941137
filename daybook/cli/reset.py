"""`daybook reset`: going on after a gap in the log."""

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
        typer.Option("--accept-gap", help="Yes: these messages will never be counted. Required."),
    ] = False,
) -> None:
    """Let a group go on whose next messages the log has lost.

    A group stops where its log was deleted before it was counted, or lost its tail. Bring the
    messages back if you can. If not, stop the group's members and say --accept-gap: the offsets
    that were not counted are recorded, and the group goes on after them. `daybook verify` says
    for ever that the days of this partition cannot be recounted.

    Where nothing is lost, nothing changes.

    Exit 0: accepted, or nothing to accept. 1: the group still runs. 4: a server does not answer.
    """
    names = EXPORTS.name, EXPORTS.name.removeprefix(consumers.PREFIX)
    found = EXPORTS if group in names else consumers.find(group)
    if not accept_gap:
        raise typer.BadParameter("say --accept-gap: what the log has lost is never counted")
    own = settings()
    client, documents = admin(own), database(own)
    fleet = find_fleet(documents, client)
    if fleet is None:
        print_line(f"database {documents.name} has counted nothing yet, so there is no gap")
        return
    check_stopped(found, client)
    resets = find_resets(found, fleet, documents, client, own)
    for one in resets:
        accept(one, found, documents)
    if resets:
        commit(resets, found, fleet, own)
    for one in resets:
        print_line(describe(one))
    if not resets:
        print_line(f"the log holds all that {found.name} has still to count: nothing to accept")


def describe(one: OffsetReset) -> str:
    """What was accepted, in words."""
    if one.missed == one.counted_again:
        return f"{one.partition}: nothing is missing; Kafka's offset now is {one.restart}, too"
    last = one.counted_again - 1
    if one.restart == one.counted_again:
        return (
            f"{one.partition}: offsets {one.missed} to {last} are not counted; it goes on at "
            f"{one.restart}"
        )
    return (
        f"{one.partition}: the log ends at {one.restart}, and was counted to {last}; it goes on at "
        f"its end. Messages that get the offsets {one.missed} to {last} again may not be counted"
    )
