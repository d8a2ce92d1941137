"""The font file is the released one, comes with its licence, and has the promised scripts."""

import hashlib

from reportlab.pdfbase.ttfonts import TTFontFile

from daybook.exports.formats import font

SAMPLE = "Zürich Łódź Αθήνα Київ თბილისი กรุงเทพ Đà Nẵng €₺₹£ → ≤ – … 0123"


def test_the_font_file_is_unmodified() -> None:
    """Its licence reserves its name: a modified font must have another one."""
    digest = hashlib.sha256(font.FILE.read_bytes()).hexdigest()
    assert digest in (font.FILE.parent / "README.md").read_text()


def test_the_licence_is_in_the_same_folder() -> None:
    assert "SIL OPEN FONT LICENSE" in (font.FILE.parent / "OFL.txt").read_text()


def test_the_font_has_the_letters_of_the_promised_scripts() -> None:
    glyphs = TTFontFile(str(font.FILE)).charToGlyph
    assert [letter for letter in SAMPLE if ord(letter) not in glyphs] == []
