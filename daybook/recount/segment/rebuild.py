"""Repairs segments' documents to what the log says, while members go on."""

from collections.abc import Iterable, Iterator
from itertools import islice
from time import sleep
from typing import Any

from pymongo import DeleteOne, UpdateOne

from daybook.recount.compare.documents import ABSENT
from daybook.recount.errors import translated_mongodb_errors
from daybook.recount.repair.change import Change
from daybook.recount.segment.compare import CHANGES, Finding, findings
from daybook.recount.segment.repair import Repairer
from daybook.recount.segment.session import SegmentRecount, Snapshot
from daybook.recount.segment.verify import group_doubts
from daybook.recount.segment.versions import SEGMENTS, version_findings
from daybook.recount.verdict.report import Doubt

_ROUNDS_MAX = 20
_PAUSE_SECONDS = 1.0
_PEOPLE_AT_ONCE = 1_000
_PUBLISHED = ("number", "event_type", "occurred_at")
"""Fields of changes that were published as they should not have been."""


def repair_segments(recount: SegmentRecount, changes: list[Change]) -> list[Doubt]:
    """Repairs in rounds until nothing differs; adds to the changes, and returns the doubts.

    Raises Unreachable.
    """
    suspects: set[str] | None = None
    repaired: set[str] = set()
    for number in range(_ROUNDS_MAX):
        if number:
            sleep(_PAUSE_SECONDS)
        snapshot = recount.snapshot(suspects)
        if doubts := group_doubts(recount, snapshot):
            return doubts
        found = [f for f in findings(recount.replay) if suspects is None or f.person in suspects]
        final = [_for_good(one) for one in found if one.collection == CHANGES]
        doubts = [doubt for doubt in final if doubt] + [
            _doubt(f, f.doubt) for f in found if f.doubt
        ]
        open_ = [f for f in found if not f.doubt and not _for_good(f)]
        moving = recount.moving({one.person for one in open_})
        wrong = [one for one in open_ if one.person not in moving]
        # A profile that was repaired differs until a member has published what is new.
        wanted = [one for one in wrong if one.person not in repaired]
        changes += _repair(recount, snapshot, wanted, repaired)
        suspects = {one.person for one in found}
        if not open_:
            break
        if not wanted and not recount.has_members():
            waiting = "a member must publish the difference: start one"
            doubts += [_doubt(one, moving.get(one.person, waiting)) for one in open_]
            break
    else:
        doubts.append(Doubt("documents changed during every repair: run the command again"))
    of_versions = list(version_findings(recount))
    changes += repair_versions(recount, of_versions)
    return doubts + [_doubt(one, one.doubt) for one in of_versions if one.doubt]


def _repair(
    recount: SegmentRecount, snapshot: Snapshot, wanted: Iterable[Finding], repaired: set[str]
) -> Iterator[Change]:
    """Repairs some people at a time; adds those who are to `repaired`."""
    of_people: dict[str, list[Finding]] = {}
    for one in wanted:
        of_people.setdefault(one.person, []).append(one)
    people = iter(sorted(of_people))
    while some := list(islice(people, _PEOPLE_AT_ONCE)):
        found = [one for person in some for one in of_people[person]]
        repairer = Repairer(recount, snapshot, some)
        yield from repairer.repair(found)
        repaired |= repairer.repaired


def repair_versions(recount: SegmentRecount, found: Iterable[Finding]) -> Iterable[Change]:
    """Sets what differs in the documents of versions."""
    changed: dict[str, dict[str, Any]] = {}
    for one in found:
        if not one.doubt:
            changed.setdefault(one.document, {})[one.field] = one.recounted
    writes: list[DeleteOne | UpdateOne] = [
        DeleteOne({"_id": name})
        if fields.get("name") is ABSENT
        else UpdateOne({"_id": name}, {"$set": fields}, upsert=True)
        for name, fields in changed.items()
    ]
    if writes:
        with translated_mongodb_errors():
            recount.fleet.documents[SEGMENTS].bulk_write(writes)
    for name, fields in changed.items():
        is_gone = fields.get("name") is ABSENT
        yield Change(SEGMENTS, name, "deleted" if is_gone else "repaired", tuple(fields))


def _for_good(found: Finding) -> Doubt | None:
    if found.collection != CHANGES or found.field not in _PUBLISHED:
        return None
    return _doubt(found, "what was published cannot be taken back")


def _doubt(found: Finding, reason: str | None) -> Doubt:
    return Doubt(reason or "", found.collection, found.document, found.field)
