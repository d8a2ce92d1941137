"""Builds a row of `funnel_users` in its stored form from its `_id`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from daybook.recount.recounted import Document


def user_document(document: str, rows: Sequence[Any]) -> Document:
    """The row with this `_id`, which has all that it says."""
    organization, visitor, funnel, day, user = map(unquote, document.split(":"))
    return {
        "organization_id": organization,
        "funnel_id": funnel,
        "date": datetime.fromisoformat(day).replace(tzinfo=UTC),
        "visitor_id": visitor,
        "user_id": user,
    }
