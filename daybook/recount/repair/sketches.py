"""Repairs sketches: builds each partition's anew from the visitors that the log gives for it."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from time import time
from typing import Any
from urllib.parse import unquote

from bson import Int64
from pymongo.errors import DuplicateKeyError

from daybook.recount.errors import translated_mongodb_errors
from daybook.recount.recounted import Document, Key
from daybook.recount.repair.change import Change
from daybook.recount.session import Recount
from daybook.recount.verdict.sketches import VERSION, Verdict, count, sketch_of

_NAMES = ("organization_id", "kind", "id", "step_id")


def repair_sketches(recount: Recount, verdicts: Iterable[Verdict]) -> Iterator[Change]:
    """A sketch that a member wrote to meanwhile is left for the next round."""
    collection = recount.fleet.documents[recount.group.sketches]
    for verdict in verdicts:
        stored = {str(one["_id"]): one for one in verdict.stored}
        for (topic_id, partition), keys in groupby(sorted(verdict.keys, key=_place), key=_place):
            name = f"{verdict.name}:{topic_id}:{partition}"
            before = stored.pop(name, None)
            new_sketch = sketch_of(key.owner for key in keys)
            new = _document(verdict.name, topic_id, partition, new_sketch, before)
            with translated_mongodb_errors():
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
        for name, unexplained in stored.items():
            with translated_mongodb_errors():
                deleted = collection.delete_one(_as_read(unexplained)).deleted_count
            if deleted:
                yield Change(collection.name, name, "deleted", ("sketch",))


def _document(
    name: str, topic_id: str, partition: int, sketch: Any, before: Document | None
) -> Document:
    *names, period = map(unquote, name.split(":"))
    now = time()
    revision = (before or {}).get("_daybook", {}).get("revision", int(now * 1000))
    named: dict[str, Any] = dict(zip(_NAMES, names, strict=False))
    return {
        "_id": f"{name}:{topic_id}:{partition}",
        **named,
        "period": period,
        "topic_id": topic_id,
        "partition": partition,
        "sketch": sketch.serialize_compact(),
        "estimate": Int64(count(sketch)),
        "updated_at": datetime.fromtimestamp(now, UTC),
        "_daybook": {"revision": Int64(revision + 1), "model": VERSION},
    }


def _place(key: Key) -> tuple[str, int]:
    return key.topic_id, key.partition


def _as_read(document: Document) -> dict[str, Any]:
    """The filter that matches only while the document is as it was read."""
    revision = document.get("_daybook", {}).get("revision")
    return {"_id": document["_id"], "_daybook.revision": revision}
