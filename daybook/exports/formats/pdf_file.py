"""Writes a report as a PDF for printing: its tables, and its charts if requested."""

from pathlib import Path

from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Flowable, SimpleDocTemplate

from daybook.exports.formats.cell import Cell
from daybook.exports.formats.chart import draw
from daybook.exports.formats.content import Content
from daybook.exports.formats.font import FONT, register
from daybook.exports.formats.money import Money
from daybook.exports.formats.pdf_table import MARGIN, PAGE, TEXT, lay_out, paragraph
from daybook.exports.formats.series import series_of

ROWS_MAX = 500
"""The maximum number of streamed rows, because the layout of a PDF is held in memory."""

_TITLE = ParagraphStyle("title", fontName=FONT, fontSize=16, leading=22)


async def write(content: Content, path: Path, *, with_charts: bool) -> int:
    """Writes the file; returns the number of rows of the report.

    Of a stream, the first 500 rows are shown, with a note on their total number.
    """
    register()
    story: list[Flowable] = [paragraph(content.title, _TITLE)]
    if with_charts:
        story += [draw(series) for series in series_of(content.body)]
    count = 0
    money = Money(content.body)
    for table in content.tables():
        count += len(table.rows)
        story += lay_out(table.name, table.columns, money.readable(table.columns, table.rows))
    if stream := content.stream:
        rows: list[list[Cell]] = []
        streamed = 0
        async for cells in stream.cells():
            streamed += 1
            if len(rows) < ROWS_MAX:
                rows.append(cells)
        count += streamed
        story += lay_out(stream.name, stream.columns, money.readable(stream.columns, rows))
        if streamed > len(rows):
            note = f"{len(rows):,} of {streamed:,} rows; csv, xlsx and json files contain all."
            story.append(paragraph(note, TEXT))
    SimpleDocTemplate(
        str(path),
        pagesize=PAGE,
        title=content.title,
        author="Daybook",
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
    ).build(story)
    return count
