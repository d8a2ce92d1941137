"""`daybook doctor`: examines servers, topics, rights, indexes, clocks and progress."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer

import consumers
from daybook.cli.support.printing import as_json, console, table
from daybook.cli.topics import describe, find_drifts, remedy
from daybook.engine.errors import Unavailable
from daybook.engine.kafka.clients import admin
from daybook.engine.mongo.client import database
from daybook.engine.operations import doctor as examine
from daybook.engine.operations.doctor import Finding, examined
from daybook.engine.operations.doctor_progress import progress
from daybook.engine.protocol.fleet import find_fleet
from daybook.engine.settings import Settings, settings
from daybook.exports.group import GROUP as EXPORTS

_START = "start it, or correct {}; `daybook up` starts the servers of this machine"


def doctor(
    json: Annotated[
        bool, typer.Option("--json", help="Print the findings as a JSON array on stdout.")
    ] = False,
) -> None:
    """Examine everything that a fleet needs, and say what to do about each problem.

    Servers: whether Kafka, MongoDB and Redis answer, their versions and clocks, MongoDB's replica
    set and the rights of its users. Topics: whether they match topics.yaml. The fleet: cluster,
    bound settings, schema revision, indexes. Progress: each group's checkpoints against Kafka's
    offsets and the log, and documents that are ahead of their checkpoint: these were restored from
    another moment than the rest of the database.

    Changes nothing, and may run while members count. It reads each collection once, for 10 seconds
    at most.

    Exit 0: no problem. 1: a problem, with its remedy. 4: a server does not answer.

    Example: `daybook doctor`
    """
    findings = list(_findings(settings()))
    if json:
        print(as_json([asdict(one) | {"is_problem": one.is_problem} for one in findings]))
    else:
        rows = [
            (
                _verdict(one),
                one.subject,
                f"{one.text}. Remedy: {one.remedy}" if one.remedy else one.text,
            )
            for one in findings
        ]
        console().print(table(("", "subject", "finding"), rows))
    if any(one.is_away for one in findings):
        raise typer.Exit(Unavailable.exit_code)
    if any(one.is_problem for one in findings):
        raise typer.Exit(1)


def _verdict(finding: Finding) -> str:
    if finding.is_away:
        return "away"
    return "problem" if finding.is_problem else "ok"


def _findings(config: Settings) -> Iterator[Finding]:
    client, documents = admin(config), database(config)
    start_kafka = _START.format("DAYBOOK_KAFKA_BOOTSTRAP_SERVERS")
    start_mongodb = _START.format("DAYBOOK_MONGODB_URI")
    kafka = examined("kafka", start_kafka, lambda: examine.kafka(client))
    yield from kafka
    mongodb = examined("mongodb", start_mongodb, lambda: examine.mongodb(documents))
    yield from mongodb
    if uri := config.query_mongodb_uri:
        own = database(config.model_copy(update={"mongodb_uri": uri}))
        start = _START.format("DAYBOOK_QUERY_MONGODB_URI")
        yield from examined("mongodb", start, lambda: examine.reader_rights(own))
    start_redis = _START.format("DAYBOOK_REDIS_URL")
    yield from examined("redis", start_redis, lambda: examine.redis(config))
    if any(one.is_away for one in kafka):
        return
    yield from examined("topics", start_kafka, lambda: _topics(config))
    if any(one.is_away for one in mongodb):
        return
    groups = (*consumers.FLEET, EXPORTS)
    of_fleet = examined(
        "fleet", start_mongodb, lambda: examine.fleet(config, documents, client, groups)
    )
    yield from of_fleet
    if any(one.is_problem and one.subject == "fleet" for one in of_fleet):
        return
    if fleet := find_fleet(documents, client):
        for group in groups:
            yield from examined(
                "progress",
                start_mongodb,
                lambda group=group: progress(group, fleet, documents, client, config),  # type: ignore[misc]
            )


def _topics(config: Settings) -> Iterator[Finding]:
    drifts, declared = find_drifts(config)
    for drift in drifts:
        yield Finding("topics", f"{drift.topic}: {describe(drift)}", remedy(drift))
    if not drifts:
        yield Finding("topics", f"{declared} topics match topics.yaml")
