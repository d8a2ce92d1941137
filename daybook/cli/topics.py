"""`daybook topics`: compares the cluster's topics with topics.yaml, and creates them."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import typer
from confluent_kafka.admin import AdminClient

import consumers
from daybook.cli.support.printing import console, number_of, print_line, table
from daybook.engine.kafka.clients import admin
from daybook.engine.kafka.topics import (
    ActualTopic,
    DeclaredTopic,
    Drift,
    add_partitions,
    alter,
    compare,
    create,
    describe_topics,
)
from daybook.engine.mongo.client import database
from daybook.engine.operations.partition_boundaries import partition_ends, record_boundary
from daybook.engine.protocol.fleet import find_fleet
from daybook.engine.settings import Settings, settings
from schemas.catalogue import catalogue

topics = typer.Typer(
    no_args_is_help=True,
    help="Compare the cluster's topics with topics.yaml; create and configure them.",
)

Report = Callable[[str], None]
"""Prints one line of progress."""

REMEDIES = {
    "missing": "daybook topics apply",
    "config": "daybook topics apply",
    "partitions": "daybook topics apply --add-partitions",
    "replication": "Kafka's kafka-reassign-partitions tool",
    "undeclared": "declare it in topics.yaml, or delete it from the topic",
}
_TOO_MANY = "raise `partitions` in topics.yaml: Kafka cannot remove partitions"


@topics.command()
def check(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the drifts as a JSON array on stdout.")
    ] = False,
) -> None:
    """List where the cluster's topics differ from topics.yaml. Changes nothing.

    Compares existence, partition counts, replicas (too few) and configs, and lists configs that
    are set on a topic but not declared.

    Exit 0: no differences. 1: differences. 4: Kafka does not answer.
    """
    drifts, declared = find_drifts(settings())
    if as_json:
        print(json.dumps([asdict(drift) | {"remedy": remedy(drift)} for drift in drifts], indent=2))
    elif drifts:
        rows = [(drift.topic, describe(drift), remedy(drift)) for drift in drifts]
        console().print(table(("topic", "drift", "remedy"), rows))
    else:
        print_line(f"{declared} topics match topics.yaml")
    if drifts:
        raise typer.Exit(1)


@topics.command()
def apply(
    with_partitions: Annotated[
        bool,
        typer.Option(
            "--add-partitions",
            help="Also add partitions if topics.yaml declares more. First stop the topic's "
            "producers and the groups with state that read it.",
        ),
    ] = False,
) -> None:
    """Create and configure the cluster's topics as topics.yaml declares them.

    Missing topics are created, with DAYBOOK_TOPICS_REPLICATION replicas if it is set; configs
    that differ are set. Nothing is deleted: no topic, no partition, no config that topics.yaml
    does not name. Idempotent.

    --add-partitions: new partitions move keys to other partitions. So first (1) stop the topic's
    producers, and (2) let each group with state that reads the topic catch up (`daybook run GROUP
    --until-caught-up`), then stop it, in every fleet that reads from this cluster. Daybook checks
    this for the groups of this fleet and records the boundary in MongoDB; it cannot check that
    producers are stopped. Afterwards start the groups, then the producers.

    Exit 0: the topics match topics.yaml. 1: a difference remains, with its remedy. 4: a server
    does not answer.
    """
    remaining = apply_topics(settings(), print_line, with_partitions=with_partitions)
    if remaining:
        raise typer.Exit(1)


def apply_topics(config: Settings, report: Report, *, with_partitions: bool) -> list[Drift]:
    """Creates and configures topics; returns the differences that remain.

    Raises DaybookError, Unavailable.
    """
    client, wanted = admin(config), wanted_topics(config)
    by_name = {topic.name: topic for topic in wanted}
    drifts = compare(wanted, _find(client, wanted))
    changes: dict[str, dict[str, str]] = {}
    remaining: list[Drift] = []
    for drift in drifts:
        if drift.kind == "missing":
            topic = by_name[drift.topic]
            create(client, topic)
            report(f"{drift.topic}: created with {number_of(topic.partitions, 'partition')}")
        elif drift.kind == "config":
            changes.setdefault(drift.topic, {})[str(drift.setting)] = str(drift.wanted)
        elif drift.kind == "partitions" and with_partitions and not _too_many(drift):
            _add_partitions(config, client, drift, report)
        else:
            remaining.append(drift)
    for name, values in changes.items():
        alter(client, name, values)
        report(f"{name}: set " + ", ".join(f"{key}={value}" for key, value in values.items()))
    for drift in remaining:
        report(f"{drift.topic}: {describe(drift)}; not changed. Remedy: {remedy(drift)}")
    if not drifts:
        report(f"{len(wanted)} topics match topics.yaml")
    return remaining


def find_drifts(config: Settings) -> tuple[list[Drift], int]:
    """Where the cluster differs from topics.yaml, and how many topics that declares.

    Raises DaybookError, Unavailable.
    """
    wanted = wanted_topics(config)
    return compare(wanted, _find(admin(config), wanted)), len(wanted)


def wanted_topics(config: Settings) -> list[DeclaredTopic]:
    """Every topic of the catalogue. Raises DaybookError."""
    known = catalogue()
    replication = config.topics_replication or known.defaults.replication
    return [
        DeclaredTopic(
            known.cluster_name(name), known.partitions(name), replication, known.config(name)
        )
        for name in known.topics
    ]


def describe(drift: Drift) -> str:
    """The difference in words, to follow the topic's name."""
    match drift.kind:
        case "missing":
            return "does not exist"
        case "partitions":
            return f"has {drift.found} partitions, topics.yaml declares {drift.wanted}"
        case "replication":
            return f"has {drift.found} replicas, {drift.wanted} are wanted"
        case "config":
            return f"{drift.setting} is {drift.found}, topics.yaml declares {drift.wanted}"
        case "undeclared":
            return f"{drift.setting}={drift.found} is set, but topics.yaml does not declare it"


def remedy(drift: Drift) -> str:
    """The command or the action that removes the difference."""
    return _TOO_MANY if _too_many(drift) else REMEDIES[drift.kind]


def _too_many(drift: Drift) -> bool:
    return drift.kind == "partitions" and int(str(drift.found)) > int(str(drift.wanted))


def _find(client: AdminClient, wanted: list[DeclaredTopic]) -> dict[str, ActualTopic]:
    return describe_topics(client, [topic.name for topic in wanted])


def _add_partitions(config: Settings, client: AdminClient, drift: Drift, report: Report) -> None:
    topic, count = drift.topic, int(str(drift.wanted))
    stateful = [g for g in consumers.FLEET if g.state is not None and topic in g.topics]
    ends = None
    if stateful:
        documents = database(config)
        find_fleet(documents, client)
        ends = record_boundary(documents, client, topic, count, stateful)
    add_partitions(client, topic, count)
    report(f"{topic}: raised from {drift.found} to {count} partitions")
    if ends is not None:
        new_ends = partition_ends(client, topic)
        written = sum(new_ends[number] - end for number, end in ends.items())
        if written:
            report(
                f"{topic}: {written} messages arrived while partitions were added, so a producer "
                "was still running. Messages it sends to a key's old partition become dead letters "
                "(key_on_two_partitions): restart it, then see `daybook dlq list`"
            )
