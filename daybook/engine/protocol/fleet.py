"""The fleet's identity: binds a database to one Kafka cluster and one set of counting rules."""

import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from confluent_kafka.admin import AdminClient
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from daybook.engine import bookkeeping
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.errors import FleetMismatch
from daybook.engine.group import Group
from daybook.engine.kafka.admin import cluster_id
from daybook.engine.mongo.client import Documents, reachable


@dataclass(frozen=True, slots=True)
class Fleet:
    """`id` is part of the metadata of every offset commit; `stamps` is that of `MongoStore`."""

    id: str
    stamps: dict[str, int]


def join(documents: Documents, cluster_id: str, rules: Rules, group: Group) -> Fleet:
    """Binds the database to this fleet at its first use, and checks the binding afterwards.

    Raises FleetMismatch, naming what differs, and Unavailable.
    """
    with reachable():
        stored = _find_or_insert(
            documents[bookkeeping.FLEET],
            "fleet",
            {
                "fleet": uuid.uuid4().hex,
                "cluster_id": cluster_id,
                "database": documents.name,
                "settings": rules.bound(),
                "created_at": datetime.now(UTC),
            },
        )
        _check(stored, documents, cluster_id, rules)
        models = _join_group(documents, group)
    return Fleet(stored["fleet"], models)


def _check(stored: dict[str, Any], documents: Documents, cluster_id: str, rules: Rules) -> None:
    if stored["cluster_id"] != cluster_id:
        raise FleetMismatch(
            f"database {documents.name} was counted from Kafka cluster {stored['cluster_id']}, and "
            f"DAYBOOK_KAFKA_BOOTSTRAP_SERVERS is cluster {cluster_id}: give this fleet its own "
            "database (DAYBOOK_MONGODB_DATABASE)"
        )
    if stored["database"] != documents.name:
        raise FleetMismatch(
            f"database {documents.name} is a copy of {stored['database']}, which its fleet still "
            "uses: empty the copy's _daybook collection before another fleet uses it"
        )
    for name, value in rules.bound().items():
        if stored["settings"].get(name) != value:
            raise FleetMismatch(
                f"DAYBOOK_{name.upper()} is {value}, but database {documents.name} was counted "
                f"with {stored['settings'].get(name)}: set it to that, or use another database"
            )


def _join_group(documents: Documents, group: Group) -> dict[str, int]:
    """The model versions for which the group's documents are complete, by collection.

    Raises FleetMismatch for another schema revision.
    """
    collection = documents[bookkeeping.FLEET]
    stored = _find_or_insert(
        collection,
        f"group:{group.name}",
        {"group": group.name, "schema_revision": group.schema_revision, "models": group.models},
    )
    if stored["schema_revision"] != group.schema_revision:
        raise FleetMismatch(
            f"{group.name} counts by schema revision {stored['schema_revision']}, this member "
            f"would by {group.schema_revision}: stop the whole group, then set schema_revision of "
            f"'group:{group.name}' in {bookkeeping.FLEET}"
        )
    models: dict[str, int] = stored["models"]
    return {name: models.get(name, 0) for name in group.models}


def _find_or_insert(
    collection: Collection[dict[str, Any]], name: str, fields: dict[str, Any]
) -> dict[str, Any]:
    with suppress(DuplicateKeyError):
        collection.update_one({"_id": name}, {"$setOnInsert": fields}, upsert=True)
    stored = None
    while stored is None:
        # Another member may have inserted it a moment ago, and majority reads do not see it yet.
        stored = collection.find_one({"_id": name})
    return stored


def find_fleet(documents: Documents, client: AdminClient) -> str | None:
    """The fleet's id; None if no member has ever run.

    Raises FleetMismatch if the database was counted from another cluster, and Unavailable.
    """
    with reachable():
        stored = documents[bookkeeping.FLEET].find_one({"_id": "fleet"})
    if stored is None:
        return None
    current = cluster_id(client)
    if stored["cluster_id"] != current:
        raise FleetMismatch(
            f"database {documents.name} was counted from Kafka cluster {stored['cluster_id']}, and "
            f"DAYBOOK_KAFKA_BOOTSTRAP_SERVERS is cluster {current}: change that, or "
            "DAYBOOK_MONGODB_DATABASE"
        )
    return str(stored["fleet"])
