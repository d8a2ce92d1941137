"""What the tracking call's description says of its body."""

from typing import Any

from daybook.collector.body import EVENTS_MAX
from daybook.collector.event import FIELDS, TEXTS

_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["event_type"],
    "properties": {
        "event_type": {"enum": list(FIELDS)},
        "event_id": {"type": "string", "format": "uuid"},
        "occurred_at": {"type": "string", "format": "date-time"},
        "sent_at": {"type": "string", "format": "date-time"},
        **{name: {"type": "string"} for name in sorted(TEXTS)},
    },
}
_EVENTS: dict[str, Any] = {
    "type": "array",
    "items": _EVENT,
    "minItems": 1,
    "maxItems": EVENTS_MAX,
}
_BATCH: dict[str, Any] = {
    "type": "object",
    "required": ["events"],
    "properties": {"events": _EVENTS, "sent_at": {"type": "string", "format": "date-time"}},
}
_ANSWERS = {
    202: "The broker has every event that is said to be accepted.",
    400: "Not JSON.",
    401: "No such key.",
    413: "The body is over 1 MiB, or the batch over 500 events.",
    415: "Packed in another way than gzip.",
    422: "No event is right; the answer names the fields.",
    429: "The address has tracked too much; Retry-After says when it may go on.",
    503: "The broker has not taken every event; Retry-After says when to try again.",
}

TRACK: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"oneOf": [_EVENT, _EVENTS, _BATCH]}}},
    },
    "responses": {str(status): {"description": text} for status, text in _ANSWERS.items()},
}
