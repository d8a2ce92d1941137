"""Which channel is asked for, and where it is in Redis."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Query
from pydantic import TypeAdapter, ValidationError

from daybook.funnels.live.redis_keys import dashboard_channel, event_channel
from daybook.query.problem import wrong
from schemas.fields import Id

Asked = Annotated[
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
    """`id` is a ticketed event's or an organization's, as it is: nothing in it is encoded."""

    kind: Literal["event", "dashboard"]
    id: str

    def address(self, organization: str) -> str:
        """Its name in Redis, where that of an event begins with the organization."""
        if self.kind == "event":
            return event_channel(organization, self.id)
        return dashboard_channel(organization)


def channel_named(text: str) -> Channel:
    """Raises Problem (422)."""
    for prefix, kind in _KINDS.items():
        if text.startswith(prefix):
            try:
                return Channel(kind, _ID.validate_python(text.removeprefix(prefix)))
            except ValidationError:
                raise wrong("channel", "what follows the last colon is no id") from None
    known = " or ".join(f"`{prefix}…`" for prefix in _KINDS)
    raise wrong("channel", f"must be {known}")
