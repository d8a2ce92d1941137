"""A funnel's steps side by side."""

from collections.abc import Mapping, Sequence

from daybook.query.figures.body import Body
from daybook.query.figures.map_keys import UNATTRIBUTED
from daybook.query.figures.rounding import average, rate
from daybook.query.figures.totals import DayDocument, by_step, total
from daybook.query.funnels.definition import Definition


class OverviewStep(Body):
    """`visitors` counts sessions by day; `conversion_rate` is of the first step's people."""

    step_id: str
    step_name: str
    step_type: str
    visitors: int
    entries: int
    exits: int
    drop_offs: int
    drop_off_rate: float | None
    avg_time_seconds: int | None
    conversion_rate: float | None
    reached: int


def overview_steps(definition: Definition, documents: Sequence[DayDocument]) -> list[OverviewStep]:
    """Of `analytics_funnel_step` of some days: the funnel's steps in order, then others seen."""
    found = by_step(documents)
    people = first_step_people(definition, found)
    told = []
    for step in definition.with_seen(found.keys() - {UNATTRIBUTED}):
        days = found.get(step.step_id, [])
        entries, drop_offs = total(days, "entries"), total(days, "drop_offs")
        told.append(
            OverviewStep(
                step_id=step.step_id,
                step_name=step.name,
                step_type=step.type,
                visitors=total(days, "visitors"),
                entries=entries,
                exits=total(days, "exits"),
                drop_offs=drop_offs,
                drop_off_rate=rate(drop_offs, entries),
                avg_time_seconds=average(
                    total(days, "time_spent_seconds"), total(days, "time_spent_count")
                ),
                conversion_rate=rate(total(days, "converting_visitors"), people),
                reached=total(days, "reached"),
            )
        )
    return told


def first_step_people(definition: Definition, found: Mapping[str, Sequence[DayDocument]]) -> int:
    """What every step's rate is of: the first step's unique visitors, added up over the days."""
    return total(found.get(definition.first or "", ()), "unique_visitors")
