"""Creates the indexes that readers and members rely on."""

from pymongo import ASCENDING, IndexModel

from daybook.engine import bookkeeping
from daybook.engine.batch import FAULT
from daybook.engine.group import Group
from daybook.engine.mongo.client import Documents, reachable


def ensure(documents: Documents, group: Group) -> None:
    """Creates the indexes of the group's collections and of the bookkeeping. Idempotent.

    Daily documents: by key and date, and by time of writing; sketches and rows: as their models
    declare; dead letters: by position, and faults by time; heartbeats: expiry. Raises Unavailable.
    """
    with reachable():
        for model in group.documents:
            by_date = [(name, ASCENDING) for name in (*model.key, "date")]
            documents[model.collection].create_index(by_date, unique=True)
            by_write = [*model.key[:1], "updated_at", "_daybook.revision"]
            documents[model.collection].create_index([(name, ASCENDING) for name in by_write])
        for model in group.live.totals if group.live else ():
            documents[model.collection].create_index("date")
        if group.sketches:
            keys = [(name, ASCENDING) for name in group.sketches.index]
            documents[group.sketches.collection].create_index(keys)
        for rows in (*group.rows, *(group.state.rows if group.state else ())):
            for index in rows.indexes:
                keys = [(name, ASCENDING) for name in index.fields]
                options = {"partialFilterExpression": index.where} if index.where else {}
                documents[rows.collection].create_indexes([IndexModel(keys, **options)])
        documents[bookkeeping.DEAD_LETTERS].create_index(
            [("group", ASCENDING), ("topic_id", ASCENDING), ("partition", ASCENDING),
             ("offset", ASCENDING)]
        )  # fmt: skip
        documents[bookkeeping.DEAD_LETTERS].create_index(
            [("group", ASCENDING), ("at", ASCENDING)],
            partialFilterExpression={"reason": FAULT},
        )
        documents[bookkeeping.MEMBERS].create_index(
            "heartbeat_at", expireAfterSeconds=bookkeeping.MEMBERS_EXPIRE_SECONDS
        )
