"""A report as a PDF: its charts where they are asked for, and its tables, to be printed."""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from pymupdf_fonts import FiraGO_Regular  # type: ignore[import-untyped]
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from exports.cell import Cell
from exports.chart import drawn, series_of
from exports.content import Content

ROWS_MAX = 500
"""Of rows that are streamed: nobody prints more, and a page has to be laid out in memory."""

_FONT = "FiraGO"
"""Latin, Greek, Cyrillic, Georgian, Thai; of scripts that it lacks boxes are shown."""

_MARGIN = 36
_PADDING = 2
_WIDTH = landscape(A4)[0] - 2 * _MARGIN
_TEXT = ParagraphStyle("text", fontName=_FONT, fontSize=6.5, leading=8)
_HEAD = ParagraphStyle("head", parent=_TEXT, textColor=HexColor("#1f5fa8"))
_TITLE = ParagraphStyle("title", fontName=_FONT, fontSize=16, leading=22)
_NAME = ParagraphStyle("name", fontName=_FONT, fontSize=10, leading=16, spaceBefore=8)
_LINES = TableStyle(
    [
        ("LINEBELOW", (0, 0), (-1, -1), 0.25, HexColor("#c8ccd2")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("FONT", (0, 0), (-1, -1), _FONT, 6.5, 8),
        ("LEFTPADDING", (0, 0), (-1, -1), _PADDING),
        ("RIGHTPADDING", (0, 0), (-1, -1), _PADDING),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
    ]
)


async def write(content: Content, path: Path, *, with_charts: bool) -> int:
    """How many rows. Of a stream the first 500 are shown; how many there are is told."""
    registerFont(_font())
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


@cache
def _font() -> TTFont:
    return TTFont(_FONT, BytesIO(FiraGO_Regular.fontbuffer))


def _shown(name: str, columns: list[str], rows: list[list[Cell]]) -> list[Flowable]:
    """A table of one row is told downwards, for it has more columns than a page is wide."""
    if not rows:
        return []
    if len(rows) == 1 and len(columns) > 2:
        told = [[column, value] for column, value in zip(columns, rows[0], strict=True)]
        head: list[Any] = []
    else:
        told, head = rows, [columns]
    width = _WIDTH / len((head or told)[0])
    lines = [[_fitted(_text(cell), width, _HEAD) for cell in row] for row in head]
    lines += [[_fitted(_text(cell), width, _TEXT) for cell in row] for row in told]
    widths = [width] * len(lines[0])
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


def _fitted(text: str, width: float, style: ParagraphStyle) -> Flowable | str:
    """Broken into lines where it must be; that takes ten times as long as text that fits."""
    own = _printable(text)
    if stringWidth(own, _FONT, style.fontSize) <= width - 2 * _PADDING:
        return own
    return _paragraph(own, style)


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    """As text: what looks like markup is told as it is."""
    return Paragraph(escape(_printable(text)), style)


def _printable(text: str) -> str:
    return "".join(each for each in text if each.isprintable())
