"""The fleet: one database, one cluster, one set of counting rules, and who may count by them."""

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
    """`id` stands in every commit's metadata; `stamps` as in `MongoStore`."""

    id: str
    stamps: dict[str, int]


def join(documents: Documents, cluster_id: str, rules: Rules, group: Group) -> Fleet:
    """Binds the database at its first use; afterwards only the same fleet may come in.

    Raises Bound, naming what differs, and Unavailable.
    """
    with reachable():
        own = _find_or_insert(
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
        _check(own, documents, cluster_id, rules)
        models = _join_group(documents, group)
    return Fleet(own["fleet"], models)


def _check(own: dict[str, Any], documents: Documents, cluster_id: str, rules: Rules) -> None:
    if own["cluster_id"] != cluster_id:
        raise FleetMismatch(
            f"database {documents.name} was counted from Kafka cluster {own['cluster_id']}, and "
            f"DAYBOOK_KAFKA_BOOTSTRAP_SERVERS is cluster {cluster_id}: give this fleet a database "
            "of its own (DAYBOOK_MONGODB_DATABASE)"
        )
    if own["database"] != documents.name:
        raise FleetMismatch(
            f"database {documents.name} is a copy of {own['database']}, whose fleet goes on "
            "counting there: empty its _daybook collection before a fleet of its own uses it"
        )
    for name, here in rules.bound().items():
        if own["settings"].get(name) != here:
            raise FleetMismatch(
                f"DAYBOOK_{name.upper()} is {here}, but database {documents.name} was counted "
                f"with {own['settings'].get(name)}: set it so, or count into another database"
            )


def _join_group(documents: Documents, group: Group) -> dict[str, int]:
    """The model versions that the group's documents are complete for. Raises Bound."""
    collection = documents[bookkeeping.FLEET]
    own = _find_or_insert(
        collection,
        f"group:{group.name}",
        {"group": group.name, "schema_revision": group.schema_revision, "models": group.models},
    )
    if own["schema_revision"] != group.schema_revision:
        raise FleetMismatch(
            f"{group.name} judged its messages by schema revision {own['schema_revision']}, this "
            f"member would by {group.schema_revision}: stop the whole group, then set "
            f"schema_revision of 'group:{group.name}' in {bookkeeping.FLEET}"
        )
    models: dict[str, int] = own["models"]
    return {name: models.get(name, 0) for name in group.models}


def _find_or_insert(
    collection: Collection[dict[str, Any]], name: str, fields: dict[str, Any]
) -> dict[str, Any]:
    with suppress(DuplicateKeyError):
        collection.update_one({"_id": name}, {"$setOnInsert": fields}, upsert=True)
    found = None
    while found is None:
        # Another member may have made it an instant ago, not yet durably.
        found = collection.find_one({"_id": name})
    return found


def find_fleet(documents: Documents, client: AdminClient) -> str | None:
    """The fleet's id; None before its first member ran.

    Raises Bound when the database was counted from another cluster, and Unavailable.
    """
    with reachable():
        own = documents[bookkeeping.FLEET].find_one({"_id": "fleet"})
    if own is None:
        return None
    here = cluster_id(client)
    if own["cluster_id"] != here:
        raise FleetMismatch(
            f"database {documents.name} was counted from Kafka cluster {own['cluster_id']}, and "
            f"DAYBOOK_KAFKA_BOOTSTRAP_SERVERS is cluster {here}: set one or the other "
            "(DAYBOOK_MONGODB_DATABASE)"
        )
    return str(own["fleet"])
