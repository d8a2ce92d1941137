"""Which of a report's numbers are drawn."""

from typing import NamedTuple

from pydantic import BaseModel

from daybook.query.funnels.conversions import Conversions
from daybook.query.funnels.dropoffs.report import DropOffs
from daybook.query.funnels.overview import Overview
from daybook.query.funnels.revenue import Revenue


class Series(NamedTuple):
    """Points are bars, or for `is_time` a line."""

    title: str
    labels: list[str]
    values: list[float]
    is_time: bool


def series_of(body: BaseModel) -> list[Series]:
    """Empty for a report that has nothing to draw."""
    match body:
        case Overview():
            steps = body.steps
            names = [step.step_name for step in steps]
            entries = Series("Entries by step", names, [s.entries for s in steps], False)
            sources = Series(
                "Visitors by source",
                [each.source for each in body.sources],
                [each.visitors for each in body.sources],
                False,
            )
            found = [entries, sources]
        case Conversions():
            days = [point.timestamp[:10] for point in body.over_time]
            found = [
                Series("Conversions", days, [p.conversions for p in body.over_time], True),
                Series(
                    "Conversions by step",
                    [step.step_name for step in body.by_step],
                    [step.conversions for step in body.by_step],
                    False,
                ),
            ]
        case DropOffs():
            steps_left = body.drop_off_funnel
            names = [step.step_name for step in steps_left]
            found = [
                Series(
                    "Attempts that reached a step", names, [s.reached for s in steps_left], False
                ),
                Series("Drop-offs by step", names, [s.drop_offs for s in steps_left], False),
            ]
        case Revenue():
            cents = [point.revenue_cents or 0 for point in body.over_time]
            days = [point.timestamp[:10] for point in body.over_time]
            title = f"Revenue, {body.currency or ''} minor units"
            by_step = Series(
                "Revenue by step",
                [step.step_name for step in body.by_step],
                [step.revenue_cents for step in body.by_step],
                False,
            )
            found = [Series(title, days, list(map(float, cents)), True), by_step]
        case _:
            found = []
    return [each for each in found if each.values]
