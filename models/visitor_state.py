"""Everything the funnel-step group must know of a visitor, an order's e-mails or a ticket."""

from typing import Any
from urllib.parse import unquote

from daybook.engine.documents.fields import Event
from daybook.engine.documents.keys import encode_part
from daybook.engine.documents.state import StateModel
from models.session import Sessions
from schemas.envelope import organization_of


def new_visitor(key: str) -> dict[str, Any]:
    """A visitor before the first event; orders and tickets, keyed `o:` and `t:`, have one too.

    `sessions` are the newest [{session_id, since_ms, contexts, events}], `since_ms` being when
    the first message was appended, and `user_id` who he last said he was. `pins` tell by funnel and
    day which definition is in force, [{definition, topic_id, partition, offset}], each from the
    message at its offset on; `definitions` are those that are pinned. `first_day` is that of the
    earliest event ever; `admitted` is a ticket's.
    """
    organization, _, visitor = key.partition(":")
    return {
        "organization_id": unquote(organization),
        "visitor_id": unquote(visitor),
        "first_day": None,
        "sessions": [],
        "pins": {},
        "definitions": {},
        "admitted": False,
    }


def visitor_key(event: Event, message_key: str) -> str:
    """Organization and message key, encoded as in an `_id`."""
    return f"{encode_part(organization_of(event))}:{encode_part(message_key)}"


VisitorState = StateModel(
    "visitor_state", new_visitor, key_of=visitor_key, id_of=str, rows=(Sessions,)
)
