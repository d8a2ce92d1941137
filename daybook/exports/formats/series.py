"""Selects the numbers of a report that become charts."""

from typing import NamedTuple

from pydantic import BaseModel

from daybook.engine.currency import digits
from daybook.query.funnels.conversions import Conversions
from daybook.query.funnels.dropoffs.report import DropOffs
from daybook.query.funnels.overview import Overview
from daybook.query.funnels.revenue import Revenue


class Series(NamedTuple):
    """The points of a chart: a line if `is_time`, otherwise bars."""

    title: str
    labels: list[str]
    values: list[float]
    is_time: bool


def series_of(body: BaseModel) -> list[Series]:
    """The charts of a report; empty if there is nothing to draw."""
    match body:
        case Overview():
            steps = body.steps
            names = [step.step_name for step in steps]
            entries = Series("Entries by step", names, [s.entries for s in steps], False)
            sources = Series(
                "Visitors by source",
                [source.source for source in body.sources],
                [source.visitors for source in body.sources],
                False,
            )
            charts = [entries, sources]
        case Conversions():
            days = [point.timestamp[:10] for point in body.over_time]
            charts = [
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
            charts = [
                Series(
                    "Attempts that reached a step", names, [s.reached for s in steps_left], False
                ),
                Series("Drop-offs by step", names, [s.drop_offs for s in steps_left], False),
            ]
        case Revenue():
            units = 10 ** digits(body.currency)
            amounts = [(point.revenue_cents or 0) / units for point in body.over_time]
            days = [point.timestamp[:10] for point in body.over_time]
            unit = f", {body.currency}" if body.currency else ""
            by_step = Series(
                f"Revenue by step{unit}",
                [step.step_name for step in body.by_step],
                [step.revenue_cents / units for step in body.by_step],
                False,
            )
            charts = [Series(f"Revenue{unit}", days, amounts, True), by_step]
        case _:
            charts = []
    return [chart for chart in charts if chart.values]
