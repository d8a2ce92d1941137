"""State documents made right: replaced whole, where they stand exactly as they were read."""

from collections.abc import Iterator
from time import time
from typing import Any

from pymongo.errors import DuplicateKeyError

from recount import repair
from recount.change import Change
from recount.errors import asking_mongodb
from recount.examine import Verdict
from recount.expected import Document
from recount.session import Look, Recount


def heal_states(recount: Recount, look: Look, verdicts: list[Verdict]) -> Iterator[Change]:
    """Replaces, inserts where the group is, or deletes what the log knows nothing of.

    One that a member wrote to meanwhile is left for the next time.
    """
    for verdict in verdicts:
        collection = recount.fleet.documents[verdict.model.collection]
        fields = tuple(each.field for each in verdict.unequal)
        name = verdict.model.collection, verdict.document
        with asking_mongodb():
            if verdict.stored is None:
                try:
                    collection.insert_one(_absent(recount, look, verdict))
                except DuplicateKeyError:
                    continue
                yield Change(*name, "inserted", fields)
            elif verdict.should is None:
                if collection.delete_one(_as_read(verdict.stored)).deleted_count:
                    yield Change(*name, "deleted", fields)
            else:
                new = _damaged(recount, verdict, verdict.stored)
                if collection.replace_one(_as_read(verdict.stored), new).matched_count:
                    yield Change(*name, "repaired", fields)


def _absent(recount: Recount, look: Look, verdict: Verdict) -> Document:
    spans = recount.replay.span_of_key(verdict.model.collection, verdict.document)
    firsts = {position: first for position, (first, _) in spans.items()}
    applied = look.coverage.marks_now()
    fields = _stored_form(verdict.should or {})
    return repair.whole(
        verdict.model, verdict.document, fields, applied, firsts, int(time() * 1000)
    )


def _damaged(recount: Recount, verdict: Verdict, stored: Document) -> Document:
    spans = recount.replay.span_of_key(verdict.model.collection, verdict.document)
    applied, firsts = repair.merged(stored, spans)
    own: Any = stored.get("_daybook")
    revision = own.get("revision") if isinstance(own, dict) else None
    if not isinstance(revision, int):
        revision = int(time() * 1000)
    fields = _stored_form(verdict.should or {})
    return repair.whole(verdict.model, stored["_id"], fields, applied, firsts, revision)


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
    ids = [bytes.fromhex(each) for each in should.get("event_ids", ())]
    return should | {"event_ids": ids}
