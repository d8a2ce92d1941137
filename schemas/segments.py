"""Events of sc.analytics.segments, keyed by `data.segment_id`: segments, and pinned campaigns."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from schemas.envelope import Envelope
from schemas.fields import STRICT, Id, Text
from schemas.filters import Filters
from schemas.limits import not_larger_than

DEFINITION_BYTES_MAX = 65_536
VERSION_MAX = 2**31 - 1


class Segment(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]

    segment_id: Id


class SegmentDefinition(Segment):
    name: Text
    filters: Filters
    version: Annotated[int, Field(ge=1, le=VERSION_MAX)]


class Pin(Segment):
    campaign_id: Id
    version: Annotated[int, Field(ge=1, le=VERSION_MAX)]


class SegmentDefined(Envelope):
    event_type: Literal["segment.defined"]
    data: Annotated[SegmentDefinition, AfterValidator(not_larger_than(DEFINITION_BYTES_MAX))]


class SegmentRetired(Envelope):
    event_type: Literal["segment.retired"]
    data: Segment


class CampaignPinned(Envelope):
    event_type: Literal["campaign.pinned"]
    data: Pin


SegmentEvent = Annotated[
    SegmentDefined | SegmentRetired | CampaignPinned, Field(discriminator="event_type")
]
