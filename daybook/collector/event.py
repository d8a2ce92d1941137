"""Turns the flat fields that clients send into an event of the catalogue, or explains errors."""

from collections.abc import Mapping
from typing import Any, get_args, get_type_hints
from uuid import uuid4

from pydantic import ValidationError
from pydantic_core import to_json

from daybook.collector.acquisition.url import PARAMETERS
from daybook.collector.arrival import Arrival, WrongTime
from schemas.catalogue import source
from schemas.patterns import IN_WORDS
from schemas.properties import BYTES_MAX
from schemas.tracking import TrackingEvent

TEXTS = frozenset({"url", "referrer", "user_agent", "ip_address", "landing_page", *PARAMETERS})
SERVERS_ONLY = frozenset({"email_confirmed", "email_failed", "barcode_scanned"})

_CLIENT_NAMES = {"step_id": ("funnel_step_id", "step_id"), "event_id": ("ticketed_event_id",)}
"""The names that clients use for a field of `data`, if they differ from its own."""
_SOURCE = source("sc.tracking.funnel")
TOPIC = _SOURCE.topic

FieldErrors = list[dict[str, str]]
"""`field`, by the client's name, and `message`."""


class Invalid(Exception):
    """An invalid event; `errors` names every wrong field, but contains none of their values."""

    def __init__(self, *errors: tuple[str, str]) -> None:
        super().__init__(", ".join(field for field, _ in errors))
        self.errors: FieldErrors = [
            {"field": field, "message": message} for field, message in errors
        ]


def _fields() -> dict[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    """For each event type, its fields, each with the names that clients may use for it."""
    union = get_args(TrackingEvent)[0]
    by_type = {}
    for event in get_args(union):
        hints = get_type_hints(event)
        (event_type,) = get_args(hints["event_type"])
        names = [name for name in get_type_hints(hints["data"]) if not name.startswith("__")]
        by_type[event_type] = tuple(
            (name, _CLIENT_NAMES.get(name, (name,))) for name in names if name != "context"
        )
    return by_type


FIELDS = _fields()
HAS_CONTEXT = frozenset(
    event_type for event_type, fields in FIELDS.items() if "session_id" in dict(fields)
)
MONEY = frozenset({"conversion", "purchase"})
_OBJECTS = ("metadata", "properties")
_CLIENT_FIELDS = frozenset(
    client_name
    for fields in FIELDS.values()
    for _, client_names in fields
    for client_name in client_names
) | {"event_id", "event_type", "occurred_at", "sent_at", *TEXTS}


def check_text(fields: Any) -> None:
    """Raises Invalid for a string with half a character or a wrong byte, and for deep nesting."""
    for name, value in fields.items() if isinstance(fields, dict) else ():
        try:
            to_json({name: value})
        except ValueError:
            field = name if name in _CLIENT_FIELDS else ""
            raise Invalid((field, "must be text in Unicode, and not deeply nested")) from None


def check_type(fields: Any, is_server: bool) -> str:
    """The event type of a value that a client sent as an event. Raises Invalid."""
    if not isinstance(fields, dict):
        raise Invalid(("", "must be an object"))
    event_type = fields.get("event_type")
    if not isinstance(event_type, str) or event_type not in FIELDS:
        raise Invalid(("event_type", f"must be one of {', '.join(FIELDS)}"))
    if event_type in SERVERS_ONLY and not is_server:
        raise Invalid(("event_type", "only a server key may send this type"))
    texts = TEXTS & fields.keys()
    if wrong := [name for name in texts if not isinstance(fields[name] or "", str)]:
        raise Invalid(*((name, "must be a string") for name in sorted(wrong)))
    return event_type


def envelope(
    fields: Mapping[str, Any], event_type: str, organization_id: str, arrival: Arrival, sent_at: Any
) -> dict[str, Any]:
    """The event without its context; null fields are left out. Raises Invalid.

    `sent_at` is the batch's, for events without one of their own.
    """
    data: dict[str, Any] = {}
    for name, client_names in FIELDS[event_type]:
        for client_name in client_names:
            value = fields.get(client_name)
            if value is not None:
                data[name] = value
                break
    if fields.get("entity_id") is not None and fields.get("entity_type") is None:
        raise Invalid(("entity_type", "must be given beside entity_id"))
    if large := [name for name in _OBJECTS if _is_large(data.get(name))]:
        raise Invalid(*((name, f"may have at most {BYTES_MAX} bytes as JSON") for name in large))
    own_sent_at = fields.get("sent_at")
    try:
        occurred_at = arrival.occurred(
            fields.get("occurred_at"), sent_at if own_sent_at is None else own_sent_at
        )
    except WrongTime as error:
        raise Invalid((error.field, str(error))) from None
    event_id = fields.get("event_id")
    return {
        "event_id": str(uuid4()) if event_id is None else event_id,
        "event_type": event_type,
        "occurred_at": occurred_at,
        "schema_version": 1,
        "organization_id": organization_id,
        "data": data,
    }


def _is_large(value: Any) -> bool:
    """Asked before the schema is, which looks at each of an object's values in Python."""
    return isinstance(value, dict) and len(to_json(value)) > BYTES_MAX


def validated(event: dict[str, Any]) -> dict[str, Any]:
    """The event as the schema that consumers use knows it. Raises Invalid."""
    try:
        valid: dict[str, Any] = _SOURCE.events.validator.validate_python(event)
    except ValidationError as error:
        raise Invalid(*_problems(error, event["event_type"])) from None
    return valid


def message(event: dict[str, Any]) -> tuple[bytes, bytes]:
    """The key and value of a validated event's message."""
    return _SOURCE.key_of(event).encode(), to_json(event)


def _problems(error: ValidationError, event_type: str) -> list[tuple[str, str]]:
    """The first message of each wrong field, by the client's name."""
    messages: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_input=False):
        path = [str(part) for part in problem["loc"] if part not in (event_type, "data")]
        is_in_data = len(problem["loc"]) > 2
        name = _CLIENT_NAMES.get(path[0], (path[0],))[0] if is_in_data else path[0]
        message = IN_WORDS.get(problem.get("ctx", {}).get("pattern", ""), problem["msg"])
        messages.setdefault(".".join([name, *path[1:]]), message)
    return list(messages.items())
