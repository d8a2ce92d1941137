"""The state of a visitor, an order or a user in the segment group: whose facts their events are."""

from typing import Any
from urllib.parse import unquote

from daybook.engine.documents.fields import Event
from daybook.engine.documents.keys import encode_part
from daybook.engine.documents.state import StateModel
from schemas.envelope import organization_of

REFUNDS_MAX = 1_000
"""The first refunds of an order are kept; they are enough to refund it whole."""
PRODUCTS_MAX = 100
"""The products of an order that conditions can name: the first by id."""
WAITING_MAX = 100
"""Of an order whose owner is not known yet, the first events of the types that conditions name."""


def new_key(key: str) -> dict[str, Any]:
    """The state of a key before its first event.

    Of a visitor, `user_id` is the user that an event named last, and `is_joined` says whether one
    ever did. Of an order, `owner` is the person whose order it is (`u:<id>` or `v:<id>`), None
    until `order.created`; `order` is {paid_at, currency, cents, refunds: [[time, cents]],
    products}; `waiting` are the events before `order.created`, [[type, time]]. Times are
    milliseconds since 1970.
    """
    organization, _, _ = key.partition(":")
    return {
        "organization_id": unquote(organization),
        "user_id": None,
        "is_joined": False,
        "owner": None,
        "order": None,
        "waiting": [],
    }


def state_key(event: Event, message_key: str) -> str:
    """Organization, `u`, `o` or `v`, and the message key, encoded like the parts of an `_id`."""
    family = event["event_type"].partition(".")[0]
    letter = {"user": "u", "order": "o"}.get(family, "v")
    return f"{encode_part(organization_of(event))}:{letter}:{encode_part(message_key)}"


SegmentKeys = StateModel("segment_keys", new_key, key_of=state_key, id_of=str)
