"""Events of sc.domain.funnel, keyed by `data.funnel_id`: complete funnel and test definitions."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from schemas.envelope import Envelope
from schemas.fields import STRICT, Id, Text

WINDOW_SECONDS_MAX = 30 * 24 * 3600
STEPS_MAX = 100
VARIANTS_MAX = 100


class Funnel(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]

    funnel_id: Id


class Step(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]

    step_id: Id
    name: Text
    type: Text
    optional: NotRequired[bool]


class FunnelDefinition(Funnel):
    name: Text
    steps: Annotated[list[Step], Field(min_length=1, max_length=STEPS_MAX)]
    order: NotRequired[Literal["strict", "ordered", "any"]]
    exclusions: NotRequired[Annotated[list[Id], Field(max_length=STEPS_MAX)]]
    window_seconds: NotRequired[Annotated[int, Field(ge=1, le=WINDOW_SECONDS_MAX)]]


class Variant(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]

    variant_id: Id
    name: Text
    is_control: bool
    traffic_split: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Test(Funnel):
    test_id: Id
    name: Text
    variants: Annotated[list[Variant], Field(min_length=1, max_length=VARIANTS_MAX)]


class FunnelPublished(Envelope):
    event_type: Literal["funnel.published"]
    data: FunnelDefinition


class FunnelArchived(Envelope):
    event_type: Literal["funnel.archived"]
    data: Funnel


class TestStarted(Envelope):
    event_type: Literal["ab_test.started"]
    data: Test


class TestCompleted(Envelope):
    event_type: Literal["ab_test.completed"]
    data: Test


class TestStopped(Envelope):
    event_type: Literal["ab_test.stopped"]
    data: Test


FunnelEvent = Annotated[
    FunnelPublished | FunnelArchived | TestStarted | TestCompleted | TestStopped,
    Field(discriminator="event_type"),
]
