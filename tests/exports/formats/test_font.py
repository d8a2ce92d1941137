"""The font's file: as its makers released it, with its licence beside it."""

import hashlib

from reportlab.pdfbase.ttfonts import TTFontFile

from daybook.exports.formats import font

SAMPLE = "Zürich Łódź Αθήνα Київ თბილისი กรุงเทพ Đà Nẵng €₺₹£ → ≤ – … 0123"


def test_it_is_not_changed_by_one_byte() -> None:
    """Its name is reserved: a font that is changed must bear another."""
    digest = hashlib.sha256(font.FILE.read_bytes()).hexdigest()
    assert digest in (font.FILE.parent / "README.md").read_text()


def test_its_licence_is_beside_it() -> None:
    assert "SIL OPEN FONT LICENSE" in (font.FILE.parent / "OFL.txt").read_text()


def test_it_has_the_letters_of_the_scripts_that_are_promised() -> None:
    known = TTFontFile(str(font.FILE)).charToGlyph
    assert [each for each in SAMPLE if ord(each) not in known] == []
