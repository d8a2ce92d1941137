"""The font of PDF files, and the text that it can show."""

from functools import cache
from pathlib import Path

from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont

FONT = "FiraGO"
"""It has Latin, Greek, Cyrillic, Georgian and Thai; characters of other scripts become boxes."""

FILE = Path(__file__).parent / "fonts/FiraGO-Regular.ttf"


def register() -> None:
    """Must be called before text is measured or drawn. Idempotent."""
    registerFont(_font())


@cache
def _font() -> TTFont:
    return TTFont(FONT, str(FILE))


def printable(text: str) -> str:
    """The text without control characters, which would be shown as boxes."""
    return "".join(character for character in text if character.isprintable())
