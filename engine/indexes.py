"""The indexes that readers and members rely on; making them again changes nothing."""

from pymongo import ASCENDING

from engine import dead_letters, heartbeat
from engine.group import Group
from engine.mongo import Documents, reachable


def ensure(documents: Documents, group: Group) -> None:
    """Days by date, sketches by what they count, dead letters by position, members that expire."""
    with reachable():
        for model in group.documents:
            by = [(name, ASCENDING) for name in (*model.key, "date")]
            documents[model.collection].create_index(by, unique=True)
        for model in group.live.totals if group.live else ():
            documents[model.collection].create_index("date")
        if group.sketches:
            by = [(name, ASCENDING) for name in group.sketches.index]
            documents[group.sketches.collection].create_index(by)
        documents[dead_letters.COLLECTION].create_index(
            [("group", ASCENDING), ("topic_id", ASCENDING), ("partition", ASCENDING),
             ("offset", ASCENDING)]
        )  # fmt: skip
        documents[heartbeat.COLLECTION].create_index(
            "heartbeat_at", expireAfterSeconds=heartbeat.EXPIRES_SECONDS
        )
