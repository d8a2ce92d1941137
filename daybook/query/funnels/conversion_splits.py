"""The splits of a funnel's conversions: by type, goal and step."""

from collections.abc import Sequence

from daybook.query.figures.body import Body
from daybook.query.figures.map_keys import OTHER, UNATTRIBUTED, name_of
from daybook.query.figures.money import by_key
from daybook.query.figures.rounding import rate
from daybook.query.figures.totals import DayDocument, by_step, parts, total
from daybook.query.funnels.definition import Definition
from daybook.query.funnels.overview_steps import first_step_people

GOALS_MAX = 100


class ByStep(Body):
    """`daily_conversion_rate`: the step's converting visitors over the first step's unique
    visitors, each summed over the days; `conversion_rate` is another name for it."""

    step_id: str
    step_name: str
    conversions: int
    conversion_rate: float | None
    daily_conversion_rate: float | None


class ByType(Body):
    """`share_of_conversions`: the share of all conversions; `rate` is another name for it."""

    conversion_type: str
    count: int
    rate: float | None
    share_of_conversions: float | None
    value_cents: int


class ByGoal(Body):
    """`share_of_conversions`: the share of all conversions; `unattributed` have no goal."""

    conversion_goal_id: str
    count: int
    share_of_conversions: float | None
    value_cents: int


def converted_by_type(
    days: Sequence[DayDocument], currency: str | None, conversions: int
) -> list[ByType]:
    counts = parts(days, "conversions_by_type", "count")
    values = by_key(days, "conversions_by_type", "value_cents", currency)
    return [
        ByType(
            conversion_type=name_of(key, {OTHER}),
            count=count,
            rate=rate(count, conversions),
            share_of_conversions=rate(count, conversions),
            value_cents=values.get(key, 0),
        )
        for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def converted_by_goal(
    days: Sequence[DayDocument], currency: str | None, conversions: int
) -> list[ByGoal]:
    """The largest first, then those beyond the largest hundred as `other`."""
    counts = parts(days, "conversions_by_goal", "count")
    values = by_key(days, "conversions_by_goal", "value_cents", currency)
    ranked = sorted(counts.keys() - {OTHER}, key=lambda key: (-counts[key], key))
    rows = [(key, counts[key], values.get(key, 0)) for key in ranked[:GOALS_MAX]]
    beyond = [*ranked[GOALS_MAX:], *({OTHER} & counts.keys())]
    if beyond:
        cents = sum(values.get(key, 0) for key in beyond)
        rows.append((OTHER, sum(counts[key] for key in beyond), cents))
    return [
        ByGoal(
            conversion_goal_id=name_of(key, {OTHER, UNATTRIBUTED}),
            count=count,
            share_of_conversions=rate(count, conversions),
            value_cents=cents,
        )
        for key, count, cents in rows
    ]


def converted_by_step(definition: Definition, steps: Sequence[DayDocument]) -> list[ByStep]:
    """All steps of the funnel, and others with conversions, among them `unattributed`."""
    days_by_step = by_step(steps)
    people = first_step_people(definition, days_by_step)
    converted = [name for name, days in days_by_step.items() if total(days, "conversions")]
    rows = []
    for step in definition.with_seen(converted):
        days = days_by_step.get(step.step_id, ())
        is_a_step = step.step_id != UNATTRIBUTED
        daily = rate(total(days, "converting_visitors"), people) if is_a_step else None
        rows.append(
            ByStep(
                step_id=step.step_id,
                step_name=step.name,
                conversions=total(days, "conversions"),
                conversion_rate=daily,
                daily_conversion_rate=daily,
            )
        )
    return rows
