"""Decides whether the log still holds every event behind a number, and if not, why."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from daybook.recount.log.topic import Topic
from daybook.recount.progress import Gap, Progress
from daybook.recount.recounted import Marks, Position


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which part of a topic's log is there, for a group that counts it.

    `reach`: the last offset that every document has counted. `window`: the duplicate window, in
    offsets. `needs_start`: the group's numbers depend on state, so on everything since the start.
    """

    topic: Topic
    progress: Progress
    gaps: tuple[Gap, ...]
    reach: Marks
    window: int
    needs_start: bool
    _lost: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_lost", tuple(self._find_lost()))

    def marks_now(self) -> Marks:
        """The last offset counted in each partition of the topic's current incarnation."""
        return {
            position: last
            for position, last in self.reach.items()
            if position[0] == self.topic.id and last >= 0
        }

    def group_doubts(self, *, all_days: bool) -> list[str]:
        """Why numbers of the group are uncertain, whichever document they are in.

        Events lost from the log may have counted in a document that is lost as well. That matters
        only if all days are compared.
        """
        reasons = [f"gap accepted: {gap} were never counted" for gap in self.gaps]
        reasons += [
            f"{self._name(number)}: {last + 1} offsets were counted, and the log ends at {end}"
            for number, end in self.topic.ends.items()
            if (last := self.reach.get((self.topic.id, number), -1)) >= end
        ]
        if all_days or self.needs_start:
            reasons += self._lost
        return reasons

    def _find_lost(self) -> list[str]:
        reasons = [
            f"{self._name(number)}: the log begins at {start}, counting began at {first}"
            for number, start in self.topic.starts.items()
            if (first := self.progress.firsts.get((self.topic.id, number), start)) < start
        ]
        older = {topic_id for topic_id, _ in self.progress.firsts} - {self.topic.id}
        return reasons + [
            f"{self.topic.name}: an earlier incarnation was counted ({topic_id}), its log is gone"
            for topic_id in sorted(older)
        ]

    def document_doubt(
        self, applied: Marks, firsts: Marks, touched: Iterable[Position] = ()
    ) -> str | None:
        """Why a document cannot be recounted, or None.

        `applied` and `firsts` are the document's own offsets; `touched`: the partitions of its
        recounted effects.
        """
        for position, offset in applied.items():
            topic_id, number = position
            if topic_id != self.topic.id:
                return (
                    f"counted from an earlier incarnation of {self.topic.name}, whose log is gone"
                )
            if offset >= self.topic.ends.get(number, 0):
                return (
                    f"{self._name(number)}: the document has counted offset {offset}, but the log "
                    f"ends below it"
                )
        if self.needs_start:
            lost = [*self._lost, *map(str, self.gaps)]
            return f"state depends on a lost part of the log: {lost[0]}" if lost else None
        for position in applied.keys() | set(touched):
            certain = self._certain_from(position[1])
            if certain and firsts.get(position, -1) < certain:
                return f"{self._name(position[1])}: the log is complete only from offset {certain}"
        return None

    def _certain_from(self, number: int) -> int:
        """The offset from which on the log decides what was counted and what is a duplicate."""
        position = self.topic.id, number
        start = self.topic.starts.get(number, 0)
        broken = [max(g.first, g.end) for g in self.gaps if (g.topic_id, g.partition) == position]
        if self.progress.firsts.get(position, start) < start:
            broken.append(start)
        return max(broken) + self.window if broken else start

    def _name(self, number: int) -> str:
        return f"{self.topic.name}[{number}]"
