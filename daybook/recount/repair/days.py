"""Repairs daily documents: claims each, recounts it up to its own watermarks, updates it."""

from collections.abc import Iterator
from time import time
from typing import Any
from uuid import uuid4

from pymongo import ReturnDocument
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from daybook.recount.compare.documents import fitted, fitted_new
from daybook.recount.errors import translated_mongodb_errors
from daybook.recount.recounted import Document, Recounted, marks
from daybook.recount.repair import plan as repair
from daybook.recount.repair.change import Change
from daybook.recount.session import Recount, Snapshot
from daybook.recount.verdict.documents import Verdict


def insert_days(recount: Recount, snapshot: Snapshot, verdicts: list[Verdict]) -> Iterator[Change]:
    """Inserts absent documents, with the group's position as their watermark in every partition.

    So later writes of messages below that position are refused, and messages above it are added.
    A document that a member created meanwhile is left for the next round.
    """
    for verdict in verdicts:
        assert verdict.recounted is not None
        keys_max = recount.fleet.settings.map_keys_max
        expected, full = fitted_new(
            verdict.model, verdict.document, verdict.recounted.sums, keys_max
        )
        firsts = {position: first for position, (first, _) in verdict.recounted.spans.items()}
        applied = snapshot.coverage.marks_now()
        new = repair.whole(
            verdict.model,
            verdict.document,
            expected,
            applied,
            firsts,
            int(time() * 1000),
            full=full,
        )
        with translated_mongodb_errors():
            try:
                _collection(recount, verdict).insert_one(new)
            except DuplicateKeyError:
                continue
        fields = tuple(field.field for field in verdict.unequal)
        yield Change(verdict.model.collection, verdict.document, "inserted", fields)


def repair_days(recount: Recount, snapshot: Snapshot, verdicts: list[Verdict]) -> Iterator[Change]:
    """Repairs stored documents, each from its content at the moment of the claim."""
    claimed = [(verdict, stored) for verdict in verdicts if (stored := _claim(recount, verdict))]
    if not claimed:
        return
    cuts = [
        ((verdict.model.collection, verdict.document), marks(stored, "applied"))
        for verdict, stored in claimed
    ]
    ends = snapshot.coverage.topic.ends
    if any(at >= ends.get(p, 0) for _, cut in cuts for (_, p), at in cut.items()):
        recount.read_on()
    recount.replay.limit(snapshot.reach, cuts, with_states=False)
    recounted_by_name = recount.replay.results.documents(snapshot.days)
    for verdict, stored in claimed:
        recounted = recounted_by_name.get((verdict.model.collection, verdict.document), Recounted())
        change = _repair(recount, verdict, stored, recounted)
        if change:
            yield change


def _claim(recount: Recount, verdict: Verdict) -> Document | None:
    """The document as it is now, marked with a token of this rebuild; None if it is gone."""
    assert verdict.stored is not None
    with translated_mongodb_errors():
        return _collection(recount, verdict).find_one_and_update(
            {"_id": verdict.stored["_id"]},
            repair.claim(uuid4().hex, int(time() * 1000)),
            return_document=ReturnDocument.AFTER,
        )


def _repair(
    recount: Recount, verdict: Verdict, stored: Document, recounted: Recounted
) -> Change | None:
    """None if the update's filter did not match, because of a conflicting write meanwhile."""
    collection = _collection(recount, verdict)
    fields = tuple(field.field for field in verdict.unequal)
    if not recounted.sums and not marks(stored, "applied"):
        # No member counted into it and the log does not give it: it was inserted by hand.
        claimed = {path: stored["_daybook"][path.rpartition(".")[2]] for path in _CLAIM}
        with translated_mongodb_errors():
            done = collection.delete_one({"_id": stored["_id"], **claimed}).deleted_count
        change = Change(verdict.model.collection, verdict.document, "deleted", fields)
        return change if done else None
    expected = _expected(recount, verdict, stored, recounted)
    plan = repair.repair(verdict.model, stored, expected, recounted.spans)
    with translated_mongodb_errors():
        if plan.whole:
            done = collection.replace_one(plan.where, plan.whole).matched_count
        else:
            done = collection.update_one(plan.where, plan.pipeline).matched_count
    if not done:
        _release(recount, verdict, stored)
        return None
    return Change(verdict.model.collection, verdict.document, "repaired", fields)


def _release(recount: Recount, verdict: Verdict, stored: Document) -> None:
    with translated_mongodb_errors():
        _collection(recount, verdict).update_one(
            {"_id": stored["_id"], repair.TOKEN: stored["_daybook"]["rebuild"]},
            {"$unset": {repair.TOKEN: ""}},
        )


_CLAIM = (repair.TOKEN, "_daybook.revision")


def _expected(
    recount: Recount, verdict: Verdict, stored: Document, recounted: Recounted
) -> Document:
    keys_max = recount.fleet.settings.map_keys_max
    return fitted(verdict.model, verdict.document, recounted.sums, stored, keys_max)


def _collection(recount: Recount, verdict: Verdict) -> Collection[dict[str, Any]]:
    return recount.fleet.documents[verdict.model.collection]
