"""A table on the pages of a PDF: its name, its columns' widths, its lines."""

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
"""Of points, so that what is as wide as its column is not broken by rounding."""

_TOGETHER_MAX = (PAGE[1] - 2 * MARGIN) / 3
_INK = HexColor("#1f5fa8")
_HEAD = ParagraphStyle("head", parent=TEXT, textColor=_INK)
_NAME = ParagraphStyle("name", fontName=FONT, fontSize=10, leading=16, spaceBefore=8)
_PLAIN = TableStyle(
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
_HEADED = TableStyle(
    [("TEXTCOLOR", (0, 0), (-1, 0), _INK), ("LINEBELOW", (0, 0), (-1, 0), 0.75, _INK)], _PLAIN
)


def shown(name: str, columns: list[str], rows: list[list[Cell]]) -> list[Flowable]:
    """A table of one row is told downwards, for it has more columns than a page is wide."""
    if not rows:
        return []
    if len(rows) == 1 and len(columns) > 2:
        told: list[list[Cell]] = [list(pair) for pair in zip(columns, rows[0], strict=True)]
        heads = 0
    else:
        told, heads = [list(columns), *rows], 1
    texts = [[printable(_text(cell)) for cell in row] for row in told]
    widths = widths_of(texts)
    lines = [
        [
            _fitted(text, w, _HEAD if at < heads else TEXT)
            for text, w in zip(row, widths, strict=True)
        ]
        for at, row in enumerate(texts)
    ]
    style = _HEADED if heads else _PLAIN
    own = LongTable(lines, colWidths=widths, repeatRows=heads, style=style, splitInRow=1)
    first = LongTable(lines[: heads + 1], colWidths=widths, style=style)
    # Not keepWithNext, which would move a whole table to the next page.
    together = _NAME.leading + _NAME.spaceBefore + first.wrap(_WIDTH, PAGE[1])[1]
    room = CondPageBreak(min(together, _TOGETHER_MAX))
    return [room, paragraph(name, _NAME), own, Spacer(0, 6)]


def widths_of(rows: Sequence[Sequence[str]]) -> list[float]:
    """In proportion to columns' longest texts while those fit the page.

    Otherwise narrow columns are as wide as theirs, and the wide ones share alike what is left.
    """
    longest = [
        max(stringWidth(text, FONT, TEXT.fontSize) for text in column) + 2 * _PADDING + _SPARE
        for column in zip(*rows, strict=True)
    ]
    if (needed := sum(longest)) <= _WIDTH:
        return [width * _WIDTH / needed for width in longest]
    left = _WIDTH
    for at, width in enumerate(ordered := sorted(longest)):
        share = left / (len(ordered) - at)
        if width > share:
            break
        left -= width
    return [min(width, share) for width in longest]


def paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    """As text: what looks like markup is told as it is."""
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
    """Broken into lines where it must be; that takes ten times as long as text that fits."""
    if stringWidth(text, FONT, style.fontSize) <= width - 2 * _PADDING:
        return text
    return paragraph(text, style)
