"""Files read as whoever asked for them would."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.escape import unescape
from pypdf import PdfReader

Rows = dict[str, list[dict[str, Any]]]


def csv_rows(made: bytes) -> Rows:
    """By table, each row with the columns that are filled; all as text."""
    found: Rows = {}
    for row in csv.DictReader(io.StringIO(made.decode(), newline="")):
        found.setdefault(row.pop("table"), []).append({k: v for k, v in row.items() if v})
    return found


def xlsx_rows(made: bytes) -> Rows:
    """By sheet, likewise, with their types."""
    found: Rows = {}
    book = load_workbook(io.BytesIO(made), read_only=True)
    for sheet in book:
        head, *rows = sheet.iter_rows(values_only=True)
        found[sheet.title] = [
            {str(n): _shown(v) for n, v in zip(head, row, strict=False) if v is not None}
            for row in rows
        ]
    return found


def _shown(value: object) -> object:
    """Characters that XML cannot hold stand there by their numbers, and are shown as they are."""
    return unescape(value) if isinstance(value, str) else value


def pdf_text(made: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages)


def pdf_shapes(made: bytes) -> int:
    """How many lines and rectangles are drawn."""
    pages = PdfReader(io.BytesIO(made)).pages
    drawn = b"\n".join(page.get_contents().get_data() for page in pages).split()  # type: ignore[union-attr]
    return sum(word in (b"l", b"re") for word in drawn)


def json_body(made: bytes) -> dict[str, Any]:
    return dict(json.loads(made))


def numbers(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body without what depends on when it was asked for, and on pages."""
    own = {"as_of", "pagination", "previous", "change"}
    return {name: value for name, value in body.items() if name not in own}


def filled(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What a list of a body's flat objects is as rows: lists joined, and nothing where is null."""
    joined = [
        {
            name: "; ".join(value) if isinstance(value, list) else value
            for name, value in row.items()
        }
        for row in rows
    ]
    return [{k: v for k, v in row.items() if v is not None and v != ""} for row in joined]


def as_told(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The same as text."""
    return [{name: str(value) for name, value in row.items()} for row in filled(rows)]
