"""Makes a group's documents what the log says, while its members go on counting.

In rounds: compare, repair what differs, compare again, until nothing does. What somebody else
wrote to meanwhile refuses its repair, and has its turn in the next round.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from time import monotonic, sleep
from typing import Any

from recount import examine, kafka
from recount.change import Change
from recount.errors import Unrecountable
from recount.examine import Verdict
from recount.fleet import Documents
from recount.group import Group
from recount.heal_days import insert_days, repair_days
from recount.heal_states import heal_states
from recount.replay import Days
from recount.report import EQUAL, UNRECOUNTABLE, Doubt
from recount.session import Look, Progress, Recount
from recount.verify import silent

_ROUNDS_MAX = 20
_PAUSE_SECONDS = 0.2
_STANDSTILL_SECONDS_MAX = 60.0


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
        with Recount(kafka_config, documents, group, tell) as recount:
            _rebuild(recount, days, rebuilt)
            rebuilt.messages = recount.messages
    except Unrecountable as error:
        rebuilt.doubts.append(Doubt(str(error)))
    rebuilt.seconds = monotonic() - started
    return rebuilt


def _rebuild(recount: Recount, days: Days, rebuilt: Rebuilt) -> None:
    topic = recount.topic()
    settled = not kafka.has_members(recount.admin, recount.group.name)
    for _ in range(_ROUNDS_MAX):
        look = recount.look(days, with_states=days.are_all)
        rebuilt.doubts = [Doubt(why) for why in recount.unreadable(look.reach)]
        if rebuilt.doubts:
            return
        rebuilt.doubts += [Doubt(r) for r in look.coverage.of_group(all_days=days.are_all)]
        ailing = _ailing(recount, look, rebuilt)
        if not ailing:
            if days.are_all and not rebuilt.doubts:
                versions = {model.collection: model.version for model in recount.models.values()}
                recount.fleet.raise_models(versions)
            return
        rebuilt.changes += _heal(recount, look, ailing, insert=settled)
        if not settled:
            settled = _wait_for_group(recount, topic)
            if not settled and any(verdict.stored is None for verdict in ailing):
                why = "absent documents were left out: the group has members, and counts nothing"
                rebuilt.doubts.append(Doubt(why))
                return
    rebuilt.doubts.append(Doubt("documents went on changing under every repair: try again"))


def _ailing(recount: Recount, look: Look, rebuilt: Rebuilt) -> list[Verdict]:
    """What must be repaired; what cannot be is noted."""
    ailing = []
    for verdict in chain(examine.documents(recount, look), examine.state_documents(recount, look)):
        if verdict.doubt:
            name = verdict.model.collection, verdict.document
            rebuilt.doubts.append(Doubt(verdict.doubt, *name))
        elif verdict.unequal or (verdict.stored and verdict.version < verdict.model.version):
            ailing.append(verdict)
    return ailing


def _heal(recount: Recount, look: Look, ailing: list[Verdict], *, insert: bool) -> list[Change]:
    """States before days: members go on working out effects from them."""
    states = [v for v in ailing if v.model.is_state and (v.stored or insert)]
    stored = [v for v in ailing if not v.model.is_state and v.stored]
    absent = [v for v in ailing if not v.model.is_state and not v.stored and insert]
    return [
        *heal_states(recount, look, states),
        *insert_days(recount, look, absent),
        *repair_days(recount, look, stored),
    ]


def _wait_for_group(recount: Recount, topic: kafka.Topic) -> bool:
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
        recount.tell("waiting for the group", done, total)
        if done == total:
            return True
        if done > best:
            best, moved = done, monotonic()
        elif monotonic() - moved > _STANDSTILL_SECONDS_MAX:
            return False
        sleep(_PAUSE_SECONDS)
    return True
