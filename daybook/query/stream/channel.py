"""Parses the name of a requested channel, and maps it to a channel of Redis."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Query
from pydantic import TypeAdapter, ValidationError

from daybook.funnels.live.redis_keys import dashboard_channel, event_channel
from daybook.query.problem import wrong
from schemas.fields import Id

ChannelParameter = Annotated[
    str,
    Query(
        max_length=300,
        description="`analytics:event:{event_id}` or `analytics:dashboard:{organization_id}`",
    ),
]
_KINDS: dict[str, Literal["event", "dashboard"]] = {
    "analytics:event:": "event",
    "analytics:dashboard:": "dashboard",
}
_ID: TypeAdapter[str] = TypeAdapter(Id)


@dataclass(frozen=True, slots=True)
class Channel:
    """`id` is the id of a ticketed event or of an organization, not encoded."""

    kind: Literal["event", "dashboard"]
    id: str

    def redis_name(self, organization: str) -> str:
        """The channel's name in Redis."""
        if self.kind == "event":
            return event_channel(organization, self.id)
        return dashboard_channel(organization)


def parse_channel(text: str) -> Channel:
    """Raises Problem (422)."""
    for prefix, kind in _KINDS.items():
        if text.startswith(prefix):
            try:
                return Channel(kind, _ID.validate_python(text.removeprefix(prefix)))
            except ValidationError:
                raise wrong("channel", "the part after the last colon must be an id") from None
    known = " or ".join(f"`{prefix}…`" for prefix in _KINDS)
    raise wrong("channel", f"must be {known}")
