"""Reads exported files with independent libraries, as their recipients would."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.escape import unescape
from pypdf import PdfReader

Rows = dict[str, list[dict[str, Any]]]


def csv_rows(file: bytes) -> Rows:
    """The rows of each table, as texts, without empty columns."""
    tables: Rows = {}
    for row in csv.DictReader(io.StringIO(file.decode(), newline="")):
        tables.setdefault(row.pop("table"), []).append({k: v for k, v in row.items() if v})
    return tables


def xlsx_rows(file: bytes) -> Rows:
    """The rows of each sheet, with typed values, without empty columns."""
    sheets: Rows = {}
    book = load_workbook(io.BytesIO(file), read_only=True)
    for sheet in book:
        head, *rows = sheet.iter_rows(values_only=True)
        sheets[sheet.title] = [
            {str(n): _unescaped(v) for n, v in zip(head, row, strict=False) if v is not None}
            for row in rows
        ]
    return sheets


def _unescaped(value: object) -> object:
    """Characters that XML cannot contain are stored as escapes, which spreadsheets decode."""
    return unescape(value) if isinstance(value, str) else value


def pdf_text(file: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(file)).pages)


def pdf_shapes(file: bytes) -> int:
    """The number of lines and rectangles in a PDF."""
    pages = PdfReader(io.BytesIO(file)).pages
    operators = b"\n".join(page.get_contents().get_data() for page in pages).split()  # type: ignore[union-attr]
    return sum(operator in (b"l", b"re") for operator in operators)


def json_body(file: bytes) -> dict[str, Any]:
    return dict(json.loads(file))


def numbers(body: Mapping[str, Any]) -> dict[str, Any]:
    """A report's body without the fields that depend on the time of the request and on paging."""
    left_out = {"as_of", "pagination", "previous", "change"}
    return {name: value for name, value in body.items() if name not in left_out}


def as_rows(objects: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A list of a body's objects as rows: lists of texts joined, empty values left out.

    Maps are left out too: they are tables of their own.
    """
    joined = [
        {
            name: "; ".join(value) if isinstance(value, list) else value
            for name, value in item.items()
            if not isinstance(value, dict)
        }
        for item in objects
    ]
    return [{k: v for k, v in row.items() if v is not None and v != ""} for row in joined]


def as_text(objects: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The same rows, with all values as texts."""
    return [{name: str(value) for name, value in row.items()} for row in as_rows(objects)]
