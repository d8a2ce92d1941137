"""Sketches made right: each partition's anew, of the keys that the log says it has counted."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from time import time
from typing import Any
from urllib.parse import unquote

from bson import Int64
from pymongo.errors import DuplicateKeyError

from recount.change import Change
from recount.errors import asking_mongodb
from recount.expected import Document
from recount.session import Look, Recount
from recount.sketches import VERSION, Verdict, count, holding

_NAMES = ("organization_id", "kind", "id", "step_id")


def heal_sketches(recount: Recount, look: Look, verdicts: Iterable[Verdict]) -> Iterator[Change]:
    """One that somebody wrote to meanwhile refuses, and has its turn in the next round."""
    collection = recount.fleet.documents[look.sketched]
    for verdict in verdicts:
        stored = {str(one["_id"]): one for one in verdict.stored}
        places = {(k.topic_id, k.partition) for k in verdict.keys}
        for topic_id, partition in sorted(places):
            name = f"{verdict.name}:{topic_id}:{partition}"
            owners = {
                k.owner for k in verdict.keys if (k.topic_id, k.partition) == (topic_id, partition)
            }
            before = stored.pop(name, None)
            new = _document(verdict.name, topic_id, partition, owners, before)
            with asking_mongodb():
                if before:
                    done = collection.replace_one(_as_read(before), new).matched_count
                else:
                    try:
                        done = bool(collection.insert_one(new).acknowledged)
                    except DuplicateKeyError:
                        continue
            if done:
                yield Change(look.sketched, name, "repaired" if before else "inserted", ("sketch",))
        for name, alien in stored.items():
            with asking_mongodb():
                gone = collection.delete_one(_as_read(alien)).deleted_count
            if gone:
                yield Change(look.sketched, name, "deleted", ("sketch",))


def _document(
    sketch: str, topic_id: str, partition: int, owners: set[str], before: Document | None
) -> Document:
    *names, period = map(unquote, sketch.split(":"))
    held, now = holding(owners), time()
    revision = (before or {}).get("_daybook", {}).get("revision", int(now * 1000))
    named: dict[str, Any] = dict(zip(_NAMES, names, strict=False))
    return {
        "_id": f"{sketch}:{topic_id}:{partition}",
        **named,
        "period": period,
        "topic_id": topic_id,
        "partition": partition,
        "sketch": held.serialize_compact(),
        "estimate": Int64(count(held)),
        "updated_at": datetime.fromtimestamp(now, UTC),
        "_daybook": {"revision": Int64(revision + 1), "model": VERSION},
    }


def _as_read(document: Document) -> dict[str, Any]:
    revision = document.get("_daybook", {}).get("revision")
    return {"_id": document["_id"], "_daybook.revision": revision}
