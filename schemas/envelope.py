"""The envelope around every event."""

from typing import NotRequired

from typing_extensions import TypedDict

from schemas.fields import STRICT, Id, Moment, Uuid, Version


class Envelope(TypedDict):
    """What every event carries; `event_type` and `data` are narrowed by each event."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    event_id: Uuid
    occurred_at: Moment
    schema_version: Version
    organization_id: NotRequired[Id]
