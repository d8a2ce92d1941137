"""Builds rows of `experiment_visitors` and `order_emails` in their stored form."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from bson import Int64

from daybook.recount.funnel_step.room import with_room
from daybook.recount.moment import moment_at
from daybook.recount.recounted import Document

VISITOR_BYTES_MAX = 400_000
EMAIL_BYTES_MAX = 20_000


def experiment_visitor_document(document: str, rows: Sequence[Any]) -> Document:
    """The row with this `_id`. `rows`: one object with the total of all items, and the first ones;
    times are milliseconds since 1970."""
    organization, visitor, funnel = map(unquote, document.split(":"))
    return {
        "organization_id": organization,
        "visitor_id": visitor,
        "funnel_id": funnel,
        **_list("events", VISITOR_BYTES_MAX, rows[0]),
    }


def order_email_document(document: str, rows: Sequence[Any]) -> Document:
    """The same of `order_emails`; the order is the second part without `o:`."""
    organization, order = map(unquote, document.split(":"))
    return {
        "organization_id": organization,
        "order_id": order.removeprefix("o:"),
        **_list("emails", EMAIL_BYTES_MAX, rows[0]),
    }


def _list(field: str, bytes_max: int, row: Mapping[str, Any]) -> Document:
    items = with_room([_item(item) for item in row["items"]], bytes_max)
    return {
        field: items,
        f"{field}_total": Int64(row["total"]),
        "truncated": Int64(row["total"] - len(items)),
    }


def _item(item: Mapping[str, Any]) -> Document:
    given = {name: value for name, value in item.items() if value is not None}
    return given | {"at": moment_at(item["at"])}
