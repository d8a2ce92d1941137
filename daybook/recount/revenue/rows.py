"""Builds a row of `orders` in its stored form."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from daybook.recount.recounted import Document

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def order_document(document: str, rows: Sequence[Any]) -> Document:
    """The row with this `_id`. `rows`: the row itself, its time in milliseconds since 1970."""
    [row] = rows
    return {**row, "created_at": _EPOCH + timedelta(milliseconds=row["created_at"])}
