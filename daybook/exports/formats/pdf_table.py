"""Lays out a table on the pages of a PDF: its name, column widths and rows."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import CondPageBreak, Flowable, LongTable, Paragraph, Spacer, TableStyle

from daybook.exports.formats.cell import Cell
from daybook.exports.formats.font import FONT, printable

PAGE = landscape(A4)
MARGIN = 36
TEXT = ParagraphStyle("text", fontName=FONT, fontSize=6.5, leading=8)

_WIDTH = PAGE[0] - 2 * MARGIN
_PADDING = 2
_SPARE = 0.1
"""In points, so that rounding does not wrap a text that is exactly as wide as its column."""

_UNBROKEN_HEIGHT_MAX = (PAGE[1] - 2 * MARGIN) / 3
_INK = HexColor("#1f5fa8")
_HEAD = ParagraphStyle("head", parent=TEXT, textColor=_INK)
_NAME = ParagraphStyle("name", fontName=FONT, fontSize=10, leading=16, spaceBefore=8)
_ROWS_STYLE = TableStyle(
    [
        ("LINEBELOW", (0, 0), (-1, -1), 0.25, HexColor("#c8ccd2")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("FONT", (0, 0), (-1, -1), FONT, 6.5, 8),
        ("LEFTPADDING", (0, 0), (-1, -1), _PADDING),
        ("RIGHTPADDING", (0, 0), (-1, -1), _PADDING),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
    ]
)
_HEADED_STYLE = TableStyle(
    [("TEXTCOLOR", (0, 0), (-1, 0), _INK), ("LINEBELOW", (0, 0), (-1, 0), 0.75, _INK)], _ROWS_STYLE
)


def lay_out(name: str, columns: list[str], rows: list[list[Cell]]) -> list[Flowable]:
    """A table with its name. A single row is transposed, because it would be too wide."""
    if not rows:
        return []
    if len(rows) == 1 and len(columns) > 2:
        cells: list[list[Cell]] = [list(pair) for pair in zip(columns, rows[0], strict=True)]
        head_rows = 0
    else:
        cells, head_rows = [list(columns), *rows], 1
    texts = [[printable(_text(cell)) for cell in row] for row in cells]
    widths = widths_of(texts)
    content = [
        [
            _fitted(text, width, _HEAD if index < head_rows else TEXT)
            for text, width in zip(row, widths, strict=True)
        ]
        for index, row in enumerate(texts)
    ]
    style = _HEADED_STYLE if head_rows else _ROWS_STYLE
    table = LongTable(content, colWidths=widths, repeatRows=head_rows, style=style, splitInRow=1)
    start = LongTable(content[: head_rows + 1], colWidths=widths, style=style)
    # Not keepWithNext, which would move an entire table to the next page.
    start_height = _NAME.leading + _NAME.spaceBefore + start.wrap(_WIDTH, PAGE[1])[1]
    page_break = CondPageBreak(min(start_height, _UNBROKEN_HEIGHT_MAX))
    return [page_break, paragraph(name, _NAME), table, Spacer(0, 6)]


def widths_of(rows: Sequence[Sequence[str]]) -> list[float]:
    """In proportion to the columns' longest texts, if these fit the page.

    Otherwise narrow columns are as wide as their longest text, and wide ones share the rest evenly.
    """
    longest = [
        max(stringWidth(text, FONT, TEXT.fontSize) for text in column) + 2 * _PADDING + _SPARE
        for column in zip(*rows, strict=True)
    ]
    if (needed := sum(longest)) <= _WIDTH:
        return [width * _WIDTH / needed for width in longest]
    remaining = _WIDTH
    for index, width in enumerate(ordered := sorted(longest)):
        share = remaining / (len(ordered) - index)
        if width > share:
            break
        remaining -= width
    return [min(width, share) for width in longest]


def paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    """A paragraph of plain text; markup is escaped."""
    return Paragraph(escape(printable(text)), style)


def _text(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else value


def _fitted(text: str, width: float, style: ParagraphStyle) -> Flowable | str:
    """The text if it fits; otherwise a paragraph that wraps, which takes ten times as long."""
    if stringWidth(text, FONT, style.fontSize) <= width - 2 * _PADDING:
        return text
    return paragraph(text, style)
