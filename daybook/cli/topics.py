"""`daybook topics`: the cluster against topics.yaml."""

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
    help="Compare the cluster's topics with topics.yaml, and make them so.",
)

Say = Callable[[str], None]

REMEDIES = {
    "missing": "daybook topics apply",
    "config": "daybook topics apply",
    "partitions": "daybook topics apply --add-partitions",
    "replication": "kafka-reassign-partitions, a tool of Kafka's",
    "undeclared": "declare it in topics.yaml, or delete it from the topic",
}
_TOO_MANY = "raise `partitions` in topics.yaml: they are never lowered"


@topics.command()
def check(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the drifts as a JSON array on stdout.")
    ] = False,
) -> None:
    """Say where the cluster's topics are not as topics.yaml has them.

    Compared are existence, partitions, replicas (fewer than wanted) and configs, and what was
    configured on a topic without being declared. Nothing is changed.

    Exit 0: as declared. 1: drift. 4: Kafka does not answer.
    """
    drifts = compare(wanted := wanted_topics(settings()), _look(admin(settings()), wanted))
    if as_json:
        print(json.dumps([asdict(drift) | {"remedy": remedy(drift)} for drift in drifts], indent=2))
    elif drifts:
        rows = [(drift.topic, describe(drift), remedy(drift)) for drift in drifts]
        console().print(table(("topic", "drift", "remedy"), rows))
    else:
        print_line(f"{len(wanted)} topics are as topics.yaml says")
    if drifts:
        raise typer.Exit(1)


@topics.command()
def apply(
    with_partitions: Annotated[
        bool,
        typer.Option(
            "--add-partitions",
            help="Also add partitions where topics.yaml says more than there are. Stop the "
            "topic's producers first, and the groups with state that read it.",
        ),
    ] = False,
) -> None:
    """Make the cluster's topics as topics.yaml says.

    Topics that are missing are created, with DAYBOOK_TOPICS_REPLICATION copies if that is set;
    configs that differ are set. Partitions are never taken away, topics never deleted, and what
    topics.yaml does not name is left alone. Saying it again changes nothing.

    --add-partitions: a key moves to another partition when their number changes, so first
    (1) stop the topic's producers, (2) let each group with state that reads it catch up
    (`daybook run GROUP --until-caught-up`) and stop it, in every fleet that counts from this
    cluster. That the groups of this fleet did is checked, and the boundary is recorded in MongoDB;
    that producers stopped is up to you. Then start groups, then producers.

    Exit 0: all is as declared. 1: something was left as it is, and why. 4: a server does not
    answer.
    """
    left = apply_topics(settings(), print_line, with_partitions=with_partitions)
    if left:
        raise typer.Exit(1)


def apply_topics(own: Settings, say: Say, *, with_partitions: bool) -> list[Drift]:
    """Makes the topics so; returns what is left as it is. Raises DaybookError, Unavailable."""
    client, wanted = admin(own), wanted_topics(own)
    by_name = {topic.name: topic for topic in wanted}
    drifts = compare(wanted, _look(client, wanted))
    configs: dict[str, dict[str, str]] = {}
    left: list[Drift] = []
    for drift in drifts:
        if drift.kind == "missing":
            topic = by_name[drift.topic]
            create(client, topic)
            say(f"{drift.topic}: created with {number_of(topic.partitions, 'partition')}")
        elif drift.kind == "config":
            configs.setdefault(drift.topic, {})[str(drift.setting)] = str(drift.wanted)
        elif drift.kind == "partitions" and with_partitions and not _too_many(drift):
            _add_partitions(own, client, drift, say)
        else:
            left.append(drift)
    for name, config in configs.items():
        alter(client, name, config)
        say(f"{name}: set " + ", ".join(f"{key}={value}" for key, value in config.items()))
    for drift in left:
        say(f"{drift.topic}: {describe(drift)}; left as it is. Remedy: {remedy(drift)}")
    if not drifts:
        say(f"{len(wanted)} topics are as topics.yaml says")
    return left


def wanted_topics(own: Settings) -> list[DeclaredTopic]:
    """Every topic of the catalogue. Raises DaybookError."""
    known = catalogue()
    replication = own.topics_replication or known.defaults.replication
    return [
        DeclaredTopic(
            known.cluster_name(name), known.partitions(name), replication, known.config(name)
        )
        for name in known.topics
    ]


def describe(drift: Drift) -> str:
    """What is not as it should be, in words."""
    match drift.kind:
        case "missing":
            return "is not there"
        case "partitions":
            return f"partitions are {drift.found}, topics.yaml says {drift.wanted}"
        case "replication":
            return f"replicas are {drift.found}, wanted are {drift.wanted}"
        case "config":
            return f"{drift.setting} is {drift.found}, topics.yaml says {drift.wanted}"
        case "undeclared":
            return f"{drift.setting}={drift.found} is set, topics.yaml does not name it"


def remedy(drift: Drift) -> str:
    """What makes the drift go away."""
    return _TOO_MANY if _too_many(drift) else REMEDIES[drift.kind]


def _too_many(drift: Drift) -> bool:
    return drift.kind == "partitions" and int(str(drift.found)) > int(str(drift.wanted))


def _look(client: AdminClient, wanted: list[DeclaredTopic]) -> dict[str, ActualTopic]:
    return describe_topics(client, [topic.name for topic in wanted])


def _add_partitions(own: Settings, client: AdminClient, drift: Drift, say: Say) -> None:
    topic, to = drift.topic, int(str(drift.wanted))
    stateful = [g for g in consumers.FLEET if g.state is not None and topic in g.topics]
    ends = None
    if stateful:
        documents = database(own)
        find_fleet(documents, client)
        ends = record_boundary(documents, client, topic, to, stateful)
    add_partitions(client, topic, to)
    say(f"{topic}: {drift.found} partitions became {to}")
    if ends is not None:
        now = partition_ends(client, topic)
        written = sum(now[number] - end for number, end in ends.items())
        if written:
            say(
                f"{topic}: {written} messages came while partitions were added, so a producer was "
                "not stopped. Keys it still sends to their old partition become dead letters "
                "(key_on_two_partitions): restart it, then see `daybook dlq list`"
            )
