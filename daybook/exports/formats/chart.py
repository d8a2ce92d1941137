"""A report's charts: bars, or over time a line."""

from math import ceil

from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.charts.linecharts import HorizontalLineChart
from reportlab.graphics.shapes import Drawing, String
from reportlab.lib.colors import HexColor

from daybook.exports.formats.font import FONT, printable
from daybook.exports.formats.series import Series

WIDTH, HEIGHT = 760, 230
_PLOT_WIDTH, _PLOT_HEIGHT = 690, 130
_LEFT, _BOTTOM = 55, 60
_LABELS_MAX = 24
_LABEL_CHARS_MAX = 22
_LINES_MAX = 6
_INK = HexColor("#1f5fa8")

Chart = VerticalBarChart | HorizontalLineChart


def drawn(series: Series) -> Drawing:
    drawing = Drawing(WIDTH, HEIGHT)
    drawing.add(String(0, HEIGHT - 12, printable(series.title), fontName=FONT, fontSize=11))
    chart: Chart = HorizontalLineChart() if series.is_time else VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = _LEFT, _BOTTOM, _PLOT_WIDTH, _PLOT_HEIGHT
    chart.data = [tuple(series.values)]
    chart.valueAxis.valueMin = 0
    if all(value == int(value) for value in series.values):
        step = _step(max(series.values))
        chart.valueAxis.valueStep = step
        chart.valueAxis.valueMax = step * max(1, ceil(max(series.values) / step))
    chart.valueAxis.labels.fontName = FONT
    chart.valueAxis.labels.fontSize = 7
    # Not in thousands with a decimal, as would be chosen for large numbers.
    chart.valueAxis.labelTextFormat = _plain
    every = -(-len(series.labels) // _LABELS_MAX)
    chart.categoryAxis.categoryNames = [
        _short(label) if at % every == 0 else "" for at, label in enumerate(series.labels)
    ]
    chart.categoryAxis.labels.fontName = FONT
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


def _step(most: float) -> int:
    """Between two lines of the axis, where all values are whole: whole as well, and a round one."""
    unit = 1
    while True:
        for step in (unit, 2 * unit, 5 * unit):
            if most <= step * _LINES_MAX:
                return step
        unit *= 10


def _short(label: str) -> str:
    own = printable(label)
    return own if len(own) <= _LABEL_CHARS_MAX else f"{own[: _LABEL_CHARS_MAX - 1]}…"
