"""Draws a report's charts: a line for values over time, bars for others."""

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
_GRID_LINES_MAX = 6
_INK = HexColor("#1f5fa8")

Chart = VerticalBarChart | HorizontalLineChart


def draw(series: Series) -> Drawing:
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
    # By default the library abbreviates large numbers to thousands with a decimal.
    chart.valueAxis.labelTextFormat = _plain
    stride = -(-len(series.labels) // _LABELS_MAX)
    chart.categoryAxis.categoryNames = [
        _short(label) if index % stride == 0 else "" for index, label in enumerate(series.labels)
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


def _step(maximum: float) -> int:
    """The distance of the axis' lines for whole values: 1, 2 or 5 times a power of ten."""
    unit = 1
    while True:
        for step in (unit, 2 * unit, 5 * unit):
            if maximum <= step * _GRID_LINES_MAX:
                return step
        unit *= 10


def _short(label: str) -> str:
    text = printable(label)
    return text if len(text) <= _LABEL_CHARS_MAX else f"{text[: _LABEL_CHARS_MAX - 1]}…"
