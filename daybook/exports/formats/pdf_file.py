"""A report as a PDF: its charts where they are asked for, and its tables, to be printed."""

from pathlib import Path

from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Flowable, SimpleDocTemplate

from daybook.exports.formats.cell import Cell
from daybook.exports.formats.chart import drawn
from daybook.exports.formats.content import Content
from daybook.exports.formats.font import FONT, register
from daybook.exports.formats.pdf_table import MARGIN, PAGE, TEXT, paragraph, shown
from daybook.exports.formats.series import series_of

ROWS_MAX = 500
"""Of rows that are streamed: nobody prints more, and a page has to be laid out in memory."""

_TITLE = ParagraphStyle("title", fontName=FONT, fontSize=16, leading=22)


async def write(content: Content, path: Path, *, with_charts: bool) -> int:
    """How many rows. Of a stream the first 500 are shown; how many there are is told."""
    register()
    story: list[Flowable] = [paragraph(content.title, _TITLE)]
    if with_charts:
        story += [drawn(series) for series in series_of(content.body)]
    count = 0
    for table in content.tables():
        count += len(table.rows)
        story += shown(table.name, table.columns, table.rows)
    if stream := content.stream:
        rows: list[list[Cell]] = []
        streamed = 0
        async for cells in stream.cells():
            streamed += 1
            if len(rows) < ROWS_MAX:
                rows.append(cells)
        count += streamed
        story += shown(stream.name, stream.columns, rows)
        if streamed > len(rows):
            left = f"{len(rows):,} of {streamed:,} rows; csv, xlsx and json hold them all."
            story.append(paragraph(left, TEXT))
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
