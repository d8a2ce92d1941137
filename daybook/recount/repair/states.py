"""Repairs state documents: replaces each as a whole, if it is still as it was read."""

from collections.abc import Iterator, Mapping
from time import time
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from daybook.recount.compare.states import stored_form
from daybook.recount.errors import translated_mongodb_errors
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
    """Replaces, inserts (with the group's position as watermark) or deletes state documents.

    Deleted are those whose key is not in the log. A document that a member wrote to meanwhile is
    left for the next round.
    """
    collection = recount.fleet.documents[model.collection]
    spans = recount.replay.results.spans(model.collection, [v.document for v in verdicts])
    absent = [verdict for verdict in verdicts if verdict.stored is None]
    yield from _insert(collection, snapshot, absent, spans)
    for verdict in verdicts:
        stored = verdict.stored
        if stored is None:
            continue
        fields = tuple(field.field for field in verdict.unequal)
        with translated_mongodb_errors():
            if verdict.expected is None:
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
        content = stored_form(verdict.expected or {})
        new.append(plan.whole(verdict.model, verdict.document, content, applied, firsts, revision))
    existing: set[int] = set()
    with translated_mongodb_errors():
        try:
            if new:
                collection.insert_many(new, ordered=False)
        except BulkWriteError as error:
            existing = plan.only_duplicates(error)
    for index, verdict in enumerate(verdicts):
        if index not in existing:
            fields = tuple(field.field for field in verdict.unequal)
            yield Change(verdict.model.collection, verdict.document, "inserted", fields)


def _replacement(verdict: Verdict, stored: Document, spans: Spans) -> Document:
    applied, firsts = plan.merged(stored, spans)
    bookkeeping: Any = stored.get("_daybook")
    revision = bookkeeping.get("revision") if isinstance(bookkeeping, dict) else None
    if not isinstance(revision, int):
        revision = int(time() * 1000)
    fields = stored_form(verdict.expected or {})
    return plan.whole(verdict.model, stored["_id"], fields, applied, firsts, revision)


def _as_read(stored: Document) -> dict[str, Any]:
    """The filter that matches only while the state is as it was read."""
    bookkeeping: Any = stored.get("_daybook")
    where: dict[str, Any] = {"_id": stored["_id"]}
    if not isinstance(bookkeeping, dict):
        return where | {"_daybook": {"$exists": False} if bookkeeping is None else bookkeeping}
    for name in ("applied", "revision"):
        where[f"_daybook.{name}"] = bookkeeping.get(name, {"$exists": False})
    return where
