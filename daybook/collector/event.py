"""From the flat body that clients send to the event of the catalogue, or what is wrong with it."""

from collections.abc import Mapping
from typing import Any, get_args, get_type_hints
from uuid import uuid4

from pydantic import ValidationError
from pydantic_core import to_json

from daybook.collector.acquisition.origin import UTM
from daybook.collector.arrival import Arrival, WrongTime
from schemas.catalogue import source
from schemas.patterns import IN_WORDS
from schemas.tracking import TrackingEvent

TEXTS = frozenset({"url", "referrer", "user_agent", "ip_address", "landing_page", *UTM})
SERVERS_ONLY = frozenset({"email_confirmed", "email_failed", "barcode_scanned"})

_FLAT = {"step_id": ("funnel_step_id", "step_id"), "event_id": ("ticketed_event_id",)}
_SOURCE = source("sc.tracking.funnel")
TOPIC = _SOURCE.topic

Wrong = list[dict[str, str]]
"""`field` as the client calls it, and `message`."""


class Invalid(Exception):
    """An event that cannot be taken; `wrong` names every field, and holds no value of any."""

    def __init__(self, *wrong: tuple[str, str]) -> None:
        super().__init__(", ".join(field for field, _ in wrong))
        self.wrong: Wrong = [{"field": field, "message": message} for field, message in wrong]


def _fields() -> dict[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    """Of each type of event: its fields, and what the flat body may call each."""
    union = get_args(TrackingEvent)[0]
    found = {}
    for event in get_args(union):
        hints = get_type_hints(event)
        (event_type,) = get_args(hints["event_type"])
        names = [name for name in get_type_hints(hints["data"]) if not name.startswith("__")]
        found[event_type] = tuple((n, _FLAT.get(n, (n,))) for n in names if n != "context")
    return found


FIELDS = _fields()
HAS_CONTEXT = frozenset(
    event_type for event_type, fields in FIELDS.items() if "session_id" in dict(fields)
)
MONEY = frozenset({"conversion", "purchase"})


def event_type(flat: Any, is_server: bool) -> str:
    """The type of what may be an event. Raises Invalid."""
    if not isinstance(flat, dict):
        raise Invalid(("", "must be an object"))
    named = flat.get("event_type")
    if not isinstance(named, str) or named not in FIELDS:
        raise Invalid(("event_type", f"must be one of {', '.join(FIELDS)}"))
    if named in SERVERS_ONLY and not is_server:
        raise Invalid(("event_type", "only a server key may send this type"))
    texts = TEXTS & flat.keys()
    if wrong := [name for name in texts if not isinstance(flat[name] or "", str)]:
        raise Invalid(*((name, "must be a string") for name in sorted(wrong)))
    return named


def envelope(
    flat: Mapping[str, Any], named: str, organization_id: str, arrival: Arrival, sent_at: Any
) -> dict[str, Any]:
    """The event without context; a field that is null is absent. Raises Invalid."""
    data: dict[str, Any] = {}
    for name, names in FIELDS[named]:
        for own in names:
            value = flat.get(own)
            if value is not None:
                data[name] = value
                break
    own_sent_at = flat.get("sent_at")
    try:
        occurred_at = arrival.occurred(
            flat.get("occurred_at"), sent_at if own_sent_at is None else own_sent_at
        )
    except WrongTime as error:
        raise Invalid((error.field, str(error))) from None
    event_id = flat.get("event_id")
    return {
        "event_id": str(uuid4()) if event_id is None else event_id,
        "event_type": named,
        "occurred_at": occurred_at,
        "schema_version": 1,
        "organization_id": organization_id,
        "data": data,
    }


def message(event: dict[str, Any]) -> tuple[bytes, bytes]:
    """Key and value, judged by the schema that every reader judges by. Raises Invalid."""
    try:
        valid = _SOURCE.events.validator.validate_python(event)
    except ValidationError as error:
        raise Invalid(*_problems(error, event["event_type"])) from None
    return _SOURCE.key_of(valid).encode(), to_json(valid)


def _problems(error: ValidationError, named: str) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_input=False):
        where = [str(part) for part in problem["loc"] if part not in (named, "data")]
        flat = _FLAT.get(where[0], (where[0],))[0] if len(problem["loc"]) > 2 else where[0]
        words = IN_WORDS.get(problem.get("ctx", {}).get("pattern", ""), problem["msg"])
        found.setdefault(".".join([flat, *where[1:]]), words)
    return list(found.items())
