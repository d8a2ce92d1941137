"""The OpenAPI description of the tracking call's body and responses."""

from typing import Any

from daybook.collector.body import EVENTS_MAX
from daybook.collector.event import FIELDS, TEXTS

_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["event_type"],
    "properties": {
        "event_type": {"enum": list(FIELDS)},
        "event_id": {"type": "string", "minLength": 8, "maxLength": 64},
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
_RESPONSES = {
    202: "Kafka has stored every event whose status is `accepted`.",
    400: "The body is not JSON, not valid gzip, or incomplete.",
    401: "The API key is missing, unknown or revoked.",
    413: "The body exceeds 1 MiB, or the batch 500 events.",
    415: "The Content-Encoding is not gzip.",
    422: "No event is valid; the response names the wrong fields.",
    429: "The caller's address exceeds the rate limit; Retry-After says when to try again.",
    503: "Kafka has not stored every event; Retry-After says when to try again.",
}

TRACK: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"oneOf": [_EVENT, _EVENTS, _BATCH]}}},
    },
    "responses": {str(status): {"description": text} for status, text in _RESPONSES.items()},
}
