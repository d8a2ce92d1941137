"""Sketches made right: each partition's anew, of the keys that the log says it has counted."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from time import time
from typing import Any
from urllib.parse import unquote

from bson import Int64
from pymongo.errors import DuplicateKeyError

from daybook.recount.errors import asking_mongodb
from daybook.recount.recounted import Document, Key
from daybook.recount.repair.change import Change
from daybook.recount.session import Recount
from daybook.recount.verdict.sketches import VERSION, Verdict, count, holding

_NAMES = ("organization_id", "kind", "id", "step_id")


def repair_sketches(recount: Recount, verdicts: Iterable[Verdict]) -> Iterator[Change]:
    """One that somebody wrote to meanwhile refuses, and has its turn in the next round."""
    collection = recount.fleet.documents[recount.group.sketches]
    for verdict in verdicts:
        stored = {str(one["_id"]): one for one in verdict.stored}
        for (topic_id, partition), keys in groupby(sorted(verdict.keys, key=_place), key=_place):
            name = f"{verdict.name}:{topic_id}:{partition}"
            before = stored.pop(name, None)
            held = holding(key.owner for key in keys)
            new = _document(verdict.name, topic_id, partition, held, before)
            with asking_mongodb():
                if before:
                    done = collection.replace_one(_as_read(before), new).matched_count
                else:
                    try:
                        done = bool(collection.insert_one(new).acknowledged)
                    except DuplicateKeyError:
                        continue
            if done:
                yield Change(
                    collection.name, name, "repaired" if before else "inserted", ("sketch",)
                )
        for name, alien in stored.items():
            with asking_mongodb():
                gone = collection.delete_one(_as_read(alien)).deleted_count
            if gone:
                yield Change(collection.name, name, "deleted", ("sketch",))


def _document(
    sketch: str, topic_id: str, partition: int, held: Any, before: Document | None
) -> Document:
    *names, period = map(unquote, sketch.split(":"))
    now = time()
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


def _place(key: Key) -> tuple[str, int]:
    return key.topic_id, key.partition


def _as_read(document: Document) -> dict[str, Any]:
    revision = document.get("_daybook", {}).get("revision")
    return {"_id": document["_id"], "_daybook.revision": revision}
