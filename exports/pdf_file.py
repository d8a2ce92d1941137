"""A report as a PDF: its charts where they are asked for, and its tables, to be printed."""

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from exports.cell import Cell
from exports.chart import drawn, series_of
from exports.content import Content

ROWS_MAX = 1_000
"""Of rows that are streamed: nobody prints more, and a page has to be laid out in memory."""

_FONT = "Vera"
_MARGIN = 36
_WIDTH = landscape(A4)[0] - 2 * _MARGIN
_TEXT = ParagraphStyle("text", fontName=_FONT, fontSize=6.5, leading=8)
_HEAD = ParagraphStyle("head", parent=_TEXT, textColor=HexColor("#1f5fa8"))
_TITLE = ParagraphStyle("title", fontName=_FONT, fontSize=16, leading=22)
_NAME = ParagraphStyle("name", fontName=_FONT, fontSize=10, leading=16, spaceBefore=8)
_LINES = TableStyle(
    [
        ("LINEBELOW", (0, 0), (-1, -1), 0.25, HexColor("#c8ccd2")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
    ]
)


async def write(content: Content, path: Path, *, with_charts: bool) -> int:
    """How many rows. Of a stream the first thousand are shown; how many there are is told."""
    registerFont(TTFont(_FONT, "Vera.ttf"))
    story: list[Flowable] = [_paragraph(content.title, _TITLE)]
    if with_charts:
        story += [drawn(series, _FONT) for series in series_of(content.body)]
    count = 0
    for table in content.tables():
        count += len(table.rows)
        story += _shown(table.name, table.columns, table.rows)
    if stream := content.stream:
        rows: list[list[Cell]] = []
        streamed = 0
        async for cells in stream.cells():
            streamed += 1
            if len(rows) < ROWS_MAX:
                rows.append(cells)
        count += streamed
        story += _shown(stream.name, stream.columns, rows)
        if streamed > len(rows):
            left = f"{len(rows):,} of {streamed:,} rows; csv, xlsx and json hold them all."
            story.append(_paragraph(left, _TEXT))
    SimpleDocTemplate(
        str(path),
        pagesize=landscape(A4),
        title=content.title,
        author="Daybook",
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
    ).build(story)
    return count


def _shown(name: str, columns: list[str], rows: list[list[Cell]]) -> list[Flowable]:
    """A table of one row is told downwards, for it has more columns than a page is wide."""
    if not rows:
        return []
    if len(rows) == 1 and len(columns) > 2:
        told = [[column, value] for column, value in zip(columns, rows[0], strict=True)]
        head: list[Any] = []
    else:
        told, head = rows, [columns]
    lines = [[_paragraph(_text(cell), _HEAD) for cell in row] for row in head]
    lines += [[_paragraph(_text(cell), _TEXT) for cell in row] for row in told]
    widths = [_WIDTH / len(lines[0])] * len(lines[0])
    own = LongTable(lines, colWidths=widths, repeatRows=len(head), style=_LINES, splitInRow=1)
    return [_paragraph(name, _NAME), own, Spacer(0, 6)]


def _text(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else value


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    """As text: what looks like markup is told as it is, and what cannot be printed is left out."""
    return Paragraph(escape("".join(c for c in text if c.isprintable())), style)
