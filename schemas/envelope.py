"""The fields that every event has, whatever its type."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NotRequired

from typing_extensions import TypedDict

from schemas.fields import STRICT, EventId, Id, Moment, Version

DEFAULT_ORGANIZATION = "default"


class Envelope(TypedDict):
    """The fields of every event; each event type adds its own `event_type` and `data`."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    event_id: EventId
    occurred_at: Moment
    schema_version: Version
    organization_id: NotRequired[Id]


def organization_of(event: Mapping[str, Any]) -> str:
    """The event's organization, `default` if it names none."""
    return str(event.get("organization_id", DEFAULT_ORGANIZATION))


def moment_text(at: datetime) -> str:
    """A time in the format of `occurred_at`: UTC, in milliseconds. `at` must have an offset."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
