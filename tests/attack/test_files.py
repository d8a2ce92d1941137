"""The readers of exported files find formulas, links and lost texts."""

import io

import pytest
from openpyxl import Workbook

from attack.subjects.texts import csv_problems, formula_in, json_problems, xlsx_problems

KEPT = ("<r>bold</r>", "'=1+1", "]]>")


@pytest.mark.parametrize(
    "cell",
    ["=1+1", " =1", "\u00a0=1", "\u200b+x", "\t@x", "\0=1", "＝1", "a;=1+1", "a\t-x", "a|=1"],
)
def test_what_a_spreadsheet_would_evaluate_is_a_formula(cell: str) -> None:
    assert formula_in(cell) is not None


@pytest.mark.parametrize("cell", ["", "a", "'=1+1", "1", "-1.5", "+2", "a=1", "2026-11-20", "a;b"])
def test_texts_and_numbers_are_none(cell: str) -> None:
    assert formula_in(cell) is None


def test_a_csv_with_all_texts_has_no_problem() -> None:
    file = "\n".join(f'"{text}"' for text in KEPT).encode()
    assert list(csv_problems(file)) == []


def test_a_csv_with_a_formula_or_without_a_text_has() -> None:
    assert list(csv_problems(b"=1+1,<r>bold</r>,]]>")) == ["'=1+1' is a formula"]
    assert list(csv_problems(b"'=1+1,]]>")) == ["'<r>bold</r>' is not in it"]


def workbook(*texts: str, link: bool = False) -> bytes:
    book = Workbook()
    for number, text in enumerate(texts, start=1):
        cell = book.worksheets[0].cell(number, 1, text)
        if link:
            cell.hyperlink = "http://evil.example"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_workbook_with_a_formula_or_a_link_is_found() -> None:
    assert list(xlsx_problems(workbook(*KEPT))) == []
    assert "'=1+1' is a formula" in list(xlsx_problems(workbook("=1+1", *KEPT)))
    assert "it has a link" in list(xlsx_problems(workbook(*KEPT, link=True)))


def test_json_must_have_every_text() -> None:
    assert list(json_problems(b'["<r>bold</r>", "=1+1", "]]>"]')) == []
    assert list(json_problems(b'["=1+1", "]]>"]')) == ["'<r>bold</r>' is not in it"]
