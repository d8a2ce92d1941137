"""The state of a visitor, of an order's e-mails or of a ticket in the funnel-step group."""

from typing import Any
from urllib.parse import unquote

from daybook.engine.documents.fields import Event
from daybook.engine.documents.keys import encode_part
from daybook.engine.documents.state import StateModel
from models.experiment_visitor import ExperimentVisitors
from models.funnel_user import FunnelUsers
from models.order_email import OrderEmails
from models.session import Sessions
from schemas.envelope import organization_of


def new_visitor(key: str) -> dict[str, Any]:
    """The state of a visitor before the first event; orders (`o:`) and tickets (`t:`) have one too.

    `sessions` are the newest [{session_id, since_ms, contexts, events}]; `since_ms` is when the
    session's first message was appended, and its `user_id` the account named last. `pins` has for
    each funnel and day the definitions in force, [{definition, topic_id, partition, offset}], each
    from the message at its offset on; `definitions` are the pinned ones. `first_day` is the day of
    the earliest event. `user_id` is the user that the newest message with one named, and `users`
    how often that was another one than before, whatever is forgotten; the first event of each user
    in a session, a funnel and a day has this number as its `user`. Of a ticket, `admitted` says
    whether it was ever scanned, and `admissions` has the ticketed events that admitted it, at most
    200, in the log's order. `size` is that of what is remembered: bytes, and events of the types
    that have a bound of their own; `truncated` is the number of events that had no room.
    """
    organization, _, visitor = key.partition(":")
    return {
        "organization_id": unquote(organization),
        "visitor_id": unquote(visitor),
        "first_day": None,
        "user_id": None,
        "users": 0,
        "sessions": [],
        "pins": {},
        "definitions": {},
        "admitted": False,
        "admissions": [],
        "size": {"bytes": 0, "step_entry": 0, "conversion": 0, "experiment_exposed": 0},
        "truncated": 0,
    }


def visitor_key(event: Event, message_key: str) -> str:
    """Organization and message key, encoded like the parts of an `_id`."""
    return f"{encode_part(organization_of(event))}:{encode_part(message_key)}"


VisitorState = StateModel(
    "visitor_state",
    new_visitor,
    key_of=visitor_key,
    id_of=str,
    since=dict.fromkeys(("size", "truncated"), 2) | {"admissions": 3, "user_id": 4, "users": 4},
    changed={"sessions": 4},
    rows=(Sessions, FunnelUsers, ExperimentVisitors, OrderEmails),
)
