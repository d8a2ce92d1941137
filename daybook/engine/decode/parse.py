"""Parses a message's bytes into an event, or says why that is impossible."""

from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from daybook.engine.documents.source import Source
from daybook.engine.errors import Poison

EVENT_BYTES_MAX = 2**20
_DETAIL_CHARS_MAX = 300


class Ignored(Exception):
    """The event type is unknown to this fleet; the topic may carry such types."""


def read(source: Source, value: bytes) -> Any:
    """Parses and validates one event. Raises Poison, or Ignored for an unknown event type."""
    if len(value) > EVENT_BYTES_MAX:
        raise Poison("too_large", f"{len(value)} bytes, more than {EVENT_BYTES_MAX}")
    try:
        return source.events.validator.validate_json(value)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if problem["type"] == "json_invalid":
        raise Poison("not_json", problem["msg"][:_DETAIL_CHARS_MAX])
    if problem["type"] == "union_tag_invalid" and isinstance(from_json(value)["event_type"], str):
        raise Ignored
    if problem["type"] == "dict_type" and not problem["loc"]:
        raise Poison("not_an_object", "the message is JSON but not an object")
    path = ".".join(str(part) for part in problem["loc"][1:]) or "event_type"
    raise Poison("invalid", f"{path}: {_message(problem)}")


def _message(problem: Any) -> str:
    if problem["type"] in ("union_tag_not_found", "union_tag_invalid"):
        return "must be a string that names the event type"
    return str(problem["msg"])[:_DETAIL_CHARS_MAX]
