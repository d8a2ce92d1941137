"""The indexes that readers and members rely on."""

from collections.abc import Iterator

from pymongo import ASCENDING, IndexModel

from daybook.engine import bookkeeping
from daybook.engine.batch import FAULT
from daybook.engine.group import Group
from daybook.engine.mongo.client import Documents, reachable

_ORGANIZATION_AND_ID = 2


def ensure(documents: Documents, group: Group) -> None:
    """Creates the indexes of the group's collections and of the bookkeeping. Idempotent.

    Raises Unavailable.
    """
    with reachable():
        for collection, index in declared(group):
            documents[collection].create_indexes([index])


def missing(documents: Documents, group: Group) -> list[str]:
    """The declared indexes that do not exist, as `collection.name`. Raises Unavailable."""
    absent, names = [], dict[str, set[str]]()
    with reachable():
        for collection, index in declared(group):
            if collection not in names:
                names[collection] = {one["name"] for one in documents[collection].list_indexes()}
            name = str(index.document["name"])
            if name not in names[collection]:
                absent.append(f"{collection}.{name}")
    return absent


def declared(group: Group) -> Iterator[tuple[str, IndexModel]]:
    """The indexes of the group's collections and of the bookkeeping, with their collections.

    Daily documents: by key and date, by time of writing, and those that a dashboard of a whole
    organization adds up also by organization and date; sketches and rows: as their models
    declare; dead letters: by position, and faults by time; heartbeats: expiry.
    """
    for model in group.documents:
        yield model.collection, _index(*model.key, "date", unique=True)
        yield model.collection, _index(*model.key[:1], "updated_at", "_daybook.revision")
        if len(model.key) == _ORGANIZATION_AND_ID:
            yield model.collection, _index(model.key[0], "date")
    for totals in group.live.totals if group.live else ():
        yield totals.collection, _index("date")
    if group.sketches:
        yield group.sketches.collection, _index(*group.sketches.index)
    for rows in (*group.rows, *(group.state.rows if group.state else ())):
        for index in rows.indexes:
            options = {"partialFilterExpression": index.where} if index.where else {}
            yield rows.collection, _index(*index.fields, **options)
    yield bookkeeping.DEAD_LETTERS, _index("group", "topic_id", "partition", "offset")
    faults = {"partialFilterExpression": {"reason": FAULT}}
    yield bookkeeping.DEAD_LETTERS, _index("group", "at", **faults)
    yield (
        bookkeeping.MEMBERS,
        _index("heartbeat_at", expireAfterSeconds=bookkeeping.MEMBERS_EXPIRE_SECONDS),
    )


def _index(*fields: str, **options: object) -> IndexModel:
    return IndexModel([(name, ASCENDING) for name in fields], **options)
