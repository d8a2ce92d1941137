"""The indexes that readers and members rely on; making them again changes nothing."""

from pymongo import ASCENDING, IndexModel

from daybook.engine import bookkeeping
from daybook.engine.group import Group
from daybook.engine.mongo.client import Documents, reachable


def ensure(documents: Documents, group: Group) -> None:
    """Days by date, and by when they were written; sketches and rows by what is asked of them, dead
    letters by position, members that expire."""
    with reachable():
        for model in group.documents:
            by = [(name, ASCENDING) for name in (*model.key, "date")]
            documents[model.collection].create_index(by, unique=True)
            written = [*model.key[:1], "updated_at", "_daybook.revision"]
            documents[model.collection].create_index([(name, ASCENDING) for name in written])
        for model in group.live.totals if group.live else ():
            documents[model.collection].create_index("date")
        if group.sketches:
            by = [(name, ASCENDING) for name in group.sketches.index]
            documents[group.sketches.collection].create_index(by)
        for rows in (*group.rows, *(group.state.rows if group.state else ())):
            for index in rows.indexes:
                by = [(name, ASCENDING) for name in index.fields]
                own = {"partialFilterExpression": index.where} if index.where else {}
                documents[rows.collection].create_indexes([IndexModel(by, **own)])
        documents[bookkeeping.DEAD_LETTERS].create_index(
            [("group", ASCENDING), ("topic_id", ASCENDING), ("partition", ASCENDING),
             ("offset", ASCENDING)]
        )  # fmt: skip
        documents[bookkeeping.MEMBERS].create_index(
            "heartbeat_at", expireAfterSeconds=bookkeeping.MEMBERS_EXPIRE_SECONDS
        )
