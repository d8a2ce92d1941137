"""How many attempts of a funnel go on from each step to the next.

Each day goes by the definition of its time, so a range may have several. Only steps that an attempt
must take are compared: an optional step is skipped over. In a funnel of any order no step is next.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from typing import Any, NamedTuple

from daybook.query.figures.date_range import Span
from daybook.query.figures.totals import DayDocument
from daybook.query.funnels.definition import Definition, Version
from daybook.query.read.scope import Scope
from models.funnel_step import FunnelStepDay


class Progress(NamedTuple):
    """Attempts that reached a step, and those of them that reached the next one as well."""

    reached: int = 0
    passed: int = 0

    @property
    def lost(self) -> int:
        return self.reached - self.passed


class Era(NamedTuple):
    """The days of a range that go by one version of a definition: from `first` on."""

    first: datetime
    version: Version


def eras(definition: Definition, span: Span) -> list[Era]:
    """The versions in force in a range, oldest first.

    A day goes by the newest version that was published before its end.
    """
    begin = datetime.combine(span.first, time(), UTC)
    end = datetime.combine(span.last, time(), UTC)
    found: list[Era] = []
    for version in definition.versions:
        day = version.appended_at.astimezone(span.fleet_zone).date()
        first = max(begin, datetime.combine(day, time(), UTC))
        if first > end:
            break
        while found and found[-1].first >= first:
            found.pop()
        found.append(Era(first, version))
    return found


def progress(eras: Sequence[Era], rows: Sequence[DayDocument]) -> dict[str, Progress]:
    """By step, for those that have a next one. `rows`: as `load_reached` returns them."""
    reached = {(row["_id"]["era"], row["_id"]["step"]): int(row["reached"]) for row in rows}
    found: dict[str, Progress] = {}
    for number, era in enumerate(eras):
        for step, following in _next_steps(era.version):
            here = reached.get((number, step), 0)
            passed = min(here, reached.get((number, following), 0))
            before = found.get(step, Progress())
            found[step] = Progress(before.reached + here, before.passed + passed)
    return found


def _next_steps(version: Version) -> Iterator[tuple[str, str]]:
    if version.order == "any":
        return
    required = [step.step_id for step in version.steps if not step.is_optional]
    yield from zip(required, required[1:], strict=False)


async def load_reached(
    scope: Scope, funnel_id: str, span: Span, eras: Sequence[Era]
) -> Sequence[DayDocument]:
    """The sums of `reached`, one row for each step and number of an era in the list."""
    if not eras:
        return []
    branches: list[Any] = [
        {"case": {"$gte": ["$date", era.first]}, "then": number}
        for number, era in reversed(list(enumerate(eras)))
    ]
    group = {"step": "$step_id", "era": {"$switch": {"branches": branches, "default": -1}}}
    where = {"funnel_id": funnel_id, "date": span.dates}
    stages = [{"$group": {"_id": group, "reached": {"$sum": "$reached"}}}]
    return await scope.aggregate(FunnelStepDay.collection, where, stages)


async def load_progress(scope: Scope, definition: Definition, span: Span) -> dict[str, Progress]:
    """The progress of the funnel's attempts in a range, by step."""
    in_force = eras(definition, span)
    return progress(in_force, await load_reached(scope, definition.funnel_id, span, in_force))
