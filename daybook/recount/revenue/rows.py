"""Builds a row of `orders` in its stored form."""

from collections.abc import Sequence
from typing import Any

from daybook.recount.moment import moment_at
from daybook.recount.recounted import Document


def order_document(document: str, rows: Sequence[Any]) -> Document:
    """The row with this `_id`. `rows`: the row itself, its time in milliseconds since 1970."""
    [row] = rows
    return {**row, "created_at": moment_at(row["created_at"])}
