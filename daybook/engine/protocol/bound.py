"""Which fleet a database belongs to, for commands that look without joining."""

from confluent_kafka.admin import AdminClient

from daybook.engine import bookkeeping
from daybook.engine.errors import Bound
from daybook.engine.kafka.clients import cluster_id
from daybook.engine.mongo.client import Documents, reachable


def bound_fleet(documents: Documents, client: AdminClient) -> str | None:
    """The fleet's id; None before its first member ran.

    Raises Bound when the database was counted from another cluster, and Unavailable.
    """
    with reachable():
        own = documents[bookkeeping.FLEET].find_one({"_id": "fleet"})
    if own is None:
        return None
    here = cluster_id(client)
    if own["cluster_id"] != here:
        raise Bound(
            f"database {documents.name} was counted from Kafka cluster {own['cluster_id']}, and "
            f"DAYBOOK_KAFKA_BOOTSTRAP_SERVERS is cluster {here}: set one or the other "
            "(DAYBOOK_MONGODB_DATABASE)"
        )
    return str(own["fleet"])
