"""Repairs a group's documents to what the log says, while its members go on counting.

It works in rounds: compare, repair the documents that differ, compare again, until none does. A
repair has no effect on a document that a member wrote to meanwhile; the next round repairs it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic, sleep
from typing import Any

from daybook.recount.days import Days
from daybook.recount.errors import Unrecountable, within_memory
from daybook.recount.fleet import Documents
from daybook.recount.groups import Group
from daybook.recount.log import kafka
from daybook.recount.log.topic import Topic
from daybook.recount.repair.change import Change
from daybook.recount.repair.days import insert_days, repair_days
from daybook.recount.repair.sketches import repair_sketches
from daybook.recount.repair.states import repair_states
from daybook.recount.replay.tables import MEMORY_MIB
from daybook.recount.segment.group import SegmentGroup
from daybook.recount.segment.rebuild import repair_segments
from daybook.recount.segment.session import SegmentRecount
from daybook.recount.session import Progress, Recount, Snapshot
from daybook.recount.verdict.documents import Verdict, document_verdicts, state_verdicts
from daybook.recount.verdict.report import EQUAL, UNRECOUNTABLE, Doubt
from daybook.recount.verdict.sketches import VERSION, sketch_verdicts
from daybook.recount.verify import no_progress

_ROUNDS_MAX = 20
_STATES_AT_ONCE = 1_000
_PAUSE_SECONDS = 0.2
_STALL_SECONDS_MAX = {True: 60.0, False: 5.0}
"""How long a group with members may make no progress, by whether the next round depends on it."""


@dataclass(slots=True)
class Rebuilt:
    """The changes made, and the doubts: what cannot be recounted and was left as it is."""

    group: str
    changes: list[Change] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    messages: int = 0
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """0: everything matches the log. 3: something cannot be recounted."""
        return UNRECOUNTABLE if self.doubts else EQUAL

    def as_json(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "exit_code": self.exit_code,
            "changes": [change.as_json() for change in self.changes],
            "messages": self.messages,
            "seconds": round(self.seconds, 3),
            "cannot_be_recounted": [doubt.as_json() for doubt in self.doubts],
        }


def rebuild_group(
    kafka_config: Mapping[str, Any],
    documents: Documents,
    group: Group | SegmentGroup,
    days: Days,
    report_progress: Progress = no_progress,
    memory_mib: int = MEMORY_MIB,
) -> Rebuilt:
    """Repairs the documents of these days.

    If `days` is unlimited, it repairs the states as well, and then records that all documents are
    complete for the newest version of their models. `memory_mib` bounds the memory of this process
    and those that help it. Raises Unreachable.
    """
    started = monotonic()
    rebuilt = Rebuilt(group.name)
    try:
        with within_memory():
            if isinstance(group, SegmentGroup):
                with SegmentRecount(
                    kafka_config, documents, group, report_progress, memory_mib
                ) as segments:
                    rebuilt.doubts = repair_segments(segments, rebuilt.changes)
                    rebuilt.messages = segments.messages
            else:
                with Recount(
                    kafka_config, documents, group, report_progress, memory_mib
                ) as recount:
                    _rebuild(recount, days, rebuilt)
                    rebuilt.messages = recount.messages
    except Unrecountable as error:
        rebuilt.doubts.append(Doubt(str(error)))
    rebuilt.seconds = monotonic() - started
    return rebuilt


def _rebuild(recount: Recount, days: Days, rebuilt: Rebuilt) -> None:
    topic, name = recount.topic(), recount.group.name
    settled = not kafka.has_members(recount.admin, name)
    for _ in range(_ROUNDS_MAX):
        snapshot = recount.snapshot(days, with_states=days.are_all)
        rebuilt.doubts = [Doubt(why) for why in recount.unreadable(snapshot.reach)]
        if rebuilt.doubts:
            return
        rebuilt.doubts += [Doubt(r) for r in snapshot.coverage.group_doubts(all_days=days.are_all)]
        differed, repaired, absent = _repair(recount, snapshot, rebuilt, insert=settled)
        if not differed:
            if days.are_all and not rebuilt.doubts:
                versions = {model.collection: model.version for model in recount.models.values()}
                if recount.group.sketches:
                    versions[recount.group.sketches] = VERSION
                recount.fleet.raise_model_versions(versions)
            return
        if repaired:
            # Members computed their current batches from the states before the repair. What those
            # batches get wrong shows only once they are written.
            topic, settled = recount.topic(), not kafka.has_members(recount.admin, name)
        if not settled:
            settled = _wait_for_group(recount, topic, _STALL_SECONDS_MAX[absent or repaired])
            if not settled and absent:
                why = (
                    "absent documents were not inserted: the group has members, but makes no "
                    "progress"
                )
                rebuilt.doubts.append(Doubt(why))
                return
    rebuilt.doubts.append(Doubt("documents changed during every repair: run the command again"))


def _repair(
    recount: Recount, snapshot: Snapshot, rebuilt: Rebuilt, *, insert: bool
) -> tuple[bool, bool, bool]:
    """Whether anything differed, whether states did, and whether an absent document was left out.

    States come before days, because members go on deriving effects from them.
    """
    days = list(_differing(document_verdicts(recount, snapshot), rebuilt))
    repaired, left_out = False, False
    for model in recount.state_models:
        parts = state_verdicts(recount, snapshot, model, model.version)
        states = _differing((v for part in parts for v in part.verdicts), rebuilt)
        while some := list(islice(states, _STATES_AT_ONCE)):
            repaired = True
            repairable = [verdict for verdict in some if verdict.stored or insert]
            left_out |= len(repairable) < len(some)
            rebuilt.changes += repair_states(recount, snapshot, model, repairable)
    stored = [verdict for verdict in days if verdict.stored]
    absent = [verdict for verdict in days if not verdict.stored]
    if insert:
        rebuilt.changes += insert_days(recount, snapshot, absent)
    rebuilt.changes += repair_days(recount, snapshot, stored)
    sketches = [
        verdict
        for verdict in sketch_verdicts(recount, snapshot)
        if verdict.differences or verdict.predates_sketches
    ]
    if sketches:
        rebuilt.changes += repair_sketches(recount, sketches)
    return repaired or bool(days or sketches), repaired, left_out or bool(absent and not insert)


def _differing(verdicts: Iterable[Verdict], rebuilt: Rebuilt) -> Iterator[Verdict]:
    """The verdicts on documents that need a repair; those in doubt go to `rebuilt.doubts`."""
    for verdict in verdicts:
        if verdict.doubt:
            name = verdict.model.collection, verdict.document
            rebuilt.doubts.append(Doubt(verdict.doubt, *name))
        elif verdict.unequal or (verdict.stored and verdict.version < verdict.model.version):
            yield verdict


def _wait_for_group(recount: Recount, topic: Topic, stall_seconds_max: float) -> bool:
    """Waits until the group has counted to the ends in `topic`, or has no members; False if it
    makes no progress for `stall_seconds_max`.

    Only then is everything that a lost document held below the group's checkpoint. Before, a
    member may have written the document, lost it, and not yet moved its checkpoint.
    """
    best, moved = -1, monotonic()
    total = sum(topic.ends[number] - start for number, start in topic.starts.items())
    while kafka.has_members(recount.admin, recount.group.name):
        counted = recount.counted(topic)
        done = 0
        for number, start in topic.starts.items():
            next_offset = counted.get((topic.id, number), -1) + 1
            done += max(0, min(next_offset, topic.ends[number]) - start)
        recount.report_progress("waiting for the group", done, total)
        if done == total:
            return True
        if done > best:
            best, moved = done, monotonic()
        elif monotonic() - moved > stall_seconds_max:
            return False
        sleep(_PAUSE_SECONDS)
    return True
