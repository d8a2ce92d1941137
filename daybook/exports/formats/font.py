"""The font of a PDF, and which text it can show."""

from functools import cache
from pathlib import Path

from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont

FONT = "FiraGO"
"""Latin, Greek, Cyrillic, Georgian, Thai; of scripts that it lacks boxes are shown."""

FILE = Path(__file__).parent / "fonts/FiraGO-Regular.ttf"


def register() -> None:
    """Before anything is measured or drawn; again it does nothing new."""
    registerFont(_font())


@cache
def _font() -> TTFont:
    return TTFont(FONT, str(FILE))


def printable(text: str) -> str:
    """Without control characters, for which boxes would be shown."""
    return "".join(each for each in text if each.isprintable())
