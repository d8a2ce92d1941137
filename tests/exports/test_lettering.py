"""The font's file: as its makers released it, packaged, and with its licence beside it."""

import hashlib
import tomllib
from pathlib import Path

from reportlab.pdfbase.ttfonts import TTFontFile

from exports import lettering

ROOT = Path(__file__).parents[2]
SAMPLE = "Zürich Łódź Αθήνα Київ თბილისი กรุงเทพ Đà Nẵng €₺₹£ → ≤ – … 0123"


def test_it_is_not_changed_by_one_byte() -> None:
    """Its name is reserved: a font that is changed must bear another."""
    digest = hashlib.sha256(lettering.FILE.read_bytes()).hexdigest()
    assert digest in (lettering.FILE.parent / "README.md").read_text()


def test_it_is_packaged_with_its_licence() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["exports"]
    packaged = {path for pattern in patterns for path in (ROOT / "exports").glob(pattern)}
    assert {lettering.FILE, lettering.FILE.parent / "OFL.txt"} <= packaged


def test_it_has_the_letters_of_the_scripts_that_are_promised() -> None:
    known = TTFontFile(str(lettering.FILE)).charToGlyph
    assert [each for each in SAMPLE if ord(each) not in known] == []
