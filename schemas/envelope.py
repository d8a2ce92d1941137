"""The envelope around every event."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NotRequired

from typing_extensions import TypedDict

from schemas.fields import STRICT, Id, Moment, Uuid, Version

DEFAULT_ORGANIZATION = "default"


class Envelope(TypedDict):
    """What every event carries; `event_type` and `data` are narrowed by each event."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    event_id: Uuid
    occurred_at: Moment
    schema_version: Version
    organization_id: NotRequired[Id]


def organization_of(event: Mapping[str, Any]) -> str:
    return str(event.get("organization_id", DEFAULT_ORGANIZATION))


def moment_text(at: datetime) -> str:
    """As `occurred_at` is written: in UTC, to the millisecond. `at` has an offset."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
