"""Text in cells is never a formula, and numbers keep their value."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from pydantic import BaseModel

from daybook.exports.formats import csv_file, json_file, pdf_file, xlsx_file
from daybook.exports.formats.cell import cell, harmless, harmless_in_parts
from daybook.exports.formats.content import Content, Stream
from daybook.query.figures.body import Body
from tests.exports.file_readers import csv_rows, json_body, pdf_text, xlsx_rows

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "   @x",
    '=HYPERLINK("http://evil")',
    "=cmd|' /C calc'!A0",
    "-2+3+cmd|'x'!A0",
    "＝1",
    "\u00a0=1",
    "\u200b=1",
    "\x00=1",
    "\ufeff \u2060@x",
    "\x1f\x85-1+2",
]
HARMLESS = ["", "a=b", "a-b", "'=1", "1", "ünï", "a\nb", 'say "so", then']
NUMBERS = [0, -1, -2.5, 1e-9, 2**53, -(2**53), 0.1, 0.15714285714285714, 1 / 3, 5e-324]


class Row(Body):
    text: str
    number: int | float | None


class Head(Body):
    name: str
    amount: int


def content(texts: list[str], number: float = -5) -> Content:
    async def rows() -> AsyncIterator[BaseModel]:
        for text in texts:
            yield Row(text=text, number=number)

    head = Head(name=texts[0], amount=-12)
    return Content("Any", head, frozenset(), {}, Stream("rows", Row, rows()))


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_begins_like_a_formula_gets_an_apostrophe(text: str, tmp_path: Path) -> None:
    assert harmless(text) == f"'{text}"
    file = tmp_path / "file"
    asyncio.run(csv_file.write(content([text]), file, with_mark=False))
    [row] = csv_rows(file.read_bytes())["rows"]
    assert row == {"text": harmless_in_parts(text), "number": "-5"}
    assert row["text"].startswith("'")
    asyncio.run(xlsx_file.write(content([text]), file))
    sheets = xlsx_rows(file.read_bytes())
    assert sheets["rows"][0]["text"] == f"'{text}"
    assert sheets["rows"][0]["number"] == -5
    assert sheets["report"] == [{"name": sheets["rows"][0]["text"], "amount": -12}]
    asyncio.run(json_file.write(content([text]), file))
    assert json_body(file.read_bytes())["rows"] == [{"text": text, "number": -5}]


@pytest.mark.parametrize("separator", [";", ",", "\t", "\n", "\r\n", "|", ';"', "; \u200b"])
def test_no_part_of_a_csv_file_is_a_formula_at_whatever_separator_it_is_split(
    separator: str, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    asyncio.run(csv_file.write(content([f"a{separator}=1+1{separator}@x"]), file, with_mark=False))
    for part in re.split(r"[;,\t\r\n|]", file.read_text()):
        assert not re.match('[\\s"\u200b]*[=+@]', part), part


def test_numbers_in_a_csv_file_stay_numbers_within_a_text() -> None:
    for text in ("[1,-2]", "a;-2.5e-3;b", '{"a":[-1,-2]}'):
        assert harmless_in_parts(text) == text
    assert harmless_in_parts("a;-2+cmd|x") == "a;'-2+cmd|x"


LITERAL = [
    "<r></r>",
    "<r><t>x</t></r>",
    "<r>&</r>",
    '<r></r></is></c><c t="n"><f>HYPERLINK("http://evil")</f><v>1</v></c><c><is></r>',
    "_x0041_",
    "_x0041_x0042_",
    "_x005F_x0041_",
    "a\x00b\x01\x0b\x1f",
    "\ufffe\uffff",
    " leading and trailing ",
    "]]>",
    "&amp;",
]


@pytest.mark.parametrize("text", LITERAL)
def test_text_is_the_same_in_every_format(text: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    asyncio.run(xlsx_file.write(content([text]), file))
    assert xlsx_rows(file.read_bytes())["rows"][0]["text"] == text
    assert b"<f>" not in ZipFile(file).read("xl/worksheets/sheet2.xml")
    asyncio.run(csv_file.write(content([text]), file, with_mark=False))
    assert csv_rows(file.read_bytes())["rows"][0]["text"] == text
    asyncio.run(json_file.write(content([text]), file))
    assert json_body(file.read_bytes())["rows"][0]["text"] == text
    asyncio.run(pdf_file.write(content([text]), file, with_charts=True))
    words = "".join(character for character in text if character.isprintable()).split()
    assert all(word in pdf_text(file.read_bytes()) for word in words)


def test_a_csv_file_begins_with_a_byte_order_mark_if_wanted(tmp_path: Path) -> None:
    plain, marked = tmp_path / "plain", tmp_path / "marked"
    asyncio.run(csv_file.write(content(["ž"]), plain, with_mark=False))
    asyncio.run(csv_file.write(content(["ž"]), marked, with_mark=True))
    assert marked.read_bytes() == b"\xef\xbb\xbf" + plain.read_bytes()


def test_a_text_too_long_for_a_cell_is_cut_as_spreadsheets_count(tmp_path: Path) -> None:
    file = tmp_path / "file"
    asyncio.run(xlsx_file.write(content(["x" + "\U0001f600" * 20_000]), file))
    text = xlsx_rows(file.read_bytes())["rows"][0]["text"]
    assert text == "x" + "\U0001f600" * 16_383


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_is_unchanged(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_stays_a_number(number: float, tmp_path: Path) -> None:
    assert harmless(number) is number
    file = tmp_path / "file"
    asyncio.run(xlsx_file.write(content(["x"], number), file))
    assert xlsx_rows(file.read_bytes())["rows"][0]["number"] == number
    asyncio.run(csv_file.write(content(["x"], number), file, with_mark=False))
    assert float(csv_rows(file.read_bytes())["rows"][0]["number"]) == number


def test_an_integer_that_a_workbook_would_round_is_written_as_text(tmp_path: Path) -> None:
    file = tmp_path / "file"
    asyncio.run(xlsx_file.write(content(["x"], 2**53 + 1), file))
    assert xlsx_rows(file.read_bytes())["rows"][0]["number"] == str(2**53 + 1)


def test_a_pdf_prints_markup_as_text(tmp_path: Path) -> None:
    file = tmp_path / "file"
    text = "<b>bold</b> & <img src='file:///etc/passwd'/>"
    asyncio.run(pdf_file.write(content([text, "a\x00b"]), file, with_charts=True))
    printed = pdf_text(file.read_bytes())
    assert "<b>bold</b>" in printed
    assert "ab" in printed


def test_lists_and_objects_become_one_cell() -> None:
    assert cell(["a", "b"]) == "a; b"
    assert cell({"k": [1]}) == '{"k":[1]}'
    assert cell(None) is None
