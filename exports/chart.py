"""A report's charts: which of its numbers are drawn, and how."""

from typing import NamedTuple

from pydantic import BaseModel
from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.charts.linecharts import HorizontalLineChart
from reportlab.graphics.shapes import Drawing, String
from reportlab.lib.colors import HexColor

from query.funnels.conversions_body import Conversions
from query.funnels.dropoffs import DropOffs
from query.funnels.overview_body import Overview
from query.funnels.revenue_body import Revenue

WIDTH, HEIGHT = 760, 230
_PLOT_WIDTH, _PLOT_HEIGHT = 690, 130
_LEFT, _BOTTOM = 55, 60
_LABELS_MAX = 24
_LABEL_CHARS_MAX = 22
_INK = HexColor("#1f5fa8")

Chart = VerticalBarChart | HorizontalLineChart


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


def drawn(series: Series, font: str) -> Drawing:
    drawing = Drawing(WIDTH, HEIGHT)
    drawing.add(String(0, HEIGHT - 12, series.title, fontName=font, fontSize=11))
    chart: Chart = HorizontalLineChart() if series.is_time else VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = _LEFT, _BOTTOM, _PLOT_WIDTH, _PLOT_HEIGHT
    chart.data = [tuple(series.values)]
    chart.valueAxis.valueMin = 0
    chart.valueAxis.labels.fontName = font
    chart.valueAxis.labels.fontSize = 7
    # Not in thousands with a decimal, as would be chosen for large numbers.
    chart.valueAxis.labelTextFormat = _plain
    every = -(-len(series.labels) // _LABELS_MAX)
    chart.categoryAxis.categoryNames = [
        _short(label) if at % every == 0 else "" for at, label in enumerate(series.labels)
    ]
    chart.categoryAxis.labels.fontName = font
    chart.categoryAxis.labels.fontSize = 7
    chart.categoryAxis.labels.angle = 30
    chart.categoryAxis.labels.boxAnchor = "ne"
    if isinstance(chart, HorizontalLineChart):
        chart.lines[0].strokeColor = _INK
    else:
        chart.bars[0].fillColor = _INK
        chart.bars[0].strokeColor = None
    drawing.add(chart)
    return drawing


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _short(label: str) -> str:
    return label if len(label) <= _LABEL_CHARS_MAX else f"{label[: _LABEL_CHARS_MAX - 1]}…"
