"""Events of sc.analytics.segment-changes, keyed by `data.person`: who joins or leaves a segment."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from schemas.envelope import Envelope
from schemas.fields import STRICT, Id, Moment
from schemas.segments import VERSION_MAX

Person = Annotated[str, Field(pattern="^[uv]:", min_length=3, max_length=130)]
"""`u:<user>` or `v:<visitor>`."""


class _Change(TypedDict):
    """`number` counts the changes of this person in this segment: entered and left take turns.

    `is_current` is false if a later change is published with it, so that only the last one is to be
    acted on. `since` is when the membership began.
    """

    __pydantic_config__ = STRICT  # type: ignore[misc]

    segment_id: Id
    version: Annotated[int, Field(ge=1, le=VERSION_MAX)]
    person: Person
    user_id: NotRequired[Id]
    visitor_id: NotRequired[Id]
    number: Annotated[int, Field(ge=1)]
    since: Moment
    reason: Literal[
        "event",
        "time",
        "late",
        "merged",
        "defined",
        "redefined",
        "retired",
        "consent",
        "deleted",
    ]
    is_current: bool


class _Left(_Change):
    until: Moment


class SegmentEntered(Envelope):
    event_type: Literal["segment.entered"]
    data: _Change


class SegmentLeft(Envelope):
    event_type: Literal["segment.left"]
    data: _Left


SegmentChange = Annotated[SegmentEntered | SegmentLeft, Field(discriminator="event_type")]
