"""Daily documents made right: claimed, recounted to where they are, repaired."""

from collections.abc import Iterator
from time import time
from typing import Any
from uuid import uuid4

from pymongo import ReturnDocument
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from daybook.recount.compare.documents import fitted
from daybook.recount.errors import asking_mongodb
from daybook.recount.recounted import Document, Recounted, marks
from daybook.recount.repair import plan as repair
from daybook.recount.repair.change import Change
from daybook.recount.session import Recount, Snapshot
from daybook.recount.verdict.documents import Verdict


def insert_days(recount: Recount, snapshot: Snapshot, verdicts: list[Verdict]) -> Iterator[Change]:
    """Puts absent documents where the group is, in every partition.

    So whatever is still on its way from below is refused, and what comes is added. One that a
    member made meanwhile is left to be repaired.
    """
    for verdict in verdicts:
        assert verdict.recounted is not None
        should = _should(recount, verdict, {}, verdict.recounted)
        firsts = {position: first for position, (first, _) in verdict.recounted.spans.items()}
        applied = snapshot.coverage.marks_now()
        new = repair.whole(
            verdict.model, verdict.document, should, applied, firsts, int(time() * 1000)
        )
        with asking_mongodb():
            try:
                _collection(recount, verdict).insert_one(new)
            except DuplicateKeyError:
                continue
        fields = tuple(each.field for each in verdict.unequal)
        yield Change(verdict.model.collection, verdict.document, "inserted", fields)


def repair_days(recount: Recount, snapshot: Snapshot, verdicts: list[Verdict]) -> Iterator[Change]:
    """Repairs what is stored, each as it is stored when it is claimed."""
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
    recount.replay.limit(snapshot.reach, cuts)
    found = recount.replay.documents(snapshot.days)
    for verdict, stored in claimed:
        recounted = found.get((verdict.model.collection, verdict.document), Recounted())
        change = _repair(recount, verdict, stored, recounted)
        if change:
            yield change


def _claim(recount: Recount, verdict: Verdict) -> Document | None:
    """The document as it is now, which only we may repair from; None if it is gone."""
    assert verdict.stored is not None
    with asking_mongodb():
        return _collection(recount, verdict).find_one_and_update(
            {"_id": verdict.stored["_id"]},
            repair.claim(uuid4().hex, int(time() * 1000)),
            return_document=ReturnDocument.AFTER,
        )


def _repair(
    recount: Recount, verdict: Verdict, stored: Document, recounted: Recounted
) -> Change | None:
    """None when the document refused, since somebody wrote what does not go together with it."""
    collection = _collection(recount, verdict)
    fields = tuple(each.field for each in verdict.unequal)
    if not recounted.sums and not marks(stored, "applied"):
        # Nobody counted into it, and the log knows nothing of it: it was put there by hand.
        claimed = {path: stored["_daybook"][path.rpartition(".")[2]] for path in _CLAIM}
        with asking_mongodb():
            done = collection.delete_one({"_id": stored["_id"], **claimed}).deleted_count
        what = Change(verdict.model.collection, verdict.document, "deleted", fields)
        return what if done else None
    should = _should(recount, verdict, stored, recounted)
    plan = repair.repair(verdict.model, stored, should, recounted.spans)
    with asking_mongodb():
        if plan.whole:
            done = collection.replace_one(plan.where, plan.whole).matched_count
        else:
            done = collection.update_one(plan.where, plan.pipeline).matched_count
    if not done:
        _release(recount, verdict, stored)
        return None
    return Change(verdict.model.collection, verdict.document, "repaired", fields)


def _release(recount: Recount, verdict: Verdict, stored: Document) -> None:
    with asking_mongodb():
        _collection(recount, verdict).update_one(
            {"_id": stored["_id"], repair.TOKEN: stored["_daybook"]["rebuild"]},
            {"$unset": {repair.TOKEN: ""}},
        )


_CLAIM = (repair.TOKEN, "_daybook.revision")


def _should(recount: Recount, verdict: Verdict, stored: Document, recounted: Recounted) -> Document:
    keys_max = recount.fleet.settings.map_keys_max
    return fitted(verdict.model, verdict.document, recounted.sums, stored, keys_max)


def _collection(recount: Recount, verdict: Verdict) -> Collection[dict[str, Any]]:
    return recount.fleet.documents[verdict.model.collection]
