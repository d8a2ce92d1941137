"""State documents made right: replaced whole, where they stand exactly as they were read."""

from collections.abc import Iterator, Mapping
from time import time
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from daybook.recount.errors import asking_mongodb
from daybook.recount.recounted import Document, Position
from daybook.recount.repair import plan
from daybook.recount.repair.change import Change
from daybook.recount.replay.model import Model
from daybook.recount.session import Recount, Snapshot
from daybook.recount.verdict.documents import Verdict

Spans = Mapping[Position, tuple[int, int]]


def repair_states(
    recount: Recount, snapshot: Snapshot, model: Model, verdicts: list[Verdict]
) -> Iterator[Change]:
    """Replaces, inserts where the group is, or deletes what the log knows nothing of.

    One that a member wrote to meanwhile is left for the next time.
    """
    collection = recount.fleet.documents[model.collection]
    spans = recount.replay.places.spans(model.collection, [v.document for v in verdicts])
    absent = [verdict for verdict in verdicts if verdict.stored is None]
    yield from _insert(collection, snapshot, absent, spans)
    for verdict in verdicts:
        stored = verdict.stored
        if stored is None:
            continue
        fields = tuple(each.field for each in verdict.unequal)
        with asking_mongodb():
            if verdict.should is None:
                if collection.delete_one(_as_read(stored)).deleted_count:
                    yield Change(model.collection, verdict.document, "deleted", fields)
            else:
                new = _replacement(verdict, stored, spans.get(verdict.document, {}))
                if collection.replace_one(_as_read(stored), new).matched_count:
                    yield Change(model.collection, verdict.document, "repaired", fields)


def _insert(
    collection: Collection[dict[str, Any]],
    snapshot: Snapshot,
    verdicts: list[Verdict],
    spans: Mapping[str, Spans],
) -> Iterator[Change]:
    applied, revision = snapshot.coverage.marks_now(), int(time() * 1000)
    new = []
    for verdict in verdicts:
        firsts = {p: first for p, (first, _) in spans.get(verdict.document, {}).items()}
        fields = _stored_form(verdict.should or {})
        new.append(plan.whole(verdict.model, verdict.document, fields, applied, firsts, revision))
    made_meanwhile: set[int] = set()
    with asking_mongodb():
        try:
            if new:
                collection.insert_many(new, ordered=False)
        except BulkWriteError as error:
            made_meanwhile = plan.only_duplicates(error)
    for index, verdict in enumerate(verdicts):
        if index not in made_meanwhile:
            named = tuple(each.field for each in verdict.unequal)
            yield Change(verdict.model.collection, verdict.document, "inserted", named)


def _replacement(verdict: Verdict, stored: Document, spans: Spans) -> Document:
    applied, firsts = plan.merged(stored, spans)
    own: Any = stored.get("_daybook")
    revision = own.get("revision") if isinstance(own, dict) else None
    if not isinstance(revision, int):
        revision = int(time() * 1000)
    fields = _stored_form(verdict.should or {})
    return plan.whole(verdict.model, stored["_id"], fields, applied, firsts, revision)


def _as_read(stored: Document) -> dict[str, Any]:
    """The filter that only this very state passes."""
    own: Any = stored.get("_daybook")
    where: dict[str, Any] = {"_id": stored["_id"]}
    if not isinstance(own, dict):
        return where | {"_daybook": {"$exists": False} if own is None else own}
    for name in ("applied", "revision"):
        where[f"_daybook.{name}"] = own.get(name, {"$exists": False})
    return where


def _stored_form(should: Document) -> Document:
    """Ids are stored as bytes."""
    if "event_ids" not in should:
        return should
    return should | {"event_ids": [bytes.fromhex(each) for each in should["event_ids"]]}
