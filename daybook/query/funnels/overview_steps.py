"""The steps of a funnel's overview."""

from collections.abc import Mapping, Sequence

from daybook.query.figures.body import Body
from daybook.query.figures.map_keys import UNATTRIBUTED
from daybook.query.figures.rounding import average, rate
from daybook.query.figures.totals import DayDocument, by_step, total
from daybook.query.funnels.definition import Definition
from daybook.query.funnels.progress import Progress


class OverviewStep(Body):
    """`visitors` counts sessions by day.

    `daily_conversion_rate`: the days' converting visitors of the step over the first step's unique
    visitors, each summed over the days; `conversion_rate` is another name for it.

    `pass_through_rate` is the share of the attempts that reached this step which reached the next
    one too; null for an optional step, and for one without a next one.
    """

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
    daily_conversion_rate: float | None
    reached: int
    pass_through_rate: float | None


def overview_steps(
    definition: Definition,
    documents: Sequence[DayDocument],
    progress: Mapping[str, Progress],
) -> list[OverviewStep]:
    """From sums of `analytics_funnel_step`: the defined steps in order, then others seen."""
    days_by_step = by_step(documents)
    people = first_step_people(definition, days_by_step)
    rows = []
    for step in definition.with_seen(days_by_step.keys() - {UNATTRIBUTED}):
        days = days_by_step.get(step.step_id, [])
        converted = rate(total(days, "converting_visitors"), people)
        gone_on = progress.get(step.step_id, Progress())
        entries, drop_offs = total(days, "entries"), total(days, "drop_offs")
        rows.append(
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
                conversion_rate=converted,
                daily_conversion_rate=converted,
                reached=total(days, "reached"),
                pass_through_rate=rate(gone_on.passed, gone_on.reached),
            )
        )
    return rows


def first_step_people(
    definition: Definition, days_by_step: Mapping[str, Sequence[DayDocument]]
) -> int:
    """The basis of the steps' rates: the first step's unique visitors, summed over the days."""
    return total(days_by_step.get(definition.first or "", ()), "unique_visitors")
