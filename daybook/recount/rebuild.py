"""Makes a group's documents what the log says, while its members go on counting.

In rounds: compare, repair what differs, compare again, until nothing does. What somebody else
wrote to meanwhile refuses its repair, and has its turn in the next round.
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
from daybook.recount.repair.change import Change
from daybook.recount.repair.days import insert_days, repair_days
from daybook.recount.repair.sketches import repair_sketches
from daybook.recount.repair.states import repair_states
from daybook.recount.session import Progress, Recount, Snapshot
from daybook.recount.verdict import documents as examine
from daybook.recount.verdict.documents import Verdict
from daybook.recount.verdict.report import EQUAL, UNRECOUNTABLE, Doubt
from daybook.recount.verdict.sketches import VERSION, sketches
from daybook.recount.verify import silent

_ROUNDS_MAX = 20
_STATES_AT_ONCE = 1_000
_PAUSE_SECONDS = 0.2
_PATIENCE_SECONDS = {True: 60.0, False: 5.0}
"""How long a group with members may stand still, by whether anything hangs on what it does."""


@dataclass(slots=True)
class Rebuilt:
    """What was changed, and what was left as it is because it cannot be recounted."""

    group: str
    changes: list[Change] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    messages: int = 0
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """0 all is as the log says, 3 something cannot be recounted."""
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
    group: Group,
    days: Days,
    tell: Progress = silent,
) -> Rebuilt:
    """Repairs the documents of these days; with all days the states, too, and says afterwards
    that all are complete for the newest version of their models.

    Raises Unreachable.
    """
    started = monotonic()
    rebuilt = Rebuilt(group.name)
    try:
        with within_memory(), Recount(kafka_config, documents, group, tell) as recount:
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
        rebuilt.doubts += [Doubt(r) for r in snapshot.coverage.of_group(all_days=days.are_all)]
        ailed, repaired, absent = _heal(recount, snapshot, rebuilt, insert=settled)
        if not ailed:
            if days.are_all and not rebuilt.doubts:
                versions = {model.collection: model.version for model in recount.models.values()}
                if recount.group.sketches:
                    versions[recount.group.sketches] = VERSION
                recount.fleet.raise_models(versions)
            return
        if repaired:
            # Batches under way were worked out from the states of before: what their documents
            # lack shows only when they have landed.
            topic, settled = recount.topic(), not kafka.has_members(recount.admin, name)
        if not settled:
            settled = _wait_for_group(recount, topic, _PATIENCE_SECONDS[absent or repaired])
            if not settled and absent:
                why = "absent documents were left out: the group has members, and counts nothing"
                rebuilt.doubts.append(Doubt(why))
                return
    rebuilt.doubts.append(Doubt("documents went on changing under every repair: try again"))


def _heal(
    recount: Recount, snapshot: Snapshot, rebuilt: Rebuilt, *, insert: bool
) -> tuple[bool, bool, bool]:
    """Whether anything ailed, whether states did, and whether something absent was left out.

    States before days: members go on working out effects from them.
    """
    days = list(_ailing(examine.documents(recount, snapshot), rebuilt))
    repaired, left_out = False, False
    for model in recount.state_models:
        states = _ailing(examine.state_documents(recount, snapshot, model), rebuilt)
        while some := list(islice(states, _STATES_AT_ONCE)):
            repaired = True
            here = [verdict for verdict in some if verdict.stored or insert]
            left_out |= len(here) < len(some)
            rebuilt.changes += repair_states(recount, snapshot, model, here)
    stored = [verdict for verdict in days if verdict.stored]
    absent = [verdict for verdict in days if not verdict.stored]
    if insert:
        rebuilt.changes += insert_days(recount, snapshot, absent)
    rebuilt.changes += repair_days(recount, snapshot, stored)
    sketched = [v for v in sketches(recount, snapshot) if v.differences or v.is_of_old]
    if sketched:
        rebuilt.changes += repair_sketches(recount, sketched)
    return repaired or bool(days or sketched), repaired, left_out or bool(absent and not insert)


def _ailing(verdicts: Iterable[Verdict], rebuilt: Rebuilt) -> Iterator[Verdict]:
    """What must be repaired; what cannot be is noted."""
    for verdict in verdicts:
        if verdict.doubt:
            name = verdict.model.collection, verdict.document
            rebuilt.doubts.append(Doubt(verdict.doubt, *name))
        elif verdict.unequal or (verdict.stored and verdict.version < verdict.model.version):
            yield verdict


def _wait_for_group(recount: Recount, topic: kafka.Topic, patience_seconds: float) -> bool:
    """Until the group has counted to where the log ended, or has no members; false if it stands.

    Only then is all that was in a lost document below the group's checkpoint: a member may have
    written to it, lost it, and be about to say that it is done.
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
        elif monotonic() - moved > patience_seconds:
            return False
        sleep(_PAUSE_SECONDS)
    return True
