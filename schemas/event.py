"""Events of sc.domain.event, keyed by `data.event_id`: ticketed events."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from schemas.envelope import Envelope
from schemas.fields import STRICT, Id, Moment, Text


class TicketedEvent(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]

    event_id: Id


class Programme(TicketedEvent):
    name: Text
    starts_at: NotRequired[Moment]
    capacity: NotRequired[Annotated[int, Field(ge=0, le=10_000_000)]]


class EventPublished(Envelope):
    event_type: Literal["event.published"]
    data: Programme


class EventCancelled(Envelope):
    event_type: Literal["event.cancelled"]
    data: TicketedEvent


TicketedEventEvent = Annotated[EventPublished | EventCancelled, Field(discriminator="event_type")]
